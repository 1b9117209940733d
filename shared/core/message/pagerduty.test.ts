import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { alert, notification } from "../../testing/notifications.ts";
import { pagerdutyFaults } from "../../testing/pagerduty-receiver.ts";
import { renderPagerduty } from "./pagerduty.ts";

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const faults = (event: object) => pagerdutyFaults({ routing_key: ROUTING_KEY, ...event }, ROUTING_KEY);

test("each alert is an event with its own key, the same from trigger to resolve", () => {
  const kinds = (["firing", "acknowledged", "resolved"] as const).map((kind) =>
    renderPagerduty(notification([alert(1), alert(2)], { kind })),
  );
  expect(kinds.map((events) => events.map(({ event_action }) => event_action))).toEqual([
    ["trigger", "trigger"],
    ["acknowledge", "acknowledge"],
    ["resolve", "resolve"],
  ]);
  for (const events of kinds) expect(events.map(({ dedup_key }) => dedup_key)).toEqual([alert(1).id, alert(2).id]);
  expect(kinds.flat().flatMap(faults)).toEqual([]);
});

test("a resolve says the value now, the value that fired, and how long it took", () => {
  const resolved = alert(1, { status: "resolved", resolvedAt: "2026-11-20T10:05:00.000Z", value: 12, reason: "recovered" });
  const [event] = renderPagerduty(notification([resolved], { kind: "resolved", reason: "all resolved" }));
  expect(event!.payload.summary).toBe("Resolved: CPU is high on cpu{host=h1}");
  expect(event!.payload.custom_details["what"]).toEqual(expect.arrayContaining(["Value: 12, was 95 when it fired", "Fired for 5 min"]));
});

describe("whatever an alert holds", () => {
  test("a summary has 1,024 code points at most, whole ones", () => {
    const [event] = renderPagerduty(notification([alert(1, { ruleName: "𝔸".repeat(2_000) })]));
    expect(Array.from(event!.payload.summary)).toHaveLength(1_024);
    expect(event!.payload.summary.isWellFormed()).toBe(true);
    expect(faults(event!)).toEqual([]);
  });

  test("an event stays under 512 KB: what its author wrote goes first, then the evidence", () => {
    const long = "\u0001".repeat(100_000);
    const written = (changes: object) => renderPagerduty(notification([alert(1, changes)]))[0]!;
    const notes = written({ annotations: { note: long } });
    expect(Object.keys(notes.payload.custom_details)).toEqual(expect.arrayContaining(["what", "evidence"]));
    expect(notes.payload.custom_details).not.toHaveProperty("annotations");
    const evidence = written({ evidence: { kind: "threshold", long } });
    expect(evidence.payload.custom_details).not.toHaveProperty("evidence");
    expect([notes, evidence].flatMap(faults)).toEqual([]);
  });

  test("PagerDuty takes it", () => {
    const text = fc.string({ unit: "binary", maxLength: 2_000 });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text, { maxKeys: 5 }), fc.jsonValue(), (ruleName, host, annotations, found) => {
        const series = { ...alert(1).series!, dimensions: { host } };
        const hostile = alert(1, { ruleName, series, annotations, evidence: { kind: ruleName, found } });
        expect(renderPagerduty(notification([hostile])).flatMap(faults)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
