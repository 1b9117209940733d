import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SeriesId } from "../contract/ids.ts";
import { bucketPoints } from "../core/series/bucket.ts";
import type { Buckets } from "../core/series/bucket.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import type { Database } from "./database.ts";
import { createStores } from "./store.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const HOUR = 3_600_000;
const EVERY_MS = 20_000;
const AGGREGATES = ["avg", "min", "max", "sum", "count", "last"] as const;
const points = () => harness.deps.store.forOrg(harness.org).points;
const compact = () => harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000_000, now: START + HOUR + 1 });

interface Window {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

async function overRawPoints(
  series: SeriesId,
  { from, to, step, limit, order }: Window,
): Promise<{ buckets: Buckets; magnitudes: number[] }> {
  const read = await points().read(series, { from, to, limit: 1_000_000, order: "asc" });
  const buckets = bucketPoints(read, step, AGGREGATES);
  const magnitudes = bucketPoints({ timestamps: read.timestamps, values: read.values.map(Math.abs) }, step, ["sum"]);
  const cut = <Value>(column: readonly Value[]) => (order === "asc" ? column.slice(0, limit) : column.slice(-limit));
  return {
    buckets: {
      timestamps: cut(buckets.timestamps),
      aggregates: Object.fromEntries(Object.entries(buckets.aggregates).map(([name, column]) => [name, cut(column)])),
    },
    magnitudes: cut(magnitudes.aggregates["sum"]!),
  };
}

async function expectTheSame(series: SeriesId, window: Window): Promise<void> {
  const { buckets, magnitudes } = await overRawPoints(series, window);
  const rollups = await points().buckets(series, { ...window, aggregates: AGGREGATES });
  expect(rollups.timestamps).toEqual(buckets.timestamps);
  for (const name of ["min", "max", "last", "count"]) {
    expect(Buffer.from(Float64Array.from(rollups.aggregates[name]!).buffer)).toEqual(
      Buffer.from(Float64Array.from(buckets.aggregates[name]!).buffer),
    );
  }
  // A sum of positive and negative values is as exact as their magnitudes are large.
  for (const [row, magnitude] of magnitudes.entries()) {
    const n = buckets.aggregates["count"]![row]!;
    expect(Math.abs(rollups.aggregates["sum"]![row]! - buckets.aggregates["sum"]![row]!)).toBeLessThanOrEqual(1e-9 * magnitude);
    expect(Math.abs(rollups.aggregates["avg"]![row]! - buckets.aggregates["avg"]![row]!)).toBeLessThanOrEqual((1e-9 * magnitude) / n);
  }
}

const value = fc.oneof(
  fc.integer({ min: -50, max: 1_000 }).map((integer) => integer / 10 + 0),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(-0, 0, 1e15),
);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      from: fc.nat(9_000),
      n: fc.integer({ min: 1, max: 1_500 }),
      noise: value,
      kind: fc.constantFrom("tenths", "noise"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ append: fc.integer({ min: 1, max: 2_600 }), noise: value, kind: fc.constantFrom("tenths", "noise") }),
  },
  { weight: 4, arbitrary: fc.constant("compact" as const) },
);
const window = fc.record({
  from: fc.integer({ min: -10, max: 9_000 }).map((row) => START + row * EVERY_MS + 1),
  rows: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constant(1_000_000)),
  hours: fc.constantFrom(1, 1, 2, 5, 24, 168),
  limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1_000)),
  order: fc.constantFrom("asc" as const, "desc" as const),
});

test("buckets over rollups are those over raw points, whatever is overwritten, late, or compacted when", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.array(window, { minLength: 3, maxLength: 6 }), async (steps, windows) => {
      const name = `metric${String((runs += 1))}`;
      const series = harness.deps.store.forOrg(harness.org).series.idOf(name, {});
      let end = 0;
      for (const todo of steps) {
        if (todo === "compact") {
          await compact();
          continue;
        }
        const from = "append" in todo ? end : todo.from;
        const n = "append" in todo ? todo.append : todo.n;
        end = Math.max(end, from + n);
        const written = Array.from({ length: n }, (_, row) => {
          const own = todo.kind === "tenths" ? Math.round(10 * Math.sin(row) + row) / 10 : Math.sin(row) * todo.noise;
          return [START + (from + row) * EVERY_MS, row % 100 === 0 ? todo.noise : own] as const;
        });
        await harness.store(name, written);
      }
      for (const { from, rows, hours, ...rest } of windows)
        await expectTheSame(series, { from, to: from + rows * EVERY_MS, step: hours * HOUR, ...rest });
    }),
    { numRuns: 60 },
  );
}, 60_000);

async function filled(chunks: number): Promise<SeriesId> {
  const series = await harness.store(
    "cpu",
    Array.from({ length: 2_400 * chunks }, (_, row) => [START + row * EVERY_MS, row % 97] as const),
  );
  await compact();
  return series;
}

test("of chunks that lie whole in the window and have no point in the log no points are read", async () => {
  const series = await filled(6);
  await harness.store("cpu", [[START + 2_500 * EVERY_MS, 1_000]]);
  const { read } = harness.database;
  const unpacked: number[] = [];
  Object.assign(harness.database, {
    async read(sql: string, args: Parameters<typeof read>[1]) {
      const rows = await read(sql, args);
      for (const row of rows) if (sql.includes("rollup") && row["data"] !== null) unpacked.push(row["t0"] as number);
      return rows;
    },
  });
  const window = { from: START + 1, to: START + 7 * 2_400 * EVERY_MS, step: HOUR, limit: 10_000, order: "asc" } as const;
  const buckets = await points().buckets(series, { ...window, aggregates: ["max", "count"] });
  Object.assign(harness.database, { read });
  expect(unpacked).toEqual([START, START + 2_400 * EVERY_MS]);
  expect(Math.max(...buckets.aggregates["max"]!)).toBe(1_000);
  expect(buckets.aggregates["count"]!.reduce((sum, n) => sum + n, 0)).toBe(6 * 2_400 - 1);
  await expectTheSame(series, window);
});

test.each(["asc", "desc"] as const)("chunks that are merged while many are read count once: %s", async (order) => {
  let series: SeriesId | undefined;
  const store = (pass: number, n: number) =>
    harness.store(
      "cpu",
      Array.from({ length: n }, (_, row) => [START + (60 * pass + row) * EVERY_MS, pass] as const),
    );
  // More than one page: 39 small ones after many full ones.
  await filled(30);
  for (let pass = 0; pass < 38; pass++) {
    series = await store(30 * 40 + pass, 60);
    await compact();
  }
  const { database, deps, org } = harness;
  let reads = 0;
  const overtaken: Database = {
    ...database,
    async read(sql, args) {
      const rows = await database.read(sql, args);
      if (sql.includes("rollup") && (reads += 1) === 1) {
        await store(30 * 40 + 38, 200);
        await compact();
      }
      return rows;
    },
  };
  const stores = createStores(overtaken)({ newId: deps.newId, traceparent: null, committed: [] });
  const window = { from: START, to: START + (30 * 2_400 + 38 * 60) * EVERY_MS, step: HOUR, limit: 10_000, order };
  const { aggregates } = await stores.forOrg(org).points.buckets(series!, { ...window, aggregates: ["count"] });
  expect(aggregates["count"]!.reduce((sum, n) => sum + n, 0)).toBe(30 * 2_400 + 38 * 60);
  expect(reads).toBe(2);
});
