import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { batchOf } from "../../shared/core/series/batch.ts";
import { seriesId } from "../../shared/core/series/series-id.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";

const MINUTE = 60_000;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const ingested = (seq: number, org = harness.org) => testEvent("metrics.ingested", org, { seq, n: 1, from: 0, to: 0 });
const lastSeq = async () => (await harness.database.read("SELECT coalesce(max(seq), 0) AS seq FROM write_log", {}))[0]!["seq"] as number;
const detect = async () => harness.deliver(event, ingested(await lastSeq()));
const told = (type: string) => harness.committed.filter((committed) => committed.type === type).map(({ data }) => data);
const anomalies = async (series: SeriesId) => tenant().anomalies.forSeries([series], { after: 0 });
const spikes = async (series: SeriesId) => (await anomalies(series)).filter(({ value }) => value >= 500);

/** Everything that detection has written, but for the versions of states, which count batches. */
async function written() {
  const read = (sql: string) => harness.database.read(sql, {});
  return JSON.stringify([
    await read("SELECT * FROM anomaly ORDER BY id"),
    (await read("SELECT series, seq, scored_to, calm_to, cadence_ms, open, state FROM detector_state ORDER BY series")).map((row) => ({
      ...row,
      state: Buffer.from(row["state"] as ArrayBuffer).toString("hex"),
    })),
    await read("SELECT * FROM cursor WHERE consumer = 'detect' ORDER BY org"),
    await read("SELECT * FROM points_ahead"),
    await read("SELECT count(*) AS n FROM outbox WHERE topic = 'anomalies'"),
  ]);
}

/** Has the next write of some kind fail, as if the process were killed before it. */
function dieBefore(sql: string) {
  const { write } = harness.database;
  const dying: typeof write = async (statements) => {
    if (!statements.some((statement) => statement.sql.includes(sql))) return write(statements);
    Object.assign(harness.database, { write });
    throw new Error("killed");
  };
  Object.assign(harness.database, { write: dying });
}

describe("scoring what comes in", () => {
  test("a spike becomes an anomaly and is told at once, and again when it is over", async () => {
    const cpu = await harness.store("cpu", quietPoints(300));
    await detect();
    harness.committed.length = 0;
    const at = START + MINUTE;
    harness.clock.set(at);
    await harness.store("cpu", quietPoints(1, { until: at, spikes: [at] }));
    await detect();

    const [spike] = await spikes(cpu);
    expect(spike).toMatchObject({ timestamp: at, direction: "above", historical: false, clearedAt: null, detectedAt: at });
    expect(told("anomaly.detected")).toEqual([{ series: cpu, anomalies: [spike!.id] }]);
    expect((await tenant().detection.lastScored([cpu])).get(cpu)).toEqual({ scoredTo: at, cadenceMs: MINUTE, anomalous: true });

    const calm = quietPoints(60, { until: at + 60 * MINUTE });
    harness.clock.set(at + 60 * MINUTE);
    await harness.store("cpu", calm);
    await detect();
    const anomalous = new Set((await anomalies(cpu)).map(({ timestamp }) => timestamp));
    const [firstCalm] = calm.find(([timestamp]) => !anomalous.has(timestamp))!;
    expect(await spikes(cpu)).toMatchObject([{ clearedAt: firstCalm }]);
    expect(told("anomaly.cleared")).toHaveLength(1);
    expect((await tenant().detection.lastScored([cpu])).get(cpu)).toMatchObject({ anomalous: false });
  });

  test("anomalies among points that came in more than ten minutes late are historical, and nobody is told", async () => {
    const spikeTimes = [START - 60 * MINUTE, START - 11 * MINUTE, START - 9 * MINUTE];
    const cpu = await harness.store("cpu", quietPoints(300, { spikes: spikeTimes }));
    await detect();
    const found = await spikes(cpu);
    expect(found.map(({ timestamp, historical }) => [timestamp, historical])).toEqual(spikeTimes.map((at, row) => [at, row < 2]));
    const ids = (told("anomaly.detected") as { anomalies: string[] }[]).flatMap((data) => data.anomalies);
    expect(ids).toContain(found[2]!.id);
    expect(ids).not.toContain(found[1]!.id);
  });

  test("one event scores many rows, of every series, and the events of those rows then change nothing", async () => {
    for (let row = 0; row < 30; row++) {
      for (const metric of ["cpu", "load"]) await harness.store(metric, quietPoints(10, { until: START - (29 - row) * 10 * MINUTE }));
    }
    await harness.deliver(event, ingested(1));
    expect(await tenant().cursor("detect")).toBe(60);
    const before = await written();
    for (let seq = 1; seq <= 60; seq++) await harness.deliver(event, ingested(seq));
    expect(await written()).toBe(before);
  });
});

