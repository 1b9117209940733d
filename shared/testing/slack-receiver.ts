import * as v from "valibot";
import { isTaken, startHttpReceiver } from "./http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "./http-receiver.ts";

interface ReceivedSlackMessage extends ReceivedRequest {
  /** The parsed body; null where it is not JSON. */
  readonly message: unknown;
  /** What a real Slack, or our own bounds, would not have taken; empty for a good message. */
  readonly faults: readonly SlackFault[];
  /** Whether it was answered 2xx. */
  readonly taken: boolean;
}

export interface SlackFault {
  /** As Slack answers it. */
  readonly error: "invalid_payload" | "no_text" | "invalid_blocks" | "msg_too_long";
  /** Where and by how much. */
  readonly detail: string;
}

export interface SlackReceiver extends HttpReceiver {
  /** Every request, in the order of arrival. */
  requests(): readonly ReceivedSlackMessage[];
  /** What stands in the Slack channel: Slack takes a repeated message again. */
  messages(): readonly ReceivedSlackMessage[];
}

/** Of all texts of a message together, its fallback included. */
const MAX_CHARACTERS = 12_000;
const characters = (text: string) => Array.from(text).length;
const bounded = (max: number) =>
  v.pipe(
    v.string(),
    v.check((text) => text !== "" && characters(text) <= max, `1 to ${max} characters`),
  );

const plainText = (max: number) => v.looseObject({ type: v.literal("plain_text"), text: bounded(max) });
const anyText = (max: number) => v.looseObject({ type: v.picklist(["plain_text", "mrkdwn"]), text: bounded(max) });
const items = <Item extends v.GenericSchema>(item: Item, max: number) => v.pipe(v.array(item), v.minLength(1), v.maxLength(max));
const button = v.looseObject({
  type: v.literal("button"),
  text: plainText(75),
  url: v.optional(bounded(3_000)),
  value: v.optional(bounded(2_000)),
  action_id: v.optional(bounded(255)),
  style: v.optional(v.picklist(["primary", "danger"])),
});
const image = { type: v.literal("image"), image_url: bounded(3_000), alt_text: bounded(2_000) };
const block_id = v.optional(bounded(255));

/** The blocks that an incoming webhook is sent. @see https://docs.slack.dev/reference/block-kit/blocks */
const Block = v.variant("type", [
  v.strictObject({ type: v.literal("header"), text: plainText(150), block_id }),
  v.strictObject({ type: v.literal("divider"), block_id }),
  v.strictObject({ ...image, title: v.optional(plainText(2_000)), block_id }),
  v.strictObject({ type: v.literal("context"), elements: items(v.variant("type", [anyText(3_000), v.looseObject(image)]), 10), block_id }),
  v.strictObject({ type: v.literal("actions"), elements: items(button, 25), block_id }),
  v.pipe(
    v.strictObject({
      type: v.literal("section"),
      text: v.optional(anyText(3_000)),
      fields: v.optional(items(anyText(2_000), 10)),
      accessory: v.optional(v.variant("type", [button, v.looseObject(image)])),
      expand: v.optional(v.boolean()),
      block_id,
    }),
    v.check(({ text, fields }) => text !== undefined || fields !== undefined, "text or fields"),
  ),
]);
const Blocks = v.pipe(v.array(Block), v.maxLength(50));

/**
 * Starts a receiver of Slack's incoming webhooks: it answers `ok`, or 400 with Slack's own word for what is wrong. Stricter than Slack
 * where a message would be shown badly: it wants the `text` that notifications show, and no more than 12,000 characters in all.
 *
 * @param options.now - The clock of the recorded times. Default: the system's.
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export async function startSlackReceiver(options: { readonly now?: () => number } = {}): Promise<SlackReceiver> {
  const requests: ReceivedSlackMessage[] = [];
  const receiver = await startHttpReceiver(
    (request, told) => {
      const message = parse(request);
      const faults = slackFaults(message);
      const judged = faults[0] === undefined ? { status: 200, body: "ok" } : { status: 400, body: faults[0].error };
      const answer = told === null ? judged : isTaken(told) ? { body: "ok", ...told } : told;
      requests.push({ ...request, message, faults, taken: isTaken(answer) });
      return answer;
    },
    "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    options.now,
  );
  return { ...receiver, requests: () => requests, messages: () => requests.filter(({ taken }) => taken) };
}

function parse({ method, headers, body }: ReceivedRequest): unknown {
  if (method !== "POST" || !/^application\/json\b/i.test(headers["content-type"] ?? "")) return null;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Everything that is wrong with a message for an incoming webhook, worst first. */
export function slackFaults(message: unknown): readonly SlackFault[] {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return [{ error: "invalid_payload", detail: "a POST of a JSON object is expected" }];
  }
  const { text, blocks } = message as { text?: unknown; blocks?: unknown };
  const faults: SlackFault[] = [];
  if (typeof text !== "string" || text.trim() === "") faults.push({ error: "no_text", detail: "text: the fallback is missing" });
  if (blocks !== undefined) {
    for (const { message: wanted, path } of v.safeParse(Blocks, blocks).issues ?? []) {
      faults.push({ error: "invalid_blocks", detail: `${["blocks", ...(path ?? []).map(({ key }) => String(key))].join(".")}: ${wanted}` });
    }
  }
  const total = characters(typeof text === "string" ? text : "") + charactersWithin(blocks);
  if (total >= MAX_CHARACTERS) faults.push({ error: "msg_too_long", detail: `${total} characters, to stay under ${MAX_CHARACTERS}` });
  return faults;
}

/** Characters in all text objects below a value. */
function charactersWithin(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = "text" in value && typeof value.text === "string" ? characters(value.text) : 0;
  return Object.values(value).reduce<number>((sum, child) => sum + charactersWithin(child), own);
}
