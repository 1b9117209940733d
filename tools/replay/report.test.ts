import { expect, test } from "@jest/globals";
import type { Detection } from "../../shared/contract/anomaly.ts";
import { anomalyLines, fileLines } from "./report.ts";

const MINUTE = 60_000;
const found = (index: number, score: number): Omit<Detection["anomalies"][number], "context" | "explanation"> => ({
  index,
  timestamp: index * MINUTE,
  value: 97.123_456_7,
  expected: index === 0 ? null : 40,
  lo: null,
  hi: null,
  score,
  severity: "critical",
  direction: index === 0 ? null : "above",
  daysPerFalseAlarm: 500,
  goesOn: false,
  perSecond: false,
  late: false,
  methods: index === 0 ? { silent: { score: 0, weight: 1 } } : { weak: { score: 0.2, weight: 1 }, strong: { score: 0.9, weight: 1 } },
  consensus: 0.5,
});

test("anomalies are a table with what is known of each", () => {
  expect(anomalyLines([found(0, 0.5), found(3, 0.961)], 1_234)).toEqual([
    "2 anomalies among 1,234 points:",
    "time                     value    expected  score  severity  direction  methods",
    "1970-01-01 00:00:00 UTC  97.1235  -         0.500  critical  -          -",
    "1970-01-01 00:03:00 UTC  97.1235  40        0.961  critical  above      strong 0.90, weak 0.20",
  ]);
});

test("of many anomalies the fifty with the highest score are shown, in time order, and the rest is counted", () => {
  const lines = anomalyLines(
    Array.from({ length: 60 }, (_, index) => found(index, index < 10 ? 0.1 : 0.9)),
    100,
  );
  expect(lines).toHaveLength(1 + 1 + 50 + 1);
  expect(lines[2]).toMatch(/^1970-01-01 00:10:00 UTC/);
  expect(lines[51]).toMatch(/^1970-01-01 00:59:00 UTC/);
  expect(lines.at(-1)).toBe("and 10 more, with lower scores");
});

test("no anomaly makes no table", () => {
  expect(anomalyLines([], 21)).toEqual(["0 anomalies among 21 points."]);
});

test.each([
  [1, "is 1"],
  [20, "are 20"],
])("of %s points it is not said that nothing is wrong with them, for nothing is known of them yet", (points, there) => {
  expect(anomalyLines([], points)).toEqual([
    `Too short for anomalies: what is usual is learned from the first 20 points, and there ${there}.`,
  ]);
});

test("the first bad rows are named by their line, the others counted", () => {
  const bad = Array.from({ length: 7 }, (_, row) => ({ line: row + 2, why: "Expected a time, got \u001b[31m" }));
  const series = { name: "cpu.csv", timestamps: Float64Array.of(0, MINUTE), values: Float64Array.of(1, 2), bad, repeated: 1 };
  expect(fileLines(series)).toEqual([
    "cpu.csv: 2 points from 1970-01-01 00:00:00 UTC to 1970-01-01 00:01:00 UTC.",
    "1 row repeated a time: the last value of each counts.",
    "7 bad rows left out:",
    ...[2, 3, 4, 5, 6].map((line) => `  line ${line}: Expected a time, got  [31m`),
    "  and 2 more",
  ]);
});