describe("at least once", () => {
  test("events that are delivered again, twice at once and in another order lead to the same anomalies and states", async () => {
    const batches = Array.from({ length: 12 }, (_, row) =>
      quietPoints(30, { until: START - (11 - row) * 30 * MINUTE, spikes: [START - 45 * MINUTE] }),
    );
    for (const batch of batches) {
      await harness.store("cpu", batch);
      await detect();
    }
    const inOrder = await written();
    const { org } = harness;
    harness.close();

    harness = await startHarness();
    expect(harness.org).toBe(org);
    for (const [row, batch] of batches.entries()) {
      await harness.store("cpu", batch);
      // Events come late, doubled and backwards.
      if (row % 4 === 3) {
        for (const seq of [row + 1, row, row + 1, row - 2, 1]) {
          await Promise.allSettled([harness.deliver(event, ingested(seq)), harness.deliver(event, ingested(seq))]);
        }
      }
    }
    expect(await written()).toBe(inOrder);
    expect(await spikes(tenant().series.idOf("cpu", {}))).toHaveLength(1);
  });

  test.each([
    ["before the commit", "detector_state"],
    ["before the lease is given back", "DELETE FROM lease"],
    ["before the lease is taken", "INSERT INTO lease"],
  ])("a worker that dies %s loses nothing, and the event's redelivery ends with what one run gives", async (_when, sql) => {
    const points = quietPoints(300, { spikes: [START - MINUTE] });
    const cpu = await harness.store("cpu", points);
    dieBefore(sql);
    await expect(detect()).rejects.toThrow("killed");
    harness.clock.advance(2 * MINUTE);
    await detect();
    expect(await spikes(cpu)).toHaveLength(1);
    expect(await tenant().cursor("detect")).toBe(1);
    expect((told("anomaly.detected") as { anomalies: string[] }[]).flatMap((data) => data.anomalies)).toContain((await spikes(cpu))[0]!.id);
  });

  test("a worker that dies between two batches of one pass goes on with the series that are left", async () => {
    const points = Array.from({ length: 1_500 }, (_, host) => {
      const dimensions = `{"host":"${host}"}`;
      const columns = { timestamps: Float64Array.of(START - MINUTE, START), values: Float64Array.of(1, 2) };
      return { series: seriesId(harness.org, "cpu", dimensions), metricKey: "cpu", dimensions, ...columns };
    });
    await tenant().points.append({ points: batchOf(points), rejected: [], at: START });
    const { write } = harness.database;
    let batches = 0;
    const dying: typeof write = async (statements) => {
      if (statements.some(({ sql }) => sql.includes("detector_state")) && (batches += 1) === 2) throw new Error("killed");
      return write(statements);
    };
    Object.assign(harness.database, { write: dying });
    await expect(detect()).rejects.toThrow("killed");
    expect(await tenant().cursor("detect")).toBe(0);
    Object.assign(harness.database, { write });
    await detect();

    expect(await tenant().cursor("detect")).toBe(1);
    const rows = await harness.database.read("SELECT version, state FROM detector_state", {});
    // Each series has learned its two points, and those of the first batch not twice.
    expect(rows).toHaveLength(1_500);
    expect(new Set(rows.map((row) => Buffer.from(row["state"] as ArrayBuffer).toString("hex"))).size).toBe(1);
  });
});

