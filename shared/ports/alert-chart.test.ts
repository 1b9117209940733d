import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId } from "../contract/ids.ts";
import { evaluate, fire, storeRule } from "../testing/alerting.ts";
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
  return loadAlertChart(tenant, (await tenant.alerts.get(id))!, harness.clock.now());
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

describe("the picture of a message", () => {
  test("is a PNG; of an alert that is missing, or of another organisation, there is none", async () => {
    const id = await fire(harness, await storeRule(harness));
    expect(Buffer.from((await notificationChart(harness.org, id, harness.deps))!).toString()).toBe("PNG Warning: CPU is high");
    expect(await notificationChart(harness.otherOrg, id, harness.deps)).toBeNull();
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
