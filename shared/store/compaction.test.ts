import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SeriesId } from "../contract/ids.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";
import { pointsOf } from "./chunks.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** No consumer reads the log in most of these tests: after an hour it waits for none. */
const compact = (maxPoints = 1_000_000) =>
  harness.deps.store.platform.compaction.compact(harness.org, { maxPoints, now: START + 3_600_001 });
const points = () => harness.deps.store.forOrg(harness.org).points;
const chunks = (series: SeriesId) =>
  harness.database.read("SELECT id, t0, t1, n, tier, encoding, rollup, data FROM chunk WHERE series = :series ORDER BY t0", { series });
const sizes = async (series: SeriesId) => (await chunks(series)).map((row) => [row["tier"], row["n"]]);
const run = (from: number, n: number, value = 1) => Array.from({ length: n }, (_, row) => [START + from + row, value] as const);

async function passes(...runs: readonly (readonly (readonly [number, number])[])[]): Promise<SeriesId> {
  let series: SeriesId | undefined;
  for (const points_ of runs) {
    series = await harness.store("cpu", points_);
    await compact();
  }
  return series!;
}

test("a pass whose points all come after those there are leaves the chunks there are alone, and does not read them", async () => {
  const series = await passes(run(0, 100));
  const [first] = await chunks(series);
  const { read } = harness.database;
  const asked: string[] = [];
  Object.assign(harness.database, {
    read: (sql: string, args: Parameters<typeof read>[1]) => {
      asked.push(sql);
      return read(sql, args);
    },
  });
  await passes(run(100, 50));
  Object.assign(harness.database, { read });
  expect(asked.filter((sql) => /\bdata\b/.test(sql))).toEqual([]);
  expect((await chunks(series))[0]).toEqual(first);
  expect(await sizes(series)).toEqual([
    [2, 100],
    [2, 50],
  ]);
});

test("small chunks become one full one as soon as they have the points for it, and what is left stays small", async () => {
  const series = await passes(run(0, 1_000), run(1_000, 1_000), run(2_000, 1_000));
  expect(await sizes(series)).toEqual([
    [1, 2_400],
    [2, 600],
  ]);
});

test("many chunks of a few points are merged now and then, the old large ones seldom", async () => {
  const series = await passes(run(0, 500), ...Array.from({ length: 39 }, (_, pass) => run(500 + pass, 1)));
  expect((await sizes(series)).length).toBe(40);
  await passes(run(600, 1));
  expect(await sizes(series)).toEqual([
    [2, 500],
    [2, 40],
  ]);
});

test("a late point rewrites the one chunk that it belongs to, not all chunks between it and the newest", async () => {
  const series = await passes(run(0, 12_000));
  const before = await chunks(series);
  await passes([[START + 2_500, 9], ...run(12_000, 10)]);
  const after = await chunks(series);
  const kept = new Set(after.map((row) => row["id"]));
  expect(before.filter((row) => !kept.has(row["id"])).map((row) => row["t0"])).toEqual([START + 2_400]);
  expect(await sizes(series)).toEqual([...Array.from({ length: 5 }, () => [1, 2_400]), [2, 10]]);
});

test("points between full chunks stay beside each other, and history that comes newest first fills chunks", async () => {
  const spread = (from: number, n: number) => Array.from({ length: n }, (_, row) => [START + 10 * (from + row), 1] as const);
  const series = await passes(spread(0, 4_800), [[START + 23_999, 1]], [[START + 23_998, 1]]);
  expect(await sizes(series)).toEqual([
    [1, 2_400],
    [1, 2],
    [1, 2_400],
  ]);
  const backwards = await passes(...Array.from({ length: 10 }, (_, pass) => spread(-500 * (pass + 1), 500)));
  expect((await sizes(backwards)).length).toBeLessThan(8);
});

