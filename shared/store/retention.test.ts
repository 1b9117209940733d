import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { Conflict } from "./database.ts";
import type { Database, Statement } from "./database.ts";
import { createStores } from "./store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEPT = { rawMs: 2 * DAY, rollupsMs: 10 * DAY };
const FOR_EVER = { rawMs: null, rollupsMs: null };
const LIMIT = 2;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const stores = (database: Database = harness.database) =>
  createStores(database)({ newId: harness.deps.newId, traceparent: null, committed: [] });
const points = () => harness.deps.store.forOrg(harness.org).points;
const compact = (database?: Database) =>
  stores(database).platform.compaction.compact(harness.org, { maxPoints: 1_000_000, now: START + HOUR + 1 });

/** Minutes of n days, as chunks of 40 hours; and once a day a point of another series, in chunks of one point. */
async function fill(days: number): Promise<readonly [SeriesId, SeriesId]> {
  const cpu = await harness.store(
    "cpu",
    Array.from({ length: 1_440 * days }, (_, minute) => [START + minute * 60_000, minute % 97] as const),
  );
  let daily: SeriesId | undefined;
  for (let day = 0; day < days; day++) {
    daily = await harness.store("daily", [[START + day * DAY, day]]);
    await compact();
  }
  return [cpu, daily!];
}

async function expireAll(now: number, database?: Database, org: OrgId = harness.org): Promise<void> {
  while ((await stores(database).platform.expiry.expire(org, { now, limit: LIMIT })) > 0);
}

/** Everything that can be read: raw, and by the hour. */
async function readable(series: readonly SeriesId[]) {
  return Promise.all(
    series.map(async (id) => {
      const window = { from: 0, to: START + 100 * DAY, limit: 100_000, order: "asc" } as const;
      const raw = await points().read(id, window);
      const hours = await points().buckets(id, { ...window, step: HOUR, aggregates: ["count", "sum", "min", "max", "last"] });
      return { raw: [...raw.timestamps].map((timestamp, row) => [timestamp, raw.values[row]!] as const), hours };
    }),
  );
}

test("points past their retention go chunk by chunk and their hours stay, until those are past theirs", async () => {
  const series = await fill(8);
  const before = await readable(series);
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  const now = START + 8 * DAY;
  await expireAll(now);
  const after = await readable(series);
  expect(after.map(({ hours }) => hours)).toEqual(before.map(({ hours }) => hours));
  for (const [place, { raw }] of after.entries()) {
    expect(raw).toEqual(before[place]!.raw.slice(-raw.length));
    // Nothing that is to be kept is gone, and no chunk stays that has nothing but what is not.
    expect(raw[0]![0]).toBeLessThanOrEqual(now - KEPT.rawMs + DAY);
    expect(raw[0]![0]).toBeGreaterThan(now - KEPT.rawMs - 2_400 * 60_000);
  }
  const bytes = "SELECT sum(length(data)) AS bytes FROM chunk WHERE tier = 0";
  expect((await harness.database.read(bytes, {}))[0]!["bytes"]).toBe(0);

  await expireAll(now + 5 * DAY);
  const [cpu] = await readable(series);
  expect(cpu!.hours.timestamps[0]).toBeGreaterThan(now + 5 * DAY - KEPT.rollupsMs - 2_400 * 60_000);
  expect(cpu!.hours.timestamps[0]).toBeLessThanOrEqual(now + 5 * DAY - KEPT.rollupsMs);
  await expireAll(now + 50 * DAY);
  expect(await harness.database.read("SELECT id FROM chunk", {})).toEqual([]);
});

test("without a retention nothing goes, nor does another organisation's", async () => {
  const series = await fill(3);
  const before = await readable(series);
  await expireAll(START + 1_000 * DAY);
  await harness.deps.store.forOrg(harness.otherOrg).retention.replace(KEPT, FOR_EVER);
  await expireAll(START + 1_000 * DAY, undefined, harness.otherOrg);
  expect(await readable(series)).toEqual(before);
  expect(await stores().platform.expiry.orgs("", 10)).toEqual([harness.otherOrg]);
});

