import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Anomaly } from "../../shared/contract/anomaly.ts";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";
import { getBudget } from "./get-budget.ts";
import { listAnomalies } from "./list-anomalies.ts";
import { replaceBudget } from "./replace-budget.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const METRICS = ["a", "b", "c", "d", "e"] as const;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  for (const metric of METRICS) await harness.store(metric, quietPoints(300, { until: START - MINUTE }));
  await detect();
  harness.committed.length = 0;
});
afterEach(() => harness.close());

const budget = (anomaliesPerDay: number | null) => harness.call(replaceBudget, { anomaliesPerDay });
async function detect(): Promise<void> {
  const [row] = await harness.database.read("SELECT max(seq) AS seq FROM write_log", {});
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: row!["seq"] as number, n: 1, from: 0, to: 0 }));
}
/** One point of some metrics in one pass, the later the farther off. */
async function come(at: number, metrics: readonly string[], value = 500): Promise<SeriesId[]> {
  harness.clock.set(at);
  const series: SeriesId[] = [];
  for (const [n, metric] of metrics.entries()) series.push(await harness.store(metric, [[at, value * (n + 1)]]));
  await detect();
  return series;
}
const toldOf = () =>
  harness.committed.filter(({ type }) => type === "anomaly.detected").map(({ data }) => (data as { series: SeriesId }).series);
const since = async (from: number) =>
  ((await harness.call(listAnomalies, { from: new Date(from).toISOString() })) as { items: Anomaly[] }).items;
const overBudget = async (from = START) => (await since(from)).map(({ overBudget: over }) => over);

describe("200", () => {
  test("there is none until somebody sets one, and it can be taken back", async () => {
    expect(await harness.call(getBudget, {})).toEqual({ anomaliesPerDay: null });
    expect(await budget(20)).toEqual({ anomaliesPerDay: 20 });
    expect(await harness.call(getBudget, {})).toEqual({ anomaliesPerDay: 20 });
    expect(await harness.call(getBudget, {}, { org: harness.otherOrg })).toEqual({ anomaliesPerDay: null });
    expect(await budget(null)).toEqual({ anomaliesPerDay: null });
  });

  test("a budget that others change all the time is refused after some tries", async () => {
    const tenant = harness.deps.store.forOrg(harness.org);
    let tries = 0;
    const replace = async () => {
      tries += 1;
      return false;
    };
    const store = { ...harness.deps.store, forOrg: () => ({ ...tenant, detectionBudget: { ...tenant.detectionBudget, replace } }) };
    Object.assign(harness.deps, { store });
    await expect(budget(3)).rejects.toMatchObject({ kind: "conflict" });
    expect(tries).toBe(5);
  });

  test.each([0, 100_001, 1.5, "20"])("a budget of %p is refused", async (anomaliesPerDay) => {
    await expect(harness.call(replaceBudget, { anomaliesPerDay })).rejects.toThrow();
  });
});

describe("episodes", () => {
  test("beyond the budget are stored and listed, and not told", async () => {
    await budget(2);
    const series = await come(START, METRICS);
    const told = toldOf();
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(2);
    const items = await since(START);
    expect(items).toHaveLength(5);
    expect(items.filter(({ overBudget: over }) => !over).map((one) => one.series)).toEqual(expect.arrayContaining(told));
    expect(items.filter(({ overBudget: over }) => over)).toHaveLength(5 - told.length);
    const rarest = items.toSorted((a, b) => b.daysPerFalseAlarm! - a.daysPerFalseAlarm!)[0]!;
    expect(rarest.overBudget).toBe(false);
    expect(series).toContain(rarest.series);
  });

  test("are all told where there is no budget, and count for one that is set then", async () => {
    await come(START, ["a", "b"]);
    expect(toldOf()).toHaveLength(2);
    await budget(2);
    harness.committed.length = 0;
    await come(START + MINUTE, ["c"], 1e9);
    expect(toldOf()).toEqual([]);
    expect(await overBudget(START + MINUTE)).toEqual([true]);
  });

  test("count for 24 hours from when they were told", async () => {
    await budget(1);
    await come(START, ["a"]);
    await come(START + DAY - MINUTE, ["b"], 5_000);
    expect(await overBudget(START + DAY - MINUTE)).toEqual([true]);
    harness.committed.length = 0;
    await come(START + DAY, ["c"], 5_000);
    expect(toldOf()).toHaveLength(1);
  });

  test("that go on count once; what was told stays told, and what was held back is held back until there is room", async () => {
    await budget(1);
    const [a, b] = await come(START, ["a"]);
    expect(b).toBeUndefined();
    await come(START + MINUTE, ["a", "b"], 900);
    harness.committed.length = 0;
    await come(START + 2 * MINUTE, ["a", "b"], 1_500);
    expect(toldOf()).toEqual([a]);
    const [row] = await harness.database.read("SELECT count(*) AS n FROM told_episode WHERE told_at >= :at", { at: START });
    expect(row).toEqual({ n: 1 });

    await budget(null);
    harness.committed.length = 0;
    const series = await come(START + 3 * MINUTE, ["a", "b"], 9_000);
    expect(toldOf().toSorted()).toEqual(series.toSorted());
  });

  test("are not told again, nor counted again, when an event comes again", async () => {
    await budget(3);
    await come(START, ["a", "b"]);
    const rows = async () =>
      JSON.stringify([
        await harness.database.read("SELECT * FROM told_episode", {}),
        await harness.database.read("SELECT * FROM detection_budget", {}),
        await since(0),
      ]);
    const [before, n] = [await rows(), harness.committed.length];
    for (let seq = 1; seq < 9; seq++) {
      await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 }));
    }
    expect([await rows(), harness.committed.length]).toEqual([before, n]);
  });

  test("of two workers at the same time are told within one budget: one of them decides again", async () => {
    await budget(1);
    const { read } = harness.database;
    let meanwhile = false;
    Object.assign(harness.database, {
      async read(...asked: Parameters<typeof read>) {
        const rows = await read(...asked);
        if (asked[0].includes("FROM told_episode") && !meanwhile) {
          meanwhile = true;
          const { detection, detectionBudget } = harness.deps.store.forOrg(harness.org);
          const { version } = await detectionBudget.get();
          const at = await harness.deps.store.forOrg(harness.org).cursor("detect");
          const empty = {
            states: [],
            anomalies: [],
            clears: [],
            cleared: [],
            closed: [],
            scored: [],
            checkpoints: [],
            relearn: [],
            ahead: { add: [], remove: [] },
            at: START,
          };
          await detection.commit({ ...empty, cursor: { from: at, to: at }, telling: { told: [50], budgetVersion: version } });
        }
        return rows;
      },
    });
    await come(START, ["a"], 5_000);
    expect(meanwhile).toBe(true);
    expect(toldOf()).toEqual([]);
    expect(await overBudget()).toEqual([true]);
  });
});
