import * as v from "valibot";
import { page } from "../../shared/contract/page.ts";
import { changedMembers } from "../../shared/core/changed-members.ts";
import { answerOf } from "../door/answers.ts";
import type { Client } from "../dev/client.ts";
import { isMembers, KINDS, placeholderOf, RESOURCES, withReferences } from "./kinds.ts";
import type { Kind, Members } from "./kinds.ts";
import type { Present } from "./plan.ts";
import { readableOf } from "./read.ts";
import type { Wanted } from "./read.ts";

const Answer = v.record(v.string(), v.unknown());
const READ_ONLY = ["id", "version", "createdAt", "updatedAt", "disabledReason"];

/** The monitors that the organisation has. @throws Error that says what to do, where it does not answer. */
export async function readPresent(client: Pick<Client, "ask">): Promise<readonly Present[]> {
  const listed: Listed[] = [];
  for (const kind of KINDS) {
    for (const answer of kind === "routes" ? [await answerOf(Answer, client, "GET", RESOURCES.routes.path)] : await listOf(client, kind)) {
      listed.push({ kind, answer });
    }
  }
  return presentOf(listed);
}

interface Listed {
  readonly kind: Kind;
  readonly answer: Members;
}

/** As readPresent, of what was answered, the oldest of each kind first. */
export function presentOf(listed: readonly Listed[]): readonly Present[] {
  const placeholders = new Map<string, string>();
  const seen = new Set<string>();
  const named = listed.map(({ kind, answer }) => {
    const name = typeof answer["name"] === "string" && kind !== "routes" ? answer["name"] : "";
    const id = typeof answer["id"] === "string" ? answer["id"] : "";
    const isSecond = seen.has(`${kind} ${name}`);
    seen.add(`${kind} ${name}`);
    if (!isSecond && (kind === "channel" || kind === "rule")) placeholders.set(id, placeholderOf(kind, name));
    return { kind, name, id, answer, isSecond };
  });
  return named.flatMap((one): Present[] => {
    // Nobody has written one, or the default was put back: there is none to be deleted.
    const definition = definitionOf(one.kind, one.answer, placeholders);
    if (one.kind === "routes" && (one.answer["version"] === 0 || changedMembers(definition, NO_ROUTES).length === 0)) {
      return [{ ...one, definition: NO_ROUTES }];
    }
    return [{ ...one, definition }];
  });
}

/** What a tree says that says nothing. */
const NO_ROUTES: Members = { routes: [] };

/** Whether a tree of routes is there that could be taken away. */
export const isTree = ({ kind, definition }: Present): boolean => kind === "routes" && changedMembers(definition, NO_ROUTES).length > 0;

function definitionOf(kind: Kind, answer: Members, placeholders: ReadonlyMap<string, string>): Members {
  const written = Object.fromEntries(Object.entries(answer).filter(([name]) => !READ_ONLY.includes(name)));
  const referring = withReferences(kind, readableOf(kind, written), ({ value }) => placeholders.get(value) ?? value);
  if (kind === "channel") return referring;
  const parsed = v.safeParse(RESOURCES[kind].definition, referring);
  // A newer system may say more than is known here; then it differs.
  return parsed.success && isMembers(parsed.output) ? parsed.output : referring;
}

/** Which members of a channel's configuration would change, by the channel's id. */
export async function compareConfigs(
  client: Pick<Client, "ask">,
  wanted: readonly Wanted[],
  present: readonly Present[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const changes = new Map<string, readonly string[]>();
  for (const { kind, name, body } of wanted) {
    const before = present.find((one) => one.kind === kind && one.name === name && !one.isSecond);
    if (kind !== "channel" || before === undefined) continue;
    const asked = { ...body, fallback: before.answer["fallback"] };
    const Changes = v.object({ changes: v.array(v.string()) });
    const answer = await answerOf(Changes, client, "POST", `${RESOURCES.channel.path}/${before.id}/compare`, asked);
    changes.set(
      before.id,
      answer.changes.filter((path) => path.startsWith("config")),
    );
  }
  return changes;
}

async function listOf(client: Pick<Client, "ask">, kind: Kind): Promise<readonly Members[]> {
  const items: Members[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `${RESOURCES[kind].path}?limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer: v.InferOutput<typeof Listing> = await answerOf(Listing, client, "GET", path);
    items.push(...answer.items);
    cursor = answer.nextCursor;
  }
  return items;
}
const Listing = page(Answer);