/** A database that dies at its k-th write: before it is done, or after, so that nobody hears of it. */
function dying(at: number, when: "before" | "after"): Database {
  let writes = 0;
  return {
    ...harness.database,
    async write(statements) {
      const dies = writes++ === at;
      if (dies && when === "before") throw new Error("killed");
      const results = await harness.database.write(statements);
      if (dies) throw new Error("killed");
      return results;
    },
  };
}

test.each(["before", "after"] as const)("who dies %s any write of an expiry loses and doubles nothing", async (when) => {
  const series = await fill(8);
  const before = await readable(series);
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  let deaths = 0;
  for (let at = 0; ; at++) {
    try {
      await expireAll(START + 8 * DAY, dying(at % 3, when));
      break;
    } catch (error) {
      expect(String(error)).toContain("killed");
      deaths += 1;
    }
    const now = await readable(series);
    expect(now.map(({ hours }) => hours)).toEqual(before.map(({ hours }) => hours));
    for (const [place, { raw }] of now.entries()) expect(raw).toEqual(before[place]!.raw.slice(-raw.length));
    if (deaths > 100) throw new Error("It never ends");
  }
  expect(deaths).toBeGreaterThan(2);
  const [cpu] = await readable(series);
  expect(cpu!.raw.length).toBeLessThan(before[0]!.raw.length);
});

test.each(["before", "after"] as const)("who dies %s the write of a compaction that merges loses and doubles nothing", async (when) => {
  const series = await fill(1);
  for (let pass = 0; pass < 6; pass++) {
    await harness.store(
      "cpu",
      Array.from({ length: 700 }, (_, row) => [START + DAY + (pass * 600 + row) * 60_000, pass] as const),
    );
    const before = await readable(series);
    await expect(compact(dying(0, when))).rejects.toThrow("killed");
    expect(await readable(series)).toEqual(before);
    await compact();
    expect(await readable(series)).toEqual(before);
  }
});

test("a compaction whose chunk is emptied meanwhile writes nothing, and the next one leaves what has gone as it is", async () => {
  const [cpu] = await fill(8);
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  await harness.store("cpu", [
    [START + 30_000, 1_000],
    [START + 9 * DAY, 1],
  ]);
  const [before] = await readable([cpu]);
  const { database } = harness;
  let isExpired = false;
  const overtaken: Database = {
    ...database,
    async read(sql, args) {
      const rows = await database.read(sql, args);
      if (sql.includes("seq, encoding, data") && !isExpired) {
        isExpired = true;
        await expireAll(START + 8 * DAY);
      }
      return rows;
    },
  };
  await expect(compact(overtaken)).rejects.toThrow(Conflict);
  await compact();
  const [after] = await readable([cpu]);
  // The late point lies among points that are gone: it is not taken in.
  const rest = ({ hours }: typeof after & object) => [
    hours.timestamps.slice(1),
    hours.aggregates["count"]!.slice(1),
    hours.aggregates["sum"]!.slice(1),
  ];
  expect(rest(after!)).toEqual(rest(before!));
  expect(after!.hours.aggregates["count"]![0]).toBe(60);
  expect(after!.raw.at(-1)).toEqual([START + 9 * DAY, 1]);
});

test("a consumer that fell behind passes by what has gone", async () => {
  await fill(4);
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  await expireAll(START + 4 * DAY);
  const seen: number[] = [];
  for (let seq = 0; ;) {
    const rows = await points().after(seq, { maxPoints: 1_000_000 });
    if (rows.length === 0) break;
    seq = rows.at(-1)!.seq;
    for (const row of rows) for (const own of row.points) seen.push(...own.timestamps);
  }
  const left = await harness.database.read("SELECT sum(n) AS n FROM chunk WHERE tier > 0", {});
  expect(seen.length).toBe(left[0]!["n"]);
  expect(seen.length).toBeGreaterThan(0);
});

