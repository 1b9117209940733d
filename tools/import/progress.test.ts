import { expect, test } from "@jest/globals";
import type { Batch } from "./batches.ts";
import { advanced, BEGINNING } from "./progress.ts";
import { progressLines } from "./report.ts";

const batch = (line: number, bad: Batch["bad"] = []): Batch => ({
  from: { offset: line * 10, line, taken: 0 },
  to: { offset: (line + 10) * 10, line: line + 10, taken: 0 },
  points: [],
  lines: Array.from({ length: 10 }, (_, row) => line + row),
  unreadable: bad.length,
  bad,
});
const refused = (index: number) => ({ index, path: "timestamp", message: "Lies more than 7 days ahead" });

test("what the door rejects is named by its line, among what could not be read, and the first ten are told", () => {
  const first = advanced(BEGINNING, batch(2, [{ line: 4, why: "Expected a time, got \u001b[31m" }]), {
    accepted: 7,
    rejected: 3,
    errors: [refused(0), refused(5), { index: 6, path: "", message: "A new series" }],
  });
  expect(first).toEqual({
    position: { offset: 120, line: 12, taken: 0 },
    accepted: 7,
    rejected: 3,
    unreadable: 1,
    told: [
      { line: 2, why: "timestamp: Lies more than 7 days ahead" },
      { line: 4, why: "Expected a time, got \u001b[31m" },
      { line: 7, why: "timestamp: Lies more than 7 days ahead" },
      { line: 8, why: "A new series" },
    ],
  });
  const rejected = Array.from({ length: 8 }, (_, index) => refused(index));
  const second = advanced(first, batch(12), { accepted: 1_000_000, rejected: 8, errors: rejected });
  expect(second.told.map(({ line }) => line)).toEqual([2, 4, 7, 8, 12, 13, 14, 15, 16, 17]);
  expect(progressLines(second)).toEqual([
    "1,000,007 points taken in.",
    "11 points rejected; the newest of them are kept as dead letters (GET /api/v1/dead-letters).",
    "1 row or cell could not be read as points.",
    "  line 2: timestamp: Lies more than 7 days ahead",
    "  line 4: Expected a time, got  [31m",
    ...[7].map((line) => `  line ${line}: timestamp: Lies more than 7 days ahead`),
    "  line 8: A new series",
    ...[12, 13, 14, 15, 16, 17].map((line) => `  line ${line}: timestamp: Lies more than 7 days ahead`),
    "  and 2 more",
  ]);
});

test("where all was taken nothing else is said", () => {
  expect(progressLines(advanced(BEGINNING, batch(2), { accepted: 1, rejected: 0, errors: [] }))).toEqual(["1 point taken in."]);
});
