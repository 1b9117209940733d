import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastId } from "../../shared/contract/ids.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { forecastResult } from "../../shared/testing/forecasts.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { patchRule } from "../rules/patch.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const work = async () => {
  await harness.deliver(onEvent, ingested(harness));
  await harness.deliver(onTick, tick(harness));
};

async function live(values: readonly (number | null)[], until = values.length): Promise<void> {
  for (let n = 0; n <= until; n++) {
    harness.clock.set(minute(n));
    const value = values[n] ?? null;
    if (value !== null) await harness.store("cpu", [[minute(n), value]], { host: "a" });
    await work();
  }
}

describe("missing data", () => {
  const missing = (condition: Record<string, unknown> = {}) =>
    storeRule(harness, { kind: "missing-data", evalDelay: "0s", condition: { expectedInterval: "1m", grace: 3, ...condition } });

  test("is told of a series that falls silent, and ends when its next point is there", async () => {
    const rule = await missing();
    await live([1, 1, 1, null, null, null, null, 1, 1]);
    expect(await episodesOf(harness, rule)).toEqual([{ from: 6, to: 7, reason: "recovered", severity: "warning" }]);
  });

  test("is told of a required series that was never seen, until it is, and of no other", async () => {
    const rule = await missing({ requireSeries: [{ dimensions: { host: "a" } }, { dimensions: { host: "b" } }] });
    await live([null, null, null, null, null, 1, 1, 1]);
    const episodes = await episodesOf(harness, rule);
    expect(episodes.toSorted((a, b) => (a.to ?? 99) - (b.to ?? 99))).toEqual([
      { from: 4, to: 5, reason: "recovered", severity: "warning" },
      { from: 4, to: null, reason: null, severity: "warning" },
    ]);
    const open = (await harness.deps.store.forOrg(harness.org).alerts.list({ status: ["firing"] }, { limit: 9 }, minute(9))).items;
    expect(open.map(({ series }) => series)).toMatchObject([{ metricKey: "cpu", dimensions: { host: "b" } }]);
  });

  test("of a required series that was never seen goes on when its rule is renamed, and ends when the rule is more patient", async () => {
    const rule = await missing({ requireSeries: [{ dimensions: { host: "a" } }] });
    await live([null], 6);
    await harness.call(patchRule, { id: rule.id, name: "Backups", severity: "critical" });
    await live([null], 12);
    expect(await episodesOf(harness, rule)).toEqual([{ from: 4, to: null, reason: null, severity: "critical" }]);
    await harness.call(patchRule, { id: rule.id, condition: { grace: 20 } });
    await live([null], 14);
    expect(await episodesOf(harness, rule)).toEqual([{ from: 4, to: 12, reason: "recovered", severity: "critical" }]);
  });
});

test("a rate of change fires while the slope is too steep", async () => {
  const rule = await storeRule(harness, {
    kind: "rate-of-change",
    evalDelay: "0s",
    condition: { operator: "gt", value: 5, unit: "per_minute", window: "150s" },
  });
  await live([0, 1, 2, 12, 22, 23, 24, 25]);
  expect(await episodesOf(harness, rule)).toEqual([{ from: 3, to: 6, reason: "recovered", severity: "warning" }]);
});

test("a forecast rule fires when the forecasts that it needs are made, and ends when they count no longer", async () => {
  const rule = await storeRule(harness, {
    kind: "forecast",
    evalDelay: "0s",
    condition: { operator: "gt", value: 90, probability: 0.8, horizon: "4h", confirm: { need: 1, of: 1 } },
  });
  await live([50, 50]);
  const { forecasts, series } = harness.deps.store.forOrg(harness.org);
  const cpu = series.idOf("cpu", { host: "a" });
  const at = harness.clock.now();
  const intervals = [{ level: 80, lo: [80, 95, 96], hi: [90, 105, 106] }];
  const before = harness.committed.length;
  await forecasts.save(
    {
      id: harness.deps.newId<ForecastId>("fct"),
      series: cpu,
      cutoff: at,
      createdAt: at,
      parameters: { horizon: 3, levels: [80], backend: "native" },
    },
    forecastResult(at, [85, 100, 101], { intervals }),
  );
  const created = harness.committed.slice(before).find(({ type }) => type === "forecast.created");
  harness.clock.set(minute(4));
  await harness.deliver(onEvent, created!);
  expect(await episodesOf(harness, rule)).toEqual([{ from: 4, to: null, reason: null, severity: "warning" }]);
  harness.clock.set(minute(2 + 9 * 60));
  await work();
  const [ended] = await episodesOf(harness, rule);
  expect(ended).toMatchObject({ from: 4, reason: "recovered" });
});
