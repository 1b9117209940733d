import * as v from "valibot";
import { DeadLetterId, EventId, OrgId } from "./ids.ts";
import { IsoTime } from "./time.ts";

/** A point that was refused: why, where it came in, and what was sent (cut at 4 KiB). */
export const DeadLetter = v.strictObject({
  id: DeadLetterId,
  source: v.string(),
  reason: v.string(),
  payload: v.string(),
  createdAt: IsoTime,
  attempts: v.number(),
});
export type DeadLetter = v.InferOutput<typeof DeadLetter>;

/** An event that a consumer could not work off, after its last attempt. For the platform's operator only. */
export const EventDeadLetter = v.strictObject({
  id: DeadLetterId,
  consumer: v.string(),
  eventId: EventId,
  type: v.string(),
  org: v.nullable(OrgId),
  error: v.string(),
  attempts: v.number(),
  createdAt: IsoTime,
});
export type EventDeadLetter = v.InferOutput<typeof EventDeadLetter>;
