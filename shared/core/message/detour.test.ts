import { expect, test } from "@jest/globals";
import { alertMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";
import { renderers } from "./render.ts";

const TEST: Notification = { kind: "test", reason: null, at: 0, groupKey: null, alerts: [] };
const FAILED = [
  { channel: "On call", reason: "The receiver answered 500" },
  { channel: "Ops\u202E\n#1", reason: "hooks.example.com cannot be reached" },
];

test("a message that comes by a detour says who did not get it and why, on one line, on every kind of channel", () => {
  const message: Notification = { ...TEST, failed: FAILED };
  const said =
    "could not be delivered to On call: The receiver answered 500; could not be delivered to Ops  #1: hooks.example.com cannot be reached";
  expect(alertMessage(message).title).toContain(said);
  expect(renderers.console(message)).toContain(said);
  expect(renderers.inbox(message).title).toContain(said);
  expect(renderers.slack(message).text).toContain(said);
  expect(renderers.webhook(message).data).toMatchObject({ title: expect.stringContaining(said), failed: FAILED });
});

test("one that comes straight says nothing of it", () => {
  expect(renderers.webhook(TEST).data).not.toHaveProperty("failed");
  expect(renderers.console(TEST)).not.toContain("could not");
});

test("a storm of alerts is said on every kind of channel, and an incident of its own where incidents are kept", () => {
  const begun: Notification = { ...TEST, kind: "firing", reason: "storm", storm: { told: 80, held: 40, until: 50 } };
  const over: Notification = { ...TEST, kind: "resolved", reason: "storm", storm: "over" };
  for (const render of Object.values(renderers)) expect(JSON.stringify(render(begun))).toContain("Storm of alerts: 120 within 10 min");
  for (const render of Object.values(renderers)) expect(JSON.stringify(render(over))).toMatch(/storm/i);
  expect([begun, over].map((message) => renderers.webhook(message))).toMatchObject([
    { type: "storm.begun", data: { storm: { told: 80, held: 40, until: 50 } } },
    { type: "storm.over" },
  ]);
  expect([begun, over].flatMap((message) => renderers.pagerduty(message))).toMatchObject([
    { event_action: "trigger", dedup_key: "intentvision-storm" },
    { event_action: "resolve", dedup_key: "intentvision-storm" },
  ]);
  expect(renderers.alertmanager(over)[0]!.labels).toEqual(renderers.alertmanager(begun)[0]!.labels);
});

test("a heartbeat is told from a test", () => {
  const beat: Notification = { ...TEST, heartbeat: true };
  expect(renderers.webhook(beat).type).toBe("heartbeat");
  expect(renderers.console(beat)).toMatch(/^Heartbeat/);
});
