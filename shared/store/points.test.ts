import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SeriesId } from "../contract/ids.ts";
import { LOG_CONSUMERS } from "../ports/points.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { moveCursor } from "./cursors.ts";
import type { Database } from "./database.ts";
import { createStores } from "./store.ts";

describe.each(DATABASES)("%s", (where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const pairs = ({ timestamps, values }: { timestamps: Float64Array; values: Float64Array }) =>
    [...timestamps].map((timestamp, row) => [timestamp, values[row]!] as const);

  const points = () => harness.deps.store.forOrg(harness.org).points;

  async function compact(maxPoints = 1_000_000) {
    const { org, database, deps } = harness;
    const log = await database.read("SELECT max(seq) AS seq FROM write_log WHERE org = :org", { org });
    const last = (log[0]!["seq"] as number | null) ?? 0;
    for (const consumer of LOG_CONSUMERS) {
      const at = await deps.store.forOrg(org).cursor(consumer);
      if (last > at) await database.write(moveCursor(consumer, org, at, last));
    }
    return deps.store.platform.compaction.compact(org, { maxPoints, now: START });
  }

  test("a point is readable as soon as its append has returned", async () => {
    const series = await harness.store("cpu", [[START, 1]]);
    expect(pairs(await points().newest(series, { before: START + 1, limit: 10 }))).toEqual([[START, 1]]);
    expect(harness.committed).toMatchObject([
      { type: "metrics.ingested", org: harness.org, data: { seq: 1, n: 1, from: START, to: START } },
    ]);
  });

  test("the outbox holds the event with the sequence number of its log row", async () => {
    await harness.store("cpu", [[START, 1]]);
    await harness.store("cpu", [[START + 1, 1]]);
    const pending = await harness.deps.store.platform.events.pending({ after: 0, limit: 10 });
    expect(pending.map(({ event }) => event.data)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
    expect(pending.map(({ event }) => event.id)).toEqual(harness.committed.map(({ id }) => id));
  });

  test("any order, duplication, splitting and compaction of the same writes reads back like a map", async () => {
    const write = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 99 })), { minLength: 1, maxLength: 12 });
    const step = fc.oneof(write, fc.constant("compact" as const));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 45 }),
        fc.integer({ min: 1, max: 20 }),
        async (steps, from, to, limit) => {
          const name = `metric${String((run += 1))}`;
          const series = harness.deps.store.forOrg(harness.org).series.idOf(name, {});
          const model = new Map<number, number>();
          for (const todo of steps) {
            if (todo === "compact") await compact();
            else {
              await harness.store(name, todo);
              for (const [timestamp, value] of todo) model.set(timestamp, value);
            }
          }
          const expected = [...model].filter(([timestamp]) => timestamp >= from && timestamp < to).toSorted(([a], [b]) => a - b);
          expect(pairs(await points().read(series, { from, to, limit, order: "asc" }))).toEqual(expected.slice(0, limit));
          expect(pairs(await points().read(series, { from, to, limit, order: "desc" }))).toEqual(expected.slice(-limit));
          const many = await points().readMany([series], { from, to });
          expect(pairs(many.get(series) ?? { timestamps: new Float64Array(), values: new Float64Array() })).toEqual(expected);
        },
      ),
      { numRuns: where === "in a file" ? 60 : 10 },
    );
  });

  test("a long series is split into chunks, and a window in its middle reads only what it asks for", async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => [START + row, row] as const);
    for (let start = 0; start < rows.length; start += 1_000) await harness.store("cpu", rows.slice(start, start + 1_000));
    const series = harness.deps.store.forOrg(harness.org).series.idOf("cpu", {});
    expect(await compact()).toEqual({ points: 30_000, rows: 30 });
    const [chunks] = await harness.database.read("SELECT count(*) AS n, max(n) AS largest FROM chunk", {});
    expect(chunks).toMatchObject({ n: 13, largest: 2_400 });
    const middle = await points().read(series, { from: START + 10_000, to: START + 29_000, limit: 3, order: "asc" });
    expect(pairs(middle)).toEqual([10_000, 10_001, 10_002].map((row) => [START + row, row]));
    const newest = await points().newest(series, { before: START + 20_000, limit: 10_000 });
    expect(newest.timestamps.length).toBe(10_000);
    expect(newest.values[0]).toBe(10_000);
  });

  test("chunks that are merged while a long window is read leave nothing out", async () => {
    const store = (pass: number) =>
      harness.store(
        "cpu",
        Array.from({ length: 100 }, (_, row) => [START + 100 * pass + row, pass] as const),
      );
    let series: SeriesId | undefined;
    for (let pass = 0; pass < 23; pass++) {
      series = await store(pass);
      await compact();
    }
    const { database, deps, org } = harness;
    const count = async () => (await database.read("SELECT count(*) AS n FROM chunk", {}))[0]!["n"] as number;
    let reads = 0;
    const overtaken: Database = {
      ...database,
      async read(sql, args) {
        const rows = await database.read(sql, args);
        if (sql.includes("FROM chunk") && (reads += 1) === 1) {
          await store(23);
          await compact();
        }
        return rows;
      },
    };
    expect(await count()).toBe(23);
    const stores = createStores(overtaken)({ newId: deps.newId, traceparent: null, committed: [] });
    const read = await stores.forOrg(org).points.read(series!, { from: START, to: START + 2_300, limit: 10_000, order: "asc" });
    expect(await count()).toBe(1);
    expect([...read.timestamps]).toEqual(Array.from({ length: 2_300 }, (_, row) => START + row));
    expect(reads).toBeGreaterThan(1);
  });

  test("a log of many pages that is compacted while it is read gives the last write of each point", async () => {
    const rewrite = async (first: number, last: number) => {
      let id: SeriesId | undefined;
      for (let value = first; value <= last; value++) id = await harness.store("cpu", [[START, value]]);
      return id!;
    };
    const series = await rewrite(1, 100);
    const { database, deps, org } = harness;
    let pages = 0;
    const overtaken: Database = {
      ...database,
      async read(sql, args) {
        const rows = await database.read(sql, args);
        // After the first page the rest of the log goes to chunks, and another series writes on.
        if (sql.includes("payload FROM write_log") && (pages += 1) === 1) {
          await compact();
          await harness.store("memory", [[START, 0]]);
        }
        return rows;
      },
    };
    const stores = createStores(overtaken)({ newId: deps.newId, traceparent: null, committed: [] });
    const read = await stores.forOrg(org).points.read(series, { from: START, to: START + 1, limit: 10, order: "asc" });
    expect([pairs(read), pages]).toEqual([[[START, 100]], 2]);
  });

  test("compaction leaves rows that a consumer has not seen, and takes them after an hour", async () => {
    await harness.store("cpu", [[START, 1]]);
    const { compaction } = harness.deps.store.platform;
    expect(await compaction.compact(harness.org, { maxPoints: 10, now: START })).toEqual({ points: 0, rows: 0 });
    expect(await compaction.compact(harness.org, { maxPoints: 10, now: START + 3_600_001 })).toEqual({ points: 1, rows: 1 });
  });

  test("a consumer that fell behind compaction gets the points from the chunks, as history, and then the log", async () => {
    await harness.store("cpu", [[START, 1]]);
    await harness.store("cpu", [[START + 1, 2]]);
    await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000, now: START + 3_600_001 });
    await harness.store("cpu", [[START + 2, 3]]);
    const seen: (readonly [number | null, unknown])[] = [];
    let seq = 0;
    for (;;) {
      const rows = await points().after(seq, { maxPoints: 100 });
      if (rows.length === 0) break;
      for (const row of rows) seen.push([row.createdAt, row.points.flatMap((own) => pairs(own))]);
      seq = rows.at(-1)!.seq;
    }
    expect(seen).toEqual([
      [
        null,
        [
          [START, 1],
          [START + 1, 2],
        ],
      ],
      [START, [[START + 2, 3]]],
    ]);
  });

  test("the answer of a batch is kept with it, and the same key again writes nothing", async () => {
    const once = { key: "k", route: "POST /x", payloadHash: "h", expiresAt: START + 1_000, status: 200, answer: "{}" };
    const tenant = harness.deps.store.forOrg(harness.org);
    const batch = (value: number) => ({
      points: { series: [tenant.series.resolve("cpu", {})], counts: [1], timestamps: [START], values: [value] },
      rejected: [],
      once,
      at: START,
    });
    await tenant.points.append(batch(1));
    await expect(tenant.points.append(batch(2))).rejects.toThrow("The write lost against another one");
    expect(pairs(await tenant.points.newest(tenant.series.idOf("cpu", {}), { before: START + 1, limit: 9 }))).toEqual([[START, 1]]);
    expect(await tenant.idempotency.find("k", START)).toMatchObject({ status: 200, answer: "{}" });
    await tenant.points.append({ ...batch(3), at: START + 1_000 });
    expect(pairs(await tenant.points.newest(tenant.series.idOf("cpu", {}), { before: START + 1, limit: 9 }))).toEqual([[START, 3]]);
  });

  test("another organisation reads nothing of a series, also with its id", async () => {
    const series = await harness.store("cpu", [[START, 1]]);
    await compact();
    await harness.store("cpu", [[START + 1, 1]]);
    const other = harness.deps.store.forOrg(harness.otherOrg);
    expect(await other.series.get(series)).toBeNull();
    expect((await other.points.newest(series, { before: START + 10, limit: 9 })).timestamps.length).toBe(0);
    expect(await other.points.readMany([series], { from: 0, to: START + 10 })).toEqual(new Map());
    expect(await other.points.after(0, { maxPoints: 10 })).toEqual([]);
  });

  test.each([
    [
      "the log of a window",
      "SELECT seq, payload FROM write_log WHERE org = 'o' AND t_max >= 1 AND t_min < 2 ORDER BY seq",
      "write_log_org",
    ],
    ["a hash of a key", "SELECT * FROM api_key WHERE hash = x'00'", "sqlite_autoindex_api_key"],
    ["the pending outbox", "SELECT seq, event FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT 10", "outbox_pending"],
    [
      "the chunks of a series",
      "SELECT data FROM chunk WHERE series = 's' AND org = 'o' AND t0 >= 1 AND t0 < 2 ORDER BY t0",
      "chunk_series",
    ],
  ])("%s is found by its index", async (_name, sql, index) => {
    const plan = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, {});
    expect(plan.map((row) => row["detail"] as string).join("\n")).toContain(index);
  });

  test("compaction and reads of many series find chunks series by series, however many the organisation has", async () => {
    const series = await harness.store("cpu", [[START, 1]]);
    const { read } = harness.database;
    const plans: string[] = [];
    Object.assign(harness.database, {
      read: async (sql: string, args: Parameters<typeof read>[1]) => {
        const explained = sql.includes("JOIN chunk") ? await read(`EXPLAIN QUERY PLAN ${sql}`, args) : [];
        if (explained.length > 0) plans.push(explained.map((row) => row["detail"] as string).join("; "));
        return read(sql, args);
      },
    });
    await compact();
    await harness.store("cpu", [[START - 1, 1]]);
    await compact();
    await points().readMany([series], { from: START, to: START + 1 });
    expect(plans).toHaveLength(3);
    for (const plan of plans) expect(plan).toMatch(/SEARCH c USING INDEX chunk_(series|small) \(series=\?/);
  });

  test("a series is found by matchers, page by page", async () => {
    const ids: SeriesId[] = [];
    for (const host of ["a", "b", "c"]) ids.push(await harness.store("cpu", [[START, 1]], { host, region: "eu" }));
    await harness.store("memory", [[START, 1]], { host: "a" });
    const { series } = harness.deps.store.forOrg(harness.org);
    const all = await series.list({ matchers: [] }, { limit: 3 });
    const rest = await series.list({ matchers: [] }, { limit: 3, cursor: all.nextCursor! });
    expect([...all.items, ...rest.items].map(({ metricKey }) => metricKey)).toEqual(["cpu", "cpu", "cpu", "memory"]);
    expect(rest.nextCursor).toBeNull();
    const picked = await series.list({ metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "[ab]" }] }, { limit: 10 });
    expect(picked.items.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted());
  });
});
