import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId, ForecastId } from "../contract/ids.ts";
import { evaluate, fire, fireComposite, storeRule } from "../testing/alerting.ts";
import { forecastResult } from "../testing/forecasts.ts";
import { startHarness, START } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { loadAlertChart, notificationChart } from "./alert-chart.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

async function chartOf(id: AlertId) {
  const tenant = harness.deps.store.forOrg(harness.org);
  return (await loadAlertChart(tenant, (await tenant.alerts.get(id))!, harness.clock.now()))!;
}

const minutes = (n: number, value: (row: number) => number) =>
  Array.from({ length: n }, (_, row) => [START + (row - n + 1) * MINUTE, value(row)] as const);

async function fireWith(evidence: Record<string, unknown>): Promise<AlertId> {
  const rule = await storeRule(harness);
  const { alert } = await evaluate(harness, rule, { outcome: "true", value: 95, evidence });
  return alert!;
}

describe("the chart of an alert", () => {
  test("has the points that its aggregate looks back to, from before its window", async () => {
    await harness.store(
      "cpu",
      minutes(200, (row) => row),
    );
    const id = await fireWith({ kind: "threshold", aggregate: "count", window: 10 * MINUTE, operator: "gt", threshold: 9, value: 10 });
    const chart = await chartOf(id);
    expect([chart.from, chart.line.values[0], chart.lineText]).toEqual([START - HOUR, 10, "count over 10m"]);
  });

  test("begins as long before it as its points come slowly, also while nobody has learned how slowly", async () => {
    await harness.store(
      "cpu",
      Array.from({ length: 600 }, (_, row) => [START + (row - 599) * 1_000, 1] as const),
    );
    const evidence = { kind: "threshold", aggregate: "last", window: 1_500, operator: "gt", threshold: 90, value: 95 };
    expect((await chartOf(await fireWith(evidence))).from).toBe(START - MINUTE);
  });

  test("of a long window, the extremes of its hours on the side that the rule looks at", async () => {
    await harness.store(
      "cpu",
      minutes(30_000, (row) => (row === 20_000 ? 1_000 : 1)),
    );
    const id = await fireWith({ kind: "threshold", aggregate: "last", window: MINUTE, operator: "gt", threshold: 90, value: 95 });
    harness.clock.advance(20 * 24 * HOUR);
    await harness.store(
      "cpu",
      Array.from({ length: 20_000 }, (_, row) => [START + (row + 1) * MINUTE, 1] as const),
    );
    const chart = await chartOf(id);
    expect(chart.lineText).toBe("max of each 2 hours");
    expect(Math.max(...chart.line.values.map((value) => value ?? 0))).toBe(1_000);
  });

  test("of an anomaly shows what was expected of each point, and of a counter its rates", async () => {
    const points = minutes(300, (row) => 600 * row + (row % 5) * 30);
    const series = await harness.store("cpu", points);
    const anomaly = { kind: "anomaly", timestamp: START, value: 95 };
    const gauge = await chartOf(await fireWith(anomaly));
    expect(gauge.band!.timestamps.length).toBeGreaterThan(30);
    expect(gauge.band!.lo.every((lo, row) => lo! <= gauge.band!.hi[row]!)).toBe(true);

    await harness.database.write([
      { sql: "UPDATE series SET kind = 'counter', unit = '{request}', timezone = 'Asia/Tokyo' WHERE id = :id", args: { id: series } },
    ]);
    const counter = await chartOf(await fireWith(anomaly));
    expect(Math.max(...counter.line.values.slice(0, -2).map((value) => value ?? 0))).toBeLessThan(20);
    expect([counter.lineText, counter.timezone]).toEqual(["value, in {request}", "Asia/Tokyo"]);
  });
});

test("the chart of a forecast rule's alert shows the stored forecast, as far as the rule looks", async () => {
  const series = await harness.store(
    "cpu",
    minutes(120, () => 50),
  );
  const id = harness.deps.newId<ForecastId>("fct");
  const steps = Array.from({ length: 8 }, () => 80);
  await harness.deps.store.forOrg(harness.org).forecasts.save(
    { id, series, cutoff: START, createdAt: START, parameters: { horizon: 8, levels: [80], backend: "native" } },
    forecastResult(START, steps, {
      timestamps: steps.map((_, step) => START + (step + 1) * MINUTE),
      intervals: [{ level: 80, lo: steps, hi: steps }],
    }),
  );
  const forecast = { kind: "forecast", operator: "gt", threshold: 90, probability: 0.9, horizon: 5 * MINUTE };
  const chart = await chartOf(await fireWith({ ...forecast, forecast: id }));
  expect([chart.to, chart.band!.timestamps.length, chart.band!.text]).toEqual([START + 5 * MINUTE, 5, "forecast, 80 %"]);
  expect(chart.limits).toMatchObject([{ value: 90 }]);
  expect((await chartOf(await fireWith({ ...forecast, forecast: "fct_gone" }))).band).toBeNull();
});

test("the chart of a rate rule's alert goes on over restarts where its rule does", async () => {
  await harness.store(
    "cpu",
    minutes(120, (row) => row % 30),
  );
  const evidence = {
    kind: "rate-of-change",
    operator: "gt",
    threshold: 5,
    value: 60,
    unit: "per_hour",
    direction: "increase",
    window: 10 * MINUTE,
  };
  const least = async (resetAware: boolean) => {
    const condition = { operator: "gt", value: 5, unit: "per_hour", window: "10m", resetAware };
    const rule = await storeRule(harness, { kind: "rate-of-change", condition });
    const { alert } = await evaluate(harness, rule, { outcome: "true", value: 60, evidence });
    return Math.min(...(await chartOf(alert!)).line.values.map((value) => value ?? 0));
  };
  expect([(await least(true)) > 0, (await least(false)) < 0]).toEqual([true, true]);
});

describe("the picture of a message", () => {
  test("is a PNG; of an alert that is missing, or of another organisation, there is none", async () => {
    const id = await fire(harness, await storeRule(harness));
    expect(Buffer.from((await notificationChart(harness.org, id, harness.deps))!).toString()).toBe("PNG Warning: CPU is high");
    expect(await notificationChart(harness.otherOrg, id, harness.deps)).toBeNull();
    expect(harness.printed).toEqual([]);
  });

  test("is none of an alert that is of no series", async () => {
    const id = await fireComposite(harness);
    expect(await notificationChart(harness.org, id, harness.deps)).toBeNull();
    expect(harness.printed).toEqual([]);
  });

  test("that fails is left out, and the log is told", async () => {
    const id = await fire(harness, await storeRule(harness));
    const charts = {
      ...harness.deps.charts,
      png: async () => {
        throw new Error("no fonts");
      },
    };
    expect(await notificationChart(harness.org, id, { ...harness.deps, charts })).toBeNull();
    expect(harness.printed).toEqual(["A chart was left out: Error: no fonts"]);
  });
});