describe("two workers", () => {
  test("while another holds the lease, an event whose points are still to be scored is left to be delivered again", async () => {
    await harness.store("cpu", quietPoints(30));
    const { leases } = harness.deps.store.platform;
    await leases.acquire(`detect:${harness.org}`, "another", START + MINUTE, START);
    await expect(detect()).rejects.toMatchObject({ name: "Unavailable", retryable: true });
    expect(await tenant().cursor("detect")).toBe(0);

    harness.clock.advance(MINUTE);
    await detect();
    expect(await tenant().cursor("detect")).toBe(1);
    // What is scored already is acknowledged, whoever holds the lease.
    await leases.acquire(`detect:${harness.org}`, "another", START + 9 * MINUTE, START + MINUTE);
    await detect();
  });

  test("one that goes on after its lease ran out commits nothing that the other has scored, and then sees that all is done", async () => {
    const cpu = await harness.store("cpu", quietPoints(300, { spikes: [START] }));
    const { write } = harness.database;
    let overtaken = false;
    const overtaking: typeof write = async (statements) => {
      if (!overtaken && statements.some(({ sql }) => sql.includes("detector_state"))) {
        overtaken = true;
        harness.clock.advance(2 * MINUTE);
        await detect();
        expect(await tenant().cursor("detect")).toBe(1);
      }
      return write(statements);
    };
    Object.assign(harness.database, { write: overtaking });
    await detect();
    expect(overtaken).toBe(true);
    expect(await harness.database.read("SELECT version FROM detector_state", {})).toEqual([{ version: 1 }]);
    expect(await spikes(cpu)).toHaveLength(1);
    expect(told("anomaly.detected").filter((data) => JSON.stringify(data).includes("ano_"))).toHaveLength(1);
  });
});