test("points are taken in as far back as they are kept, and never among those that were dropped", async () => {
  await fill(4);
  const { retention } = harness.deps.store.forOrg(harness.org);
  const floor = async (now: number) => (await stores().forOrg(harness.org).points.floor(now))?.earliest ?? null;
  expect(await floor(START)).toBeNull();
  await retention.replace(KEPT, FOR_EVER);
  expect(await floor(START + 4 * DAY)).toBe(START + 2 * DAY);
  await expireAll(START + 4 * DAY);
  await retention.replace(FOR_EVER, KEPT);
  expect(await floor(START + 9 * DAY)).toBe(START + 2 * DAY);
  expect(await retention.get()).toEqual({ rawMs: null, rollupsMs: null });
});

test("what a process knows of a retention is at most a minute old", async () => {
  const { points: own, retention } = harness.deps.store.forOrg(harness.org);
  expect(await own.floor(START)).toBeNull();
  await retention.replace(KEPT, FOR_EVER);
  expect(await own.floor(START + 60_000)).toBeNull();
  expect(await own.floor(START + 60_001)).toMatchObject({ earliest: START + 60_001 - KEPT.rawMs });
});

test("dead letters from before a time are forgotten, others stay", async () => {
  const numbers = `
    INSERT INTO dead_letter (id, org, source, reason, payload, created_at, attempts)
    WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < :n)
    SELECT 'dle_' || value, :org, 's', 'r', 'p', value, 1 FROM n`;
  await harness.database.write([{ sql: numbers, args: { org: harness.org, n: 2_500 } }]);
  await stores().platform.expiry.forgetDeadLetters(2_400);
  expect(await harness.database.read("SELECT count(*) AS n, min(created_at) AS oldest FROM dead_letter", {})).toMatchObject([
    { n: 101, oldest: 2_400 },
  ]);
});

test("what is past its retention is found by its age, however many chunks there are", async () => {
  await fill(4);
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  const asked: Statement[] = [];
  const listening: Database = {
    ...harness.database,
    read(sql, args) {
      asked.push({ sql, args });
      return harness.database.read(sql, args);
    },
    write(statements) {
      asked.push(...statements);
      return harness.database.write(statements);
    },
  };
  await expireAll(START + 4 * DAY, listening);
  await stores(listening).platform.expiry.forgetDeadLetters(1);
  const plans: string[] = [];
  for (const { sql, args } of asked) {
    const rows = await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, args);
    plans.push(...rows.map((row) => row["detail"] as string).filter((detail) => /^S(EARCH|CAN) (chunk|dead_letter)/.test(detail)));
  }
  const allowed =
    /chunk USING (INDEX|COVERING INDEX) chunk_age \(org=\? AND tier=\? AND t1<\?\)|USING INTEGER PRIMARY KEY|dead_letter USING (PRIMARY KEY|COVERING INDEX dead_letter_age)/;
  expect(plans.filter((plan) => !allowed.test(plan))).toEqual([]);
  expect(plans.length).toBeGreaterThan(5);
});

test("a chunk that took the place of one that is past, after that was looked at, keeps its points", async () => {
  const series = await harness.store("cpu", [[START, 1]]);
  await compact();
  await harness.deps.store.forOrg(harness.org).retention.replace(KEPT, FOR_EVER);
  const now = START + 3 * DAY;
  // The chunk is written anew with a point of today, and its row's number is given out again, while the lease of the expiry has run out.
  let isOvertaken = false;
  const overtaken: Database = {
    ...harness.database,
    async write(statements: readonly Statement[]) {
      if (!isOvertaken && statements.some(({ sql }) => sql.includes("chunk"))) {
        isOvertaken = true;
        await harness.store("cpu", [
          [START, 1],
          [now, 2],
        ]);
        await compact();
      }
      return harness.database.write(statements);
    },
  };
  await stores(overtaken).platform.expiry.expire(harness.org, { now, limit: LIMIT });
  expect(isOvertaken).toBe(true);
  const { values } = await points().read(series, { from: now, to: now + 1, limit: 10, order: "asc" });
  expect([...values]).toEqual([2]);
});
