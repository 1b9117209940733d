import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { ProblemBody } from "../../shared/contract/problem.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { parsed, told } from "../door/answers.ts";
import { patiently } from "../door/patience.ts";
import type { Client } from "../dev/client.ts";
import { pathKeys, placeholderOf, RESOURCES, withReferences } from "./kinds.ts";
import type { Kind, Members } from "./kinds.ts";
import type { Plan, Present, Step } from "./plan.ts";
import { nameOf } from "./report.ts";
import type { Wanted } from "./read.ts";

const STALE = 412;
const MISSING = 404;

/**
 * Does what a plan says, one step after the other. Each is whole or not at all, so what is cut short goes on with a new plan.
 *
 * @param onDone - Hears of each step that was made.
 * @throws Error at the first one that is refused, or where a monitor is no longer as it was when the plan was made.
 */
export async function applyPlan(
  { steps }: Plan,
  present: readonly Present[],
  client: Pick<Client, "ask">,
  onDone: (step: Step) => void,
): Promise<void> {
  const ids = new Map(
    present.flatMap(({ kind, name, id, isSecond }) => (isSecond ? [] : placeOf(kind, name).map((place) => [place, id] as const))),
  );
  for (const step of steps) {
    if (step.act === "create") {
      const { wanted } = step;
      const { id } = await make(client, wanted, bodyOf(wanted, ids));
      for (const place of placeOf(wanted.kind, wanted.name)) ids.set(place, id);
    } else if (step.act === "change") await change(client, step.wanted, step.present, bodyOf(step.wanted, ids));
    else await remove(client, step.present);
    onDone(step);
  }
}

const placeOf = (kind: Kind, name: string): readonly string[] => (kind === "channel" || kind === "rule" ? [placeholderOf(kind, name)] : []);

const bodyOf = ({ kind, body }: Wanted, ids: ReadonlyMap<string, string>): Members =>
  withReferences(kind, body, ({ value }) => ids.get(value) ?? value);

async function make(client: Pick<Client, "ask">, wanted: Wanted, body: Members): Promise<{ readonly id: string }> {
  // Asked a second time, a patient caller gets the first answer again, where the resource knows of it.
  const answer = await patiently(client, "POST", RESOURCES[wanted.kind].path, body, { "Idempotency-Key": randomUUID() });
  refuse(wanted, answer);
  return told(v.object({ id: v.string() }), answer);
}

async function change(client: Pick<Client, "ask">, wanted: Wanted, present: Present, body: Members): Promise<void> {
  const etag = await tagOf(client, present);
  if (etag === null) throw changedMeanwhile(present);
  const answer = await patiently(client, "PUT", pathOf(present), body, { "If-Match": etag });
  if (answer.status === STALE) throw changedMeanwhile(present);
  refuse(wanted, answer);
  told(v.unknown(), answer);
}

async function remove(client: Pick<Client, "ask">, present: Present): Promise<void> {
  const etag = await tagOf(client, present);
  // Somebody else has deleted it.
  if (etag === null) return;
  const [method, body] = present.kind === "routes" ? (["PUT", {}] as const) : (["DELETE", undefined] as const);
  const answer = await patiently(client, method, pathOf(present), body, { "If-Match": etag });
  if (answer.status === STALE) throw changedMeanwhile(present);
  if (!answer.ok && answer.status !== MISSING) told(v.unknown(), answer);
}

const pathOf = ({ kind, id }: Present): string => (kind === "routes" ? RESOURCES.routes.path : `${RESOURCES[kind].path}/${id}`);

/** What it is known by; null where it is gone. @throws Error where it is no longer as the plan has it. */
async function tagOf(client: Pick<Client, "ask">, present: Present): Promise<string | null> {
  const answer = await patiently(client, "GET", pathOf(present));
  if (answer.status === MISSING) return null;
  const now = told(v.record(v.string(), v.unknown()), answer);
  if (canonicalJson(now) !== canonicalJson(present.answer)) throw changedMeanwhile(present);
  return answer.etag;
}

const changedMeanwhile = (present: Present): Error =>
  new Error(`The ${nameOf(present)} was changed by somebody else meanwhile. The same command again looks at it anew.`);

/** @throws Error that says where in the files what the API refuses stands, where it names members. */
function refuse(wanted: Wanted, answer: Awaited<ReturnType<Client["ask"]>>): void {
  const problem = answer.ok ? null : parsed(ProblemBody, answer);
  if (problem === null) return;
  const { title, detail, errors = [] } = problem;
  if (errors.length > 0) throw new Error(errors.map(({ path, message }) => wanted.complaint(pathKeys(path), message)).join("\n"));
  throw new Error(wanted.complaint([], `${title}.${detail === undefined ? "" : ` ${detail}`}`));
}
