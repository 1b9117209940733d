import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { readPoints } from "./points.ts";

let harness: Harness;
let id: string;
beforeEach(async () => {
  harness = await startHarness();
  for (let day = 0; day < 3; day++) {
    id = await harness.store(
      "cpu",
      Array.from({ length: 1_440 }, (_, minute) => [START + (day * 1_440 + minute) * 60_000, minute % 60] as const),
    );
  }
  await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 100_000, now: START + 3_600_001 });
});
afterEach(() => harness.close());

interface Answer {
  readonly step: string;
  readonly timestamps: readonly number[];
  readonly aggregates: Readonly<Record<string, readonly number[]>>;
  readonly nextCursor: string | null;
}
const read = async (query: object) => (await harness.call(readPoints, { id, ...query })) as Answer;

test.each(["asc", "desc"])("hours come page by page, none twice and none left out: %s", async (order) => {
  const query = { order, step: "1h", agg: ["max", "count"] };
  const whole = await read(query);
  expect(whole.timestamps.length).toBe(72);
  expect(whole.aggregates["max"]).toEqual(Array.from({ length: 72 }, () => 59));
  expect(whole.nextCursor).toBeNull();
  const timestamps: number[] = [];
  let cursor: string | null = null;
  do {
    const page: Answer = await read({ ...query, limit: "25", ...(cursor === null ? {} : { cursor }) });
    expect(page.aggregates["count"]!.length).toBe(page.timestamps.length);
    timestamps.push(...page.timestamps);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(timestamps).toEqual(whole.timestamps);
  expect(timestamps).toEqual(timestamps.toSorted((a, b) => (order === "asc" ? a - b : b - a)));
});

test("aggregates that do not add up, and steps within the hour, are read from the points", async () => {
  expect(await read({ step: "1h", agg: ["p50", "last"], limit: "2" })).toMatchObject({ aggregates: { p50: [29.5, 29.5], last: [59, 59] } });
  expect(await read({ step: "20m", agg: "avg", limit: "3" })).toMatchObject({ aggregates: { avg: [9.5, 29.5, 49.5] } });
  expect(await read({ step: "1d", limit: "1" })).toMatchObject({ step: "1d", aggregates: { avg: [29.5] } });
});

test.each(["asc", "desc"])("a page that would take very many points is shorter, and the next goes on from there: %s", async (order) => {
  const points = 1_200_000;
  id = await harness.store(
    "dense",
    Array.from({ length: points }, (_, second) => [START + 1_000 * second, 1] as const),
  );
  const [timestamps, sizes] = [[] as number[], [] as number[]];
  let counted = 0;
  let cursor: string | null = null;
  do {
    const page: Answer = await read({ order, step: "10m", agg: "count", limit: "10000", ...(cursor === null ? {} : { cursor }) });
    timestamps.push(...page.timestamps);
    sizes.push(page.timestamps.length);
    counted += page.aggregates["count"]!.reduce((sum, n) => sum + n, 0);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(sizes.length).toBeGreaterThan(1);
  expect([timestamps.length, new Set(timestamps).size, counted]).toEqual([points / 600, points / 600, points]);
});

test("a bucket of more points than are held in memory is refused with the limit, and what comes of their sums is not", async () => {
  id = await harness.store(
    "dense",
    Array.from({ length: 1_600_001 }, (_, ms) => [START + ms, 1] as const),
  );
  const limit = expect.stringContaining("more than 1600000 points");
  await expect(read({ step: "1d", agg: "p99" })).rejects.toMatchObject({
    kind: "validation-failed",
    errors: [{ path: "step", message: limit }],
  });
  expect(await read({ step: "1d", agg: "count" })).toMatchObject({ aggregates: { count: [1_600_001] } });
}, 30_000);
