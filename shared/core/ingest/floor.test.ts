import { expect, test } from "@jest/globals";
import { acceptMetrics } from "./accept.ts";
import { floorOf } from "./floor.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);

test("points reach back as far as they are kept, and never to where some were dropped", () => {
  expect(floorOf(null, 0, NOW)).toBeNull();
  expect(floorOf(90 * DAY, 0, NOW)).toEqual({ earliest: NOW - 90 * DAY, reason: expect.stringContaining("retention of 90d") });
  expect(floorOf(90 * DAY, NOW - 30 * DAY, NOW)).toEqual({
    earliest: NOW - 30 * DAY,
    reason: expect.stringContaining("Lies before 2026-10-21T00:00:00.000Z"),
  });
  expect(floorOf(null, NOW - 30 * DAY, NOW)!.earliest).toBe(NOW - 30 * DAY);
});

test("a metric from before is rejected with the reason, one at the floor is taken", () => {
  const metric = (timestamp: number) => ({ metricKey: "a", timestamp, value: 1 });
  const resolve = () => ({ series: "ser_a" as never, metricKey: "a", dimensions: "{}" });
  const floor = floorOf(DAY, 0, NOW);
  const { points, rejected } = acceptMetrics([metric(NOW - DAY - 1), metric(NOW - DAY)], NOW, resolve, new Set(), floor);
  expect(points.timestamps).toEqual([NOW - DAY]);
  expect(rejected).toEqual([{ index: 0, path: "timestamp", message: floor!.reason }]);
});
