import { expect, test } from "@jest/globals";
import type { OrgId } from "../contract/ids.ts";
import { START, testEvent } from "../testing/harness.ts";
import { readEnvelope } from "./envelope.ts";

const event = testEvent("metrics.ingested", "org_000000000000000000000001" as OrgId, { seq: 1, n: 2, from: 3, to: 4 });
const message = (content: unknown) => ({ data: Buffer.from(JSON.stringify(content)).toString("base64"), messageId: "17", attributes: {} });

test.each([
  ["a push of Pub/Sub", { message: message(event), subscription: "projects/p/subscriptions/s" }],
  ["a push of the emulator", { message: { ...message(event), message_id: "17", publishTime: "x" }, subscription: "s" }],
  [
    "an Eventarc CloudEvent",
    { specversion: "1.0", type: "google.cloud.pubsub.topic.v1.messagePublished", data: { message: message(event) } },
  ],
])("an event is read out of %s", (_name, body) => {
  expect(readEnvelope(body, START + 1)).toEqual(event);
});

test("a tick of Cloud Scheduler gets its id from the message, so that a redelivery is known", () => {
  const tick = readEnvelope({ message: message({ type: "tick.minute" }) }, START);
  expect(tick).toEqual({ id: "tick.minute:17", type: "tick.minute", org: null, at: START, traceparent: null, data: {} });
});

test.each([
  ["nothing", null],
  ["no message", {}],
  ["no base64", { message: { data: "%" } }],
  ["no JSON", { message: { data: Buffer.from("{").toString("base64") } }],
  ["an unknown type", { message: message({ ...event, type: "metrics.deleted" }) }],
  ["data of another type", { message: message({ ...event, data: {} }) }],
  ["a foreign id", { message: message({ ...event, org: "org_1' OR 1" }) }],
])("what is no event of ours is refused: %s", (_name, body) => {
  expect(() => readEnvelope(body, START)).toThrow("This is no event of IntentVision in a Pub/Sub message.");
});
