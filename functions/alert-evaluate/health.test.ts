import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
/** The series that cannot be evaluated. */
let bad: SeriesId | null = null;

beforeEach(async () => {
  harness = await startHarness();
  bad = null;
  const { forOrg } = harness.deps.store;
  const store = {
    ...harness.deps.store,
    forOrg: (org: Parameters<typeof forOrg>[0]) => {
      const tenant = forOrg(org);
      const readMany: typeof tenant.points.readMany = async (series, span) => {
        const columns = new Map(await tenant.points.readMany(series, span));
        const values = new Proxy(new Float64Array(1), {
          get() {
            throw new TypeError("A chunk is broken");
          },
        });
        if (bad !== null && columns.has(bad)) columns.set(bad, { ...columns.get(bad)!, values });
        return columns;
      };
      return { ...tenant, points: { ...tenant.points, readMany } };
    },
  };
  Object.assign(harness.deps, { store });
});
afterEach(() => harness.close());

/** Stores a value a minute from one minute to another, and evaluates. */
async function live(from: number, to: number, value: number): Promise<SeriesId> {
  let series: SeriesId;
  for (let n = from; n < to; n++) {
    harness.clock.set(minute(n));
    await harness.store("cpu", [[minute(n), value]], { host: "good" });
    series = await harness.store("cpu", [[minute(n), value]], { host: "bad" });
    await harness.deliver(onEvent, ingested(harness));
    await harness.deliver(onTick, tick(harness));
  }
  return series!;
}

const healthOf = async ({ id }: Rule) => {
  const { items } = await harness.deps.store.forOrg(harness.org).alerts.list({ rule: id }, { limit: 10 }, harness.clock.now());
  return items.filter(({ series }) => series === null).map(({ episode }) => episode);
};
const dataOf = async (series: SeriesId) =>
  (await harness.database.read("SELECT state ->> 'data' AS data FROM rule_instance WHERE series = :series", { series }))[0]!["data"];

test("a rule whose evaluation fails three times in a row opens one alert, its instances stay as they are, and it ends once it does no more", async () => {
  const rule = await storeRule(harness, { evalDelay: 0 });
  const series = await live(0, 3, 95);
  expect(await episodesOf(harness, rule)).toHaveLength(2);

  bad = series;
  await live(3, 5, 50);
  expect(await healthOf(rule)).toEqual([]);
  await live(5, 8, 50);
  // The good series is evaluated all the time; of the bad one nobody knows that it is over.
  expect((await episodesOf(harness, rule)).filter(({ to }) => to === null)).toHaveLength(2);
  const [health] = await healthOf(rule);
  expect(health).toMatchObject({ startedAt: minute(5), resolvedAt: null, evidence: { kind: "evaluation_error" } });
  // Whose fault it is, the log knows: people are told nothing of our insides.
  expect(JSON.stringify(health!.evidence)).not.toContain("chunk");
  expect(harness.warnings).toEqual([expect.stringContaining("A chunk is broken")]);
  expect(await dataOf(series)).toBe("error");

  bad = null;
  await live(8, 14, 50);
  expect(await healthOf(rule)).toMatchObject([{ reason: "recovered" }]);
  expect((await episodesOf(harness, rule)).map(({ to }) => to === null)).toEqual([false, false, false]);
  expect(await dataOf(series)).toBe("ok");
});

test("an error now and then is nobody's alert", async () => {
  const rule = await storeRule(harness, { evalDelay: 0 });
  const series = await live(0, 3, 50);
  for (const n of [3, 9, 15]) {
    bad = series;
    await live(n, n + 1, 50);
    bad = null;
    await live(n + 1, n + 6, 50);
  }
  expect(await healthOf(rule)).toEqual([]);
});

test("errors with an evaluation that succeeds between them are not in a row", async () => {
  const rule = await storeRule(harness, { evalDelay: 0 });
  const series = await live(0, 3, 50);
  for (const n of [3, 5, 7, 9]) {
    bad = series;
    await live(n, n + 1, 50);
    bad = null;
    await live(n + 1, n + 2, 50);
  }
  expect(await healthOf(rule)).toEqual([]);
});

test("a rule over anomalies whose evaluation fails at their event says so, and the event comes again", async () => {
  const rule = await storeRule(harness, { kind: "anomaly", condition: {} });
  const series = await harness.store("cpu", [[minute(0), 50]]);
  const { store } = harness.deps;
  let isBroken = true;
  const forOrg: typeof store.forOrg = (org) => {
    const tenant = store.forOrg(org);
    const forSeries: typeof tenant.anomalies.forSeries = async (...args) => {
      if (isBroken) throw new TypeError("A row is broken");
      return tenant.anomalies.forSeries(...args);
    };
    return { ...tenant, anomalies: { ...tenant.anomalies, forSeries } };
  };
  Object.assign(harness.deps, { store: { ...store, forOrg } });
  const hand = async (n: number) => {
    harness.clock.set(minute(n));
    await harness.deliver(onTick, tick(harness));
    await harness.deliver(onEvent, testEvent("anomaly.detected", harness.org, { series, anomalies: [] }));
  };
  for (let n = 1; n < 4; n++) await expect(hand(n)).rejects.toThrow("1 evaluations failed");
  expect(await healthOf(rule)).toMatchObject([{ startedAt: minute(3), resolvedAt: null, evidence: { kind: "evaluation_error" } }]);
  isBroken = false;
  for (let n = 4; n < 8; n++) await hand(n);
  expect(await healthOf(rule)).toMatchObject([{ reason: "recovered" }]);
});

test("a stored chunk that cannot be read is an error of the rules over its series, and holds up no other", async () => {
  const rule = await storeRule(harness, {
    evalDelay: 0,
    for: "5m",
    condition: { operator: "gt", value: 90, aggregate: "avg", window: "5m" },
  });
  const other = await storeRule(harness, { evalDelay: 0, selector: { metricKey: "disk" } });
  const series = await live(0, 3, 95);
  await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000, now: minute(3 * 24 * 60) });
  const broken = [{ sql: "UPDATE chunk SET data = x'ff' WHERE series = :series", args: { series } }];
  expect((await harness.database.write(broken))[0]!.rowsAffected).toBeGreaterThan(0);

  for (let n = 3; n < 8; n++) {
    harness.clock.set(minute(n));
    for (const host of ["good", "bad"]) await harness.store("cpu", [[minute(n), 95]], { host });
    await harness.store("disk", [[minute(n), 95]]);
    await harness.deliver(onEvent, ingested(harness));
    await harness.deliver(onTick, tick(harness));
  }
  expect(await episodesOf(harness, other)).toMatchObject([{ from: 3, to: null }]);
  expect(await healthOf(rule)).toMatchObject([{ resolvedAt: null, evidence: { kind: "evaluation_error" } }]);
  expect((await episodesOf(harness, rule)).filter(({ from }) => from === 5)).toHaveLength(2);
});
