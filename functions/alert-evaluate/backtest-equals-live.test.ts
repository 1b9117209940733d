import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isSampled } from "../../shared/core/alert/sampled.ts";
import type { SampledRule } from "../../shared/core/alert/sampled.ts";
import { simulateRule } from "../../shared/core/alert/simulate.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;

const condition = fc.oneof(
  fc.record({
    kind: fc.constant("threshold"),
    condition: fc.record({
      operator: fc.constant("gt"),
      value: fc.constant(90),
      recover: fc.constant(80),
      aggregate: fc.constantFrom("last", "avg", "p95"),
      window: fc.constantFrom("1m", "5m"),
    }),
  }),
  fc.record({
    kind: fc.constant("rate-of-change"),
    condition: fc.record({ operator: fc.constantFrom("gt", "lt"), value: fc.constant(0.1), window: fc.constantFrom("3m", "10m") }),
  }),
  fc.record({
    kind: fc.constant("missing-data"),
    condition: fc.record({ expectedInterval: fc.constant("1m"), grace: fc.constantFrom(1, 2.5) }),
  }),
);
const timing = fc.record({
  for: fc.constantFrom("0s", "2m"),
  keepFiringFor: fc.constantFrom("0s", "2m"),
  noData: fc.constantFrom("keep_last", "alert", "ok"),
  evalDelay: fc.constantFrom("0s", "1m"),
});
const values = fc.array(fc.constantFrom(50, 85, 95, 120, null, null), { minLength: 4, maxLength: 25 });

test("a backtest over what came in gives the episodes that live evaluation gave, for every kind that looks at points", async () => {
  await fc.assert(
    fc.asyncProperty(condition, timing, values, async (kind, more, of) => {
      const harness = await startHarness();
      const rule = await storeRule(harness, { ...kind, ...more });
      if (!isSampled(rule)) throw new Error("It looks at no points");
      for (const [n, value] of of.entries()) {
        harness.clock.set(minute(n));
        if (value !== null) await harness.store("cpu", [[minute(n), value]]);
        await harness.deliver(onEvent, ingested(harness));
        await harness.deliver(onTick, tick(harness));
      }
      const until = minute(of.length + 8);
      harness.clock.set(until);
      await harness.deliver(onTick, tick(harness));
      const live = await episodesOf(harness, rule);
      expect(simulated(rule, of, until)).toEqual(live);
      harness.close();
    }),
    { numRuns: 60, seed: 3 },
  );
});

/** What a backtest makes of a value a minute, null for none. */
function simulated(rule: SampledRule, of: readonly (number | null)[], until: number) {
  const points = of.flatMap((value, n) => (value === null ? [] : [{ at: minute(n), value }]));
  const series = {
    org: "org_test" as never,
    id: "ser_test" as never,
    metricKey: "cpu",
    dimensions: {},
    timestamps: Float64Array.from(points, ({ at }) => at),
    values: Float64Array.from(points, ({ value }) => value),
    lo: [],
    hi: [],
    anomalies: [],
    cadence: null,
  };
  const inMinutes = (at: number) => (at - minute(0)) / MINUTE;
  return simulateRule(rule, series, until).map(({ episode: { startedAt, resolvedAt, reason, severity } }) => {
    return { from: inMinutes(startedAt), to: resolvedAt === null ? null : inMinutes(resolvedAt), reason, severity };
  });
}
