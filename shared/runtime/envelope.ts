import * as v from "valibot";
import { parseEvent } from "../contract/events.ts";
import type { Event } from "../contract/events.ts";
import type { EventId } from "../contract/ids.ts";
import { Problem } from "../contract/problem.ts";

const PubsubMessage = v.object({
  data: v.optional(v.pipe(v.string(), v.base64()), ""),
  messageId: v.optional(v.string()),
  message_id: v.optional(v.string()),
  attributes: v.optional(v.nullable(v.record(v.string(), v.string())), {}),
});
const Pushed = v.object({ message: PubsubMessage });
/** What Cloud Scheduler publishes: the type is all there is. */
const Tick = v.strictObject({ type: v.picklist(["tick.minute", "tick.hour"]) });

/**
 * Reads an event out of a Pub/Sub push body (bare, or as the data of an Eventarc CloudEvent, structured or binary: the three differ
 * only in what is wrapped around `message`).
 *
 * @param body - The request's JSON.
 * @param now - Unix ms, for ticks, which bring no time of their own.
 * @throws Problem validation-failed when it is none of ours: it cannot become one by being sent again.
 */
export function readEnvelope(body: unknown, now: number): Event {
  const unwrapped = isCloudEvent(body) ? body.data : body;
  try {
    const { message } = v.parse(Pushed, unwrapped);
    const content: unknown = JSON.parse(Buffer.from(message.data, "base64").toString("utf8"));
    const tick = v.safeParse(Tick, content);
    if (!tick.success) return parseEvent(content);
    const id = `${tick.output.type}:${message.messageId ?? message.message_id ?? now}` as EventId;
    return { id, type: tick.output.type, org: null, at: now, traceparent: null, data: {} };
  } catch (error) {
    throw new Problem("validation-failed", "This is no event of IntentVision in a Pub/Sub message.", { cause: error });
  }
}

const isCloudEvent = (body: unknown): body is { data: unknown } =>
  typeof body === "object" && body !== null && "specversion" in body && "data" in body;
