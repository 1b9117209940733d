import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isSeries } from "../../shared/core/alert/alert-record.ts";
import { simulateRule } from "../../shared/core/alert/simulate.ts";
import type { ScoredSeries } from "../../shared/core/alert/simulate.ts";
import { groupSeries } from "../../shared/core/alert/series-groups.ts";
import { loadAlertChart } from "../../shared/ports/alert-chart.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, MINUTE, tick } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const HOSTS = { a: "eu", b: "eu", c: "us" } as const;
type Host = keyof typeof HOSTS;
type Row = Partial<Record<Host, number>>;

/** Stores what hosts send minute by minute, and evaluates. */
async function live(rows: readonly Row[], on = harness): Promise<void> {
  for (const [n, row] of rows.entries()) {
    on.clock.set(minute(n));
    for (const [host, value] of Object.entries(row)) {
      await on.store("cpu", [[minute(n), value]], { host, region: HOSTS[host as Host] });
    }
    await on.deliver(onEvent, ingested(on));
    await on.deliver(onTick, tick(on));
  }
}
const rows = (n: number, row: Row): Row[] => Array.from({ length: n }, () => row);
const alertsOf = async (on = harness) =>
  (await on.deps.store.forOrg(on.org).alerts.list({}, { limit: 100 }, on.clock.now())).items.toReversed();

const byRegion = { groupBy: ["region"], evalDelay: 0, condition: { operator: "gt", value: 90, aggregate: "avg", window: "2m" } };

test("the points of a group's series are looked at as if they were one series', and the group has one alert", async () => {
  await storeRule(harness, byRegion);
  // Alone, host a is above 90 from the start; with host b it is in the mean from minute 4 on.
  await live([...rows(4, { a: 95, b: 60, c: 50 }), ...rows(3, { a: 99, b: 99, c: 50 })]);
  const alerts = await alertsOf();
  expect(alerts.map(({ series }) => series)).toEqual([{ id: null, metricKey: "cpu", dimensions: { region: "eu" } }]);
  expect(alerts[0]!.episode).toMatchObject({ startedAt: minute(5), resolvedAt: null, firingValue: 99 });
});

test("a series that lacks the dimension is in the group of those that do", async () => {
  await storeRule(harness, { ...byRegion, groupBy: ["region", "zone"] });
  await live(rows(2, { a: 95 }));
  expect((await alertsOf())[0]!.series).toEqual({ id: null, metricKey: "cpu", dimensions: { region: "eu" } });
});

test("data of a group are missing once none of its series sends any more", async () => {
  const rule = await storeRule(harness, {
    kind: "missing-data",
    groupBy: ["region"],
    evalDelay: 0,
    condition: { expectedInterval: "1m", grace: 2 },
  });
  await live([...rows(3, { a: 1, b: 1, c: 1 }), ...rows(6, { b: 1 })]);
  expect((await alertsOf()).map(({ series }) => series?.dimensions)).toEqual([{ region: "us" }]);
  expect(await episodesOf(harness, rule)).toMatchObject([{ from: 5, to: null }]);
});

