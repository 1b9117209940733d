import { expect, test } from "@jest/globals";
import type { SeriesId } from "../../contract/ids.ts";
import { KEPT_CHARACTERS, keptOf, openIntake, withoutRefused } from "./intake.ts";

const SERIES = { series: "ser_1" as SeriesId, metricKey: "cpu", dimensions: '{"host":"a"}' };

test.each([
  [Number.NaN, 0, "value: Expected a finite number"],
  [1, -1, "timestamp: Lies outside the years 1970 to 9999"],
  [1, 0.5, "timestamp: Lies outside the years 1970 to 9999"],
  [1, 8 * 86_400_000, "timestamp: Lies more than 7 days ahead"],
])("the value %d at %d is rejected, and kept as it would be sent again", (value, timestamp, reason) => {
  const { intake, add } = openIntake(0);
  add(SERIES, timestamp, value);
  const payload = { metricKey: "cpu", dimensions: { host: "a" }, timestamp, value: Number.isNaN(value) ? "NaN" : value };
  expect(intake).toMatchObject({ rejections: 1, rejected: [{ reason, payload: JSON.stringify(payload) }] });
  expect(intake.points.timestamps).toEqual([]);
});

test("of the rejected points of one request 10,000 are kept, and all are counted", () => {
  const { intake, add, reject } = openIntake(0);
  for (let row = 0; row < 15_000; row++) reject("No name", { row });
  add(SERIES, 0, Number.NaN);
  expect([intake.rejected.length, intake.rejections]).toEqual([10_000, 15_001]);
});

test("of what is rejected no more is held than its dead letter keeps", () => {
  const { intake, reject } = openIntake(0);
  reject("Too long", { name: "x".repeat(10_000) });
  expect(intake.rejected[0]!.payload).toBe(`{"name":"${"x".repeat(KEPT_CHARACTERS - 9)}`);
});

test.each([
  ["one is long", Array.from({ length: 5 }, () => ["a", "x".repeat(1_000_000)] as const)],
  ["there are many", Array.from({ length: 1_000_000 }, () => ["a", "b"] as const)],
  ["there are many without a character", Array.from({ length: 1_000_000 }, () => ["", ""] as const)],
])("of labels so much is kept that their text is cut, and little more, where %s", (_, labels) => {
  const text = JSON.stringify(keptOf(labels));
  expect(text.length).toBeGreaterThan(KEPT_CHARACTERS);
  expect(text.length).toBeLessThan(10 * KEPT_CHARACTERS);
});

test("labels that a dead letter has room for are kept whole", () => {
  const labels = [["__name__", "up"] as const, ["job", "x".repeat(2_000)] as const];
  expect(keptOf(labels)).toEqual(labels);
});

test("the rejected points of one request are kept as far as there is room, and all are counted, whoever rejects them", () => {
  const host = "x".repeat(2 * KEPT_CHARACTERS);
  const { intake, add, reject } = openIntake(0);
  for (let row = 0; row < 5_000; row++) add({ ...SERIES, dimensions: JSON.stringify({ host }) }, 0, row);
  for (let row = 0; row < 600; row++) reject("No name", { host });
  const refused = withoutRefused(intake, () => "Too many");
  expect([intake.rejected.length, refused.rejected.length, refused.rejections]).toEqual([600, 2 ** 22 / KEPT_CHARACTERS, 5_600]);
});
