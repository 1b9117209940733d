import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { newDetectorRecord } from "../core/detect/series-detection.ts";
import type { SeriesId } from "../contract/ids.ts";
import { quietPoints, testAnomaly, testPass, testRecord } from "../testing/detection.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
let cpu: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", quietPoints(1));
  harness.committed.length = 0;
});
afterEach(() => harness.close());

const tenant = (org = harness.org) => harness.deps.store.forOrg(org);
const count = async (table: string) => (await harness.database.read(`SELECT count(*) AS n FROM ${table}`, {}))[0]!["n"];
const columns = (timestamps: number[], values: number[]) => ({
  timestamps: Float64Array.from(timestamps),
  values: Float64Array.from(values),
});

describe("commit", () => {
  test("a pass stores the state, moves the cursor, stores its anomalies and tells of those that are not historical", async () => {
    const [live, old] = [
      testAnomaly(harness.org, cpu, START),
      testAnomaly(harness.org, cpu, START - 3_600_000, { historical: true, clearedAt: START - 3_540_000 }),
    ];
    const record = testRecord(cpu, { seq: 1, scoredTo: START, calmTo: START - 60_000, cadenceMs: 60_000, open: "live" });
    expect(await tenant().detection.commit(testPass({ cursor: { from: 0, to: 1 }, states: [record], anomalies: [old, live] }))).toBe(true);

    expect(await tenant().cursor("detect")).toBe(1);
    expect(await tenant().detection.states([cpu])).toEqual([{ ...record, version: 1 }]);
    expect(await tenant().detection.lastScored([cpu])).toEqual(new Map([[cpu, { scoredTo: START, cadenceMs: 60_000, anomalous: true }]]));
    expect(await tenant().anomalies.forSeries([cpu], { after: 0 })).toEqual([old, live]);
    expect(harness.committed).toMatchObject([{ type: "anomaly.detected", org: harness.org, data: { series: cpu, anomalies: [live.id] } }]);
  });

  test("a pass that read before somebody else moved the cursor writes nothing", async () => {
    const pass = testPass({ cursor: { from: 0, to: 1 }, states: [testRecord(cpu)], anomalies: [testAnomaly(harness.org, cpu, START)] });
    expect(await tenant().detection.commit(testPass({ cursor: { from: 0, to: 1 } }))).toBe(true);
    expect(await tenant().detection.commit(pass)).toBe(false);
    expect([await count("detector_state"), await count("anomaly"), harness.committed.length]).toEqual([0, 0, 0]);
  });

  test.each([
    ["first", 0],
    ["further", 1],
  ])("of two passes with the same %s version of a state the second writes nothing", async (_which, version) => {
    for (let before = 0; before < version; before++) {
      await tenant().detection.commit(testPass({ states: [testRecord(cpu, { version: before })] }));
    }
    const pass = testPass({ states: [testRecord(cpu, { version })], anomalies: [testAnomaly(harness.org, cpu, START)] });
    const other = testPass({ states: [testRecord(cpu, { version, seq: 7 })] });
    expect(await tenant().detection.commit(other)).toBe(true);
    expect(await tenant().detection.commit(pass)).toBe(false);
    expect(await tenant().detection.states([cpu])).toMatchObject([{ version: version + 1, seq: 7 }]);
    expect([await count("anomaly"), harness.committed.length]).toEqual([0, 0]);
  });

  test("an anomaly that is there stays as it was published, and is not told again", async () => {
    const anomaly = testAnomaly(harness.org, cpu, START);
    await tenant().detection.commit(testPass({ anomalies: [anomaly] }));
    await tenant().detection.commit(testPass({ anomalies: [{ ...anomaly, score: 0.5, value: 1 }] }));
    expect(await tenant().anomalies.forSeries([cpu], { after: 0 })).toEqual([anomaly]);
    expect(harness.committed).toHaveLength(1);
  });

  test("an event names a hundred anomalies at most, all of one series", async () => {
    const load = tenant().series.idOf("load", {});
    const anomalies = Array.from({ length: 250 }, (_, row) => testAnomaly(harness.org, row % 2 === 0 ? cpu : load, START + row));
    await tenant().detection.commit(testPass({ anomalies }));
    const data = harness.committed.map((event) => event.data as { series: string; anomalies: string[] });
    expect(data.map(({ series, anomalies: ids }) => [series, ids.length])).toEqual([
      [cpu, 100],
      [cpu, 25],
      [load, 100],
      [load, 25],
    ]);
    expect(new Set(data.flatMap(({ anomalies: ids }) => ids))).toEqual(new Set(anomalies.map(({ id }) => id)));
  });

  test("a clearing point clears what is open before it, and nothing else", async () => {
    const load = tenant().series.idOf("load", {});
    const [before, after, others] = [START, START + 120_000, START];
    await tenant().detection.commit(
      testPass({
        anomalies: [
          testAnomaly(harness.org, cpu, before),
          testAnomaly(harness.org, cpu, after),
          testAnomaly(harness.org, cpu, START - 60_000, { clearedAt: START - 30_000 }),
          testAnomaly(harness.org, load, others),
        ],
      }),
    );
    const at = START + 60_000;
    await tenant().detection.commit(testPass({ clears: [{ series: cpu, at }], cleared: [{ series: cpu, at }] }));
    const clearedAt = async (series: SeriesId) =>
      (await tenant().anomalies.forSeries([series], { after: 0 })).map((anomaly) => anomaly.clearedAt);
    expect(await clearedAt(cpu)).toEqual([START - 30_000, at, null]);
    expect(await clearedAt(load)).toEqual([null]);
    expect(harness.committed.at(-1)).toMatchObject({ type: "anomaly.cleared", org: harness.org, data: { series: cpu, at } });
  });
});