test("a group of which the rule picks no series any more expires", async () => {
  const rule = await storeRule(harness, byRegion);
  await live(rows(3, { a: 95, b: 95 }));
  const { rules, instances } = harness.deps.store.forOrg(harness.org);
  const changed = { ...rule, version: 2, selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=" as const, value: "us" }] } };
  expect(await rules.replace(changed, { changes: [], keeps: "all", at: harness.clock.now() })).toBe(true);
  harness.clock.advance(MINUTE);
  await harness.deliver(onTick, tick(harness));
  expect((await alertsOf())[0]!.episode).toMatchObject({ reason: "expired" });
  expect(await instances.counts([rule.id])).toEqual(new Map([[rule.id, 0]]));
});

test("however late within the bound and in whatever order its series' points come, a group has the episodes that a backtest gives", async () => {
  const value = fc.constantFrom(50, 95, 100, null);
  const points = fc.array(fc.record({ a: value, b: value, late: fc.nat({ max: 6 }) }), { minLength: 4, maxLength: 15 });
  const run = async (arrivals: readonly { a: number | null; b: number | null; late: number }[], aggregate: string) => {
    const on = await startHarness();
    try {
      const rule = await storeRule(on, { ...byRegion, condition: { ...byRegion.condition, aggregate } });
      for (let n = 0; n < 25; n++) {
        on.clock.set(minute(n));
        for (const [at, { a, b, late }] of arrivals.entries()) {
          if (a !== null && at + late === n) await on.store("cpu", [[minute(at), a]], { host: "a", region: "eu" });
          if (b !== null && at === n) await on.store("cpu", [[minute(at), b]], { host: "b", region: "eu" });
        }
        await on.deliver(onEvent, ingested(on));
        await on.deliver(onTick, tick(on));
      }
      const lasting = (await episodesOf(on, rule)).filter(({ reason }) => reason !== "corrected");
      const series = (["a", "b"] as const).map((host): ScoredSeries => {
        const own = arrivals.flatMap((row, n) => (row[host] === null ? [] : [[minute(n), row[host]] as const]));
        const [timestamps, values] = [Float64Array.from(own, ([at]) => at), Float64Array.from(own, ([, one]) => one)];
        const dimensions = { host, region: "eu" };
        const id = on.deps.store.forOrg(on.org).series.idOf("cpu", dimensions);
        return { org: on.org, id, metricKey: "cpu", dimensions, timestamps, values, lo: [], hi: [], anomalies: [], cadence: null };
      });
      const simulated = groupSeries(
        rule,
        series.filter(({ timestamps }) => timestamps.length > 0),
      ).flatMap((group) => simulateRule(rule, group, minute(24)));
      return { lasting, simulated: simulated.map(({ episode: { startedAt, resolvedAt } }) => [startedAt, resolvedAt]) };
    } finally {
      on.close();
    }
  };
  await fc.assert(
    fc.asyncProperty(points, fc.constantFrom("avg", "max", "sum", "count", "p90"), async (arrivals, aggregate) => {
      const { lasting, simulated } = await run(arrivals, aggregate);
      expect(lasting.map(({ from, to }) => [START + from * MINUTE, to === null ? null : START + to * MINUTE])).toEqual(simulated);
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("the chart of a group's alert is drawn from the points of all its series", async () => {
  await storeRule(harness, byRegion);
  await live(rows(5, { a: 100, b: 92, c: 50 }));
  const [alert] = await alertsOf();
  expect(isSeries(alert!.series)).toBe(false);
  const { line, raw, caption } = (await loadAlertChart(harness.deps.store.forOrg(harness.org), alert!, harness.clock.now()))!;
  expect(caption).toBe("cpu{region=eu}");
  expect(raw).toBeNull();
  expect(line.values.filter((value) => value !== null)).toEqual([96, 96, 96, 96, 96]);
});

test("a rule whose groups cannot be told is asked for them once a pass, however many it has", async () => {
  const rule = await storeRule(harness, { ...byRegion, groupBy: ["host"] });
  await live(rows(3, { a: 50, b: 50, c: 50 }));
  let asked = 0;
  const { forOrg } = harness.deps.store;
  const select = async (): Promise<never> => {
    asked += 1;
    throw new TypeError("A row is broken");
  };
  const broken = (...[org]: Parameters<typeof forOrg>) => ({ ...forOrg(org), series: { ...forOrg(org).series, select } });
  Object.assign(harness.deps, { store: { ...harness.deps.store, forOrg: broken } });
  harness.clock.set(minute(4));
  await harness.deliver(onTick, tick(harness));
  expect(asked).toBe(1);
  const instances = await forOrg(harness.org).instances.ofRule(rule.id);
  expect(instances.filter(({ state }) => state.data === "error")).toHaveLength(3);
});

test("a group that would be too much to look at together is an error of its rule, of which no other rule suffers", async () => {
  await storeRule(harness, { ...byRegion, condition: { ...byRegion.condition, window: "400d" } });
  const other = await storeRule(harness, { evalDelay: 0 });
  for (let n = 0; n < 4; n++) {
    harness.clock.set(minute(n));
    for (const host of ["a", "b", "c"]) await harness.store("cpu", [[minute(n), 95]], { host, region: "eu" });
    await harness.deliver(onEvent, ingested(harness));
    await harness.deliver(onTick, tick(harness));
  }
  expect(await episodesOf(harness, other)).toHaveLength(3);
  const own = (await alertsOf()).filter(({ series }) => series === null);
  expect(own).toMatchObject([{ episode: { evidence: { kind: "evaluation_error", message: expect.stringContaining("1000") } } }]);
});