describe("what may come between", () => {
  test("a state that cannot be read makes its own series start anew, is logged, and holds up no other", async () => {
    await harness.store("cpu", quietPoints(100, { until: START - 100 * MINUTE }));
    const load = await harness.store("load", quietPoints(100, { until: START - 100 * MINUTE }));
    await detect();
    const cpu = tenant().series.idOf("cpu", {});
    await harness.database.write([
      { sql: "UPDATE detector_state SET state = :state WHERE series = :cpu", args: { cpu, state: Uint8Array.of(9) } },
    ]);
    for (const metric of ["cpu", "load"]) await harness.store(metric, quietPoints(100));
    await detect();
    expect(harness.warnings).toEqual([expect.stringContaining(cpu)]);
    const scored = await tenant().detection.lastScored([cpu, load]);
    expect([scored.get(cpu)?.scoredTo, scored.get(load)?.scoredTo]).toEqual([START, START]);
    const states = await tenant().detection.states([cpu, load]);
    expect(states.find(({ series }) => series === cpu)!.state.length).toBeGreaterThan(100);
  });

  test("a reader that fell behind compaction catches up from the chunks: all as history, nothing left out, nothing twice", async () => {
    const cpu = await harness.store("cpu", quietPoints(100, { until: START - 200 * MINUTE }));
    await detect();
    for (let row = 0; row < 4; row++) {
      const spiky = { until: START - (3 - row) * 50 * MINUTE, spikes: [START - 120 * MINUTE, START - MINUTE] };
      await harness.store("cpu", quietPoints(50, spiky));
    }
    const seen = await tenant().detection.states([cpu]);
    harness.clock.advance(2 * 60 * MINUTE);
    await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000_000, now: harness.clock.now() });
    expect(await harness.database.read("SELECT count(*) AS n FROM write_log", {})).toEqual([{ n: 0 }]);
    harness.committed.length = 0;
    await harness.deliver(event, ingested(5));

    expect(await tenant().cursor("detect")).toBe(5);
    expect((await spikes(cpu)).map(({ timestamp, historical }) => [timestamp, historical])).toEqual([
      [START - 120 * MINUTE, true],
      [START - MINUTE, true],
    ]);
    expect(harness.committed).toEqual([]);
    const [state] = await tenant().detection.states([cpu]);
    expect([seen[0]!.scoredTo, state!.scoredTo]).toEqual([START - 200 * MINUTE, START]);
    const inOne = await startHarness();
    await inOne.store("cpu", quietPoints(300, { spikes: [START - 120 * MINUTE, START - MINUTE] }));
    await inOne.deliver(event, ingested(1, inOne.org));
    expect(state!.state).toEqual((await inOne.deps.store.forOrg(inOne.org).detection.states([cpu]))[0]!.state);
    inOne.close();
  });

  test("rows that are compacted between two reads of one pass are read from the chunks", async () => {
    const cpu = await harness.store("cpu", quietPoints(300));
    await harness.store("load", quietPoints(300));
    harness.clock.advance(2 * 60 * MINUTE);
    const { read } = harness.database;
    const overtaken: typeof read = async (sql, args) => {
      if (sql.includes("FROM write_log WHERE org = :org AND seq > :seq ORDER BY")) {
        Object.assign(harness.database, { read });
        await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000_000, now: harness.clock.now() });
        await harness.store("cpu", quietPoints(1, { until: START + MINUTE }));
      }
      return read(sql, args);
    };
    Object.assign(harness.database, { read: overtaken });
    await harness.deliver(event, ingested(3));
    expect(await tenant().cursor("detect")).toBe(3);
    const load = tenant().series.idOf("load", {});
    const scored = await tenant().detection.lastScored([cpu, load]);
    expect([scored.get(cpu)?.scoredTo, scored.get(load)?.scoredTo]).toEqual([START + MINUTE, START]);
  });

  test("work that does not fit into the time is left for the next delivery", async () => {
    await harness.store("cpu", quietPoints(30));
    const { write } = harness.database;
    const slow: typeof write = async (statements) => {
      if (statements.some(({ sql }) => sql.includes("detector_state"))) {
        harness.clock.advance(200_000);
        await harness.store("cpu", quietPoints(1));
      }
      return write(statements);
    };
    Object.assign(harness.database, { write: slow });
    await harness.deliver(event, ingested(1));
    Object.assign(harness.database, { write });
    expect(await tenant().cursor("detect")).toBe(1);
    await harness.deliver(event, ingested(2));
    expect(await tenant().cursor("detect")).toBe(2);
  });

  test("the points of one organisation are scored for it alone", async () => {
    const cpu = await harness.store("cpu", quietPoints(300, { spikes: [START] }));
    await harness.deliver(event, ingested(1, harness.otherOrg));
    expect(await harness.database.read("SELECT * FROM detector_state", {})).toEqual([]);
    await detect();
    expect(await harness.deps.store.forOrg(harness.otherOrg).anomalies.forSeries([cpu], { after: 0 })).toEqual([]);
    expect(await spikes(cpu)).toHaveLength(1);
    expect(harness.committed.filter(({ type }) => type === "anomaly.detected").every(({ org }) => org === harness.org)).toBe(true);
  });
});

test("a counter is scored by its rate as soon as it is known to be one, also what came in before", async () => {
  const tenant = harness.deps.store.forOrg(harness.org);
  const id = tenant.series.idOf("requests", {});
  const count = (from: number, to: number, before: number) => {
    let total = before;
    return Array.from({ length: to - from }, (_, row): [number, number] => [
      START + (from + row) * MINUTE,
      (total += 600 + 10 * Math.sin(2.3 * row) + (from + row === 390 ? 30_000 : 0)),
    ]);
  };
  const first = count(0, 200, 0);
  await harness.store("requests", first.slice(0, 5));
  harness.clock.set(START + 5 * MINUTE);
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: 1, n: 5, from: 0, to: 0 }));
  const present = (await tenant.series.get(id))!;
  await tenant.series.update({ ...present, kind: "counter" }, present);
  await harness.store("requests", first.slice(5));
  await harness.store("requests", count(200, 400, first.at(-1)![1]));
  harness.clock.set(START + 400 * MINUTE);
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: 3, n: 395, from: 0, to: 0 }));
  const { items } = await tenant.anomalies.list({ series: id }, { limit: 100, cursor: undefined });
  expect(items.map(({ timestamp }) => Date.parse(timestamp))).toEqual([START + 390 * MINUTE]);
  expect(items[0]!.value).toBeCloseTo(510, -1);
});