describe("points ahead of their time", () => {
  test("they are due from their earliest timestamp on, and gone with the pass that scored them", async () => {
    const add = [
      { seq: 1, dueAt: START + 2_000, points: [{ series: cpu, ...columns([START + 2_000, START + 9_000], [1.1, 2.2]) }] },
      { seq: 1, dueAt: START + 1_000, points: [{ series: cpu, ...columns([START + 1_000], [3.3]) }] },
    ];
    await tenant().detection.commit(testPass({ ahead: { add, remove: [] } }));
    expect(await tenant().detection.due(START, { maxPoints: 10 })).toEqual([]);
    const due = await tenant().detection.due(START + 2_000, { maxPoints: 10 });
    expect(due.map(({ id: _, ...row }) => row)).toEqual([add[1], add[0]]);
    expect(await tenant().detection.due(START + 2_000, { maxPoints: 1 })).toHaveLength(1);
    expect(await harness.deps.store.platform.detecting.orgs(START + 1_000, 10)).toEqual([harness.org]);

    await tenant().detection.commit(testPass({ ahead: { add: [], remove: due.map(({ id }) => id) } }));
    expect(await tenant().detection.due(START + 9_000, { maxPoints: 10 })).toEqual([]);
    expect(await harness.deps.store.platform.detecting.orgs(START + 9_000, 10)).toEqual([]);
  });
});

describe("tenant isolation", () => {
  test("an organisation reads, clears and replaces nothing of another's detection", async () => {
    const add = [{ seq: 1, dueAt: START, points: [{ series: cpu, ...columns([START], [1]) }] }];
    const record = testRecord(cpu, { scoredTo: START });
    await tenant().detection.commit(
      testPass({ states: [record], anomalies: [testAnomaly(harness.org, cpu, START)], ahead: { add, remove: [] } }),
    );
    const { id } = (await tenant().detection.due(START, { maxPoints: 10 }))[0]!;

    const other = tenant(harness.otherOrg);
    expect(await other.detection.states([cpu])).toEqual([newDetectorRecord(cpu)]);
    expect(await other.detection.lastScored([cpu])).toEqual(new Map());
    expect(await other.detection.due(START, { maxPoints: 10 })).toEqual([]);
    for (const version of [0, 1]) expect(await other.detection.commit(testPass({ states: [{ ...record, version }] }))).toBe(false);
    await other.detection.commit(testPass({ clears: [{ series: cpu, at: START + 1 }], ahead: { add: [], remove: [id] } }));

    expect(await tenant().detection.states([cpu])).toMatchObject([{ version: 1 }]);
    expect(await tenant().detection.due(START, { maxPoints: 10 })).toHaveLength(1);
    expect(await tenant().anomalies.forSeries([cpu], { after: 0 })).toMatchObject([{ clearedAt: null }]);
  });
});

test("what a pass reads is looked up by its ids, however many anomalies and states the organisation has", async () => {
  const { read } = harness.database;
  const plans: string[] = [];
  const explaining: typeof read = async (sql, args) => {
    if (sql.includes("json_each"))
      plans.push((await read(`EXPLAIN QUERY PLAN ${sql}`, args)).map((row) => row["detail"] as string).join("; "));
    return read(sql, args);
  };
  Object.assign(harness.database, { read: explaining });
  await tenant().detection.states([cpu]);
  await tenant().detection.lastScored([cpu]);
  await tenant().anomalies.forSeries([cpu], { after: START });
  await tenant().detection.commit(testPass({ anomalies: [testAnomaly(harness.org, cpu, START)] }));
  expect(plans).toHaveLength(4);
  for (const plan of plans) expect(plan).not.toMatch(/SCAN (a|d|n|o|c)\b|\(org=/);
});
