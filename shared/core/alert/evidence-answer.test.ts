import { expect, test } from "@jest/globals";
import { evidenceAnswer } from "./evidence-answer.ts";

const at = Date.UTC(2026, 10, 20, 10);
const iso = "2026-11-20T10:00:00.000Z";

test.each([
  [
    { kind: "threshold", lastPointAt: at, window: 60_000, value: 95 },
    { kind: "threshold", lastPointAt: iso, window: 60_000, value: 95 },
  ],
  [
    { kind: "rate-of-change", first: { timestamp: at, value: 1 }, last: { timestamp: at, value: 2 } },
    { kind: "rate-of-change", first: { timestamp: iso, value: 1 }, last: { timestamp: iso, value: 2 } },
  ],
  [
    { kind: "missing-data", lastSeenAt: at, duration: 900_000 },
    { kind: "missing-data", lastSeenAt: iso, duration: 900_000 },
  ],
  [
    { kind: "missing-data", lastSeenAt: null },
    { kind: "missing-data", lastSeenAt: null },
  ],
  [
    { kind: "forecast", breachAt: { median: at, lo: at, hi: at }, cutoff: at, interval: { lo: 1, hi: 2 } },
    { kind: "forecast", breachAt: { median: iso, lo: iso, hi: iso }, cutoff: iso, interval: { lo: 1, hi: 2 } },
  ],
  [
    { kind: "anomaly", timestamp: at, methods: { gap: { score: 1 } } },
    { kind: "anomaly", timestamp: iso, methods: { gap: { score: 1 } } },
  ],
  [
    { kind: "composite", children: [{ verdict: "true" }] },
    { kind: "composite", children: [{ verdict: "true" }] },
  ],
])("single times of evidence are answered as ISO 8601, and nothing else changes: %#", (kept, answered) => {
  expect(evidenceAnswer(kept)).toEqual(answered);
  expect(evidenceAnswer(answered)).toEqual(answered);
});