test("chunks from before there were tiers are read, and the newest of each series goes on where it has room", async () => {
  const [folder, file] = [await mkdtemp(join(tmpdir(), "intentvision-")), await mkdtemp(join(tmpdir(), "intentvision-"))];
  const database = await openDatabase({ url: `file:${join(file, "old.db")}` });
  try {
    const before = (await readdir(MIGRATIONS)).filter((name) => name < "0008");
    for (const name of before) await copyFile(new URL(name, MIGRATIONS), join(folder, name));
    await migrate(database, pathToFileURL(`${folder}/`), 0);
    // Three points of 1.5, -0 and 1e300, in the first encoding.
    const data = Buffer.from("KLUv/SApSQEAAwAAAICgq/75Ys+1qf75YgIAAJwAAHUAAAAAAIgAADwAAOT4ADc/gH4=", "base64");
    const row = `INSERT INTO chunk (org, series, t0, t1, n, seq, encoding, data) VALUES ('o', 's', :t0, :t1, :n, 1, 1, :data)`;
    await database.write([
      { sql: row, args: { t0: 1, t1: 2, n: 2, data: new Uint8Array(1) } },
      { sql: row, args: { t0: 1_700_000_000_000, t1: 1_700_000_030_001, n: 3, data } },
    ]);
    await migrate(database, MIGRATIONS, 0);
    const rows = await database.read("SELECT tier, n, encoding, rollup, data FROM chunk ORDER BY t0", {});
    expect(rows).toMatchObject([
      { tier: 1, n: 2 },
      { tier: 2, n: 3, rollup: null },
    ]);
    expect([...pointsOf(rows[1]!).values]).toEqual([1.5, -0, 1e300]);
  } finally {
    database.close();
    await rm(folder, { recursive: true });
    await rm(file, { recursive: true });
  }
});

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      from: fc.integer({ min: 0, max: 12_000 }),
      n: fc.integer({ min: 1, max: 1_500 }),
      stride: fc.integer({ min: 1, max: 3 }),
      backwards: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant("append" as const) },
  { weight: 3, arbitrary: fc.constant("compact" as const) },
  { weight: 2, arbitrary: fc.constant("poll" as const) },
);

test("whatever is written and compacted when: chunks never overlap, reads give the last writes, and a consumer sees every one of them", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const name = `metric${String((runs += 1))}`;
      const series = harness.deps.store.forOrg(harness.org).series.idOf(name, {});
      const model = new Map<number, number>();
      const seen = new Set<string>();
      let [writes, newest, cursor] = [0, 0, 0];
      const write = async (timestamps: number[]) => {
        const written = timestamps.map((timestamp) => [timestamp, (writes += 1) / 10] as const);
        await harness.store(name, written);
        for (const [timestamp, value] of written) model.set(timestamp, value);
        newest = Math.max(newest, ...timestamps);
      };
      const poll = async () => {
        const rows = await points().after(cursor, { maxPoints: 2_000 });
        for (const row of rows) {
          for (const own of row.points) {
            if (own.series === series)
              for (const [place, timestamp] of own.timestamps.entries()) seen.add(`${timestamp} ${own.values[place]}`);
          }
        }
        cursor = rows.at(-1)?.seq ?? cursor;
        return rows.length;
      };
      for (const todo of steps) {
        if (todo === "compact") await compact();
        else if (todo === "poll") await poll();
        else if (todo === "append") await write(Array.from({ length: 700 }, (_, row) => newest + 1 + row));
        else {
          const timestamps = Array.from({ length: todo.n }, (_, row) => todo.from + row * todo.stride);
          await write(todo.backwards ? timestamps.toReversed() : timestamps);
        }
      }
      while ((await poll()) > 0);

      const expected = [...model].toSorted(([a], [b]) => a - b);
      const read = await points().read(series, { from: 0, to: 1_000_000, limit: 1_000_000, order: "asc" });
      expect([...read.timestamps].map((timestamp, row) => [timestamp, read.values[row]])).toEqual(expected);
      const descending = await points().newest(series, { before: 1_000_000, limit: 1_000 });
      expect([...descending.timestamps].map((timestamp, row) => [timestamp, descending.values[row]])).toEqual(expected.slice(-1_000));
      expect(expected.filter(([timestamp, last]) => !seen.has(`${timestamp} ${last}`))).toEqual([]);

      let end = -Infinity;
      let small = false;
      for (const row of await chunks(series)) {
        const { timestamps } = pointsOf(row);
        expect([row["t0"], row["t1"], row["n"]]).toEqual([timestamps[0], timestamps.at(-1), timestamps.length]);
        expect(row["t0"]).toBeGreaterThan(end);
        end = row["t1"] as number;
        // Small ones come last, each smaller than a full one.
        expect([small, row["tier"]]).not.toEqual([true, 1]);
        small = row["tier"] === 2;
        expect(row["n"]).toBeLessThan(small ? 2_400 : 2_401);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
