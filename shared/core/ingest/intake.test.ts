import { expect, test } from "@jest/globals";
import type { SeriesId } from "../../contract/ids.ts";
import { openIntake } from "./intake.ts";

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
