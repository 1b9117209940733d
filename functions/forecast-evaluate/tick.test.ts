import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastId, OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { killWrite } from "../../shared/testing/evaluation.ts";
import { forecastResult } from "../../shared/testing/forecasts.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** Delivers the hour's tick so long after the start. */
const tickAt = async (ms: number) => {
  harness.clock.set(START + ms);
  await harness.deliver(onTick, testEvent("tick.hour", null, {}, START + ms));
};
const idOf = (name: string) => hashId<ForecastId>("fct", [name]);

/** Stores a forecast of so many steps, of 10 each, 2 to either side; its cutoff is the start. */
async function forecast(
  name: string,
  series: SeriesId,
  { horizon, frequency, first, org = harness.org }: { horizon: number; frequency: [string, number]; first: number; org?: OrgId },
) {
  const column = (value: number) => Array.from({ length: horizon }, () => value);
  const result = forecastResult(START, column(10), {
    frequency: frequency[0],
    timestamps: Array.from({ length: horizon }, (_, i) => START + first + i * frequency[1]),
    intervals: [{ level: 80, lo: column(8), hi: column(12) }],
  });
  const parameters = { horizon, levels: [80], backend: "native" as const };
  await harness.deps.store.forOrg(org).forecasts.save({ id: idOf(name), series, cutoff: START, createdAt: START, parameters }, result);
}
const HOURLY = { frequency: ["1h", HOUR] as [string, number], first: HOUR };
const measured = async (name: string, org = harness.org) => {
  const read = await harness.deps.store.forOrg(org).forecasts.get(idOf(name));
  return read?.status === "completed" ? read.measured : undefined;
};
/** Points so long after the start, the hours before it included. */
const points = (from: number, to: number, step: number, value: (ms: number) => number) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step).map((ms) => [START + ms, value(ms)] as const);
const history = points(-10 * HOUR, 0, HOUR, (ms) => Math.abs(ms / HOUR) % 2);

describe("a forecast", () => {
  test("is measured as what it forecast comes, each time over more of it", async () => {
    const series = await harness.store("cpu", history);
    await forecast("a", series, { horizon: 8, ...HOURLY });
    await tickAt(HOUR);
    expect(await measured("a")).toBeUndefined();

    await harness.store("cpu", [[START + HOUR, 11]]);
    await tickAt(2 * HOUR);
    // Seasonal naive says 0, the newest value of the history; its error within that is 1.
    expect(await measured("a")).toMatchObject({
      steps: 1,
      final: false,
      evaluatedAt: "2026-11-20T12:00:00.000Z",
      mae: 1,
      mase: 1,
      skill: 1 - 1 / 11,
      intervals: [{ level: 80, coverage: 1, width: 4 }],
    });

    await harness.store(
      "cpu",
      points(2 * HOUR, 8 * HOUR, HOUR, () => 14),
    );
    await tickAt(3 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 2, mae: 2.5, intervals: [{ coverage: 0.5 }] });
    await tickAt(4 * HOUR);
    // A step waits for its successors: each time there are twice as many.
    expect(await measured("a")).toMatchObject({ steps: 2 });
    await tickAt(5 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 4, final: false });
    await tickAt(10 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 8, final: true, mae: (1 + 7 * 4) / 8 });
    expect(await harness.deps.store.forOrg(harness.org).forecastAccuracy.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test("counts points that came late, until an hour after its end", async () => {
    const series = await harness.store("cpu", history);
    await forecast("a", series, { horizon: 2, ...HOURLY });
    await harness.store("cpu", [[START + HOUR, 10]]);
    await tickAt(3 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 1, final: false });
    await harness.store("cpu", [[START + 2 * HOUR, 20]]);
    await tickAt(4 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 2, mae: 5, final: true });
    await harness.store("cpu", [[START + 2 * HOUR, 99]]);
    await tickAt(5 * HOUR);
    expect(await measured("a")).toMatchObject({ mae: 5 });
  });

  test("of a series that got no points ends with nothing measured", async () => {
    const series = await harness.store("cpu", history);
    await forecast("a", series, { horizon: 2, ...HOURLY });
    for (const hours of [2, 3, 4]) await tickAt(hours * HOUR);
    expect(await measured("a")).toBeUndefined();
    expect(await harness.deps.store.forOrg(harness.org).forecastAccuracy.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  test("of gaps leaves them out", async () => {
    const series = await harness.store("cpu", history);
    await forecast("a", series, { horizon: 4, ...HOURLY });
    await harness.store("cpu", [
      [START + HOUR, 12],
      [START + 4 * HOUR, 14],
    ]);
    await tickAt(6 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 2, mae: 3, final: true });
  });

  test("of a counter is measured by its rates", async () => {
    const series = await harness.store(
      "requests",
      points(-10 * HOUR, 4 * HOUR, HOUR, (ms) => 36_000 * (10 + ms / HOUR)),
    );
    const { series: tenant } = harness.deps.store.forOrg(harness.org);
    const was = (await tenant.get(series))!;
    await tenant.update({ ...was, kind: "counter" }, was);
    await forecast("a", series, { horizon: 4, ...HOURLY });
    await tickAt(6 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 4, mae: 0 });
  });
});

describe("a forecast of coarser periods", () => {
  // 10 in the first half of each hour and 20 in the second.
  const halves = points(-2 * DAY, 3 * DAY, 5 * MINUTE, (ms) => (((ms % HOUR) + HOUR) % HOUR < HOUR / 2 ? 10 : 20));

  test("of whole hours is measured by their means, and not before they are over", async () => {
    const series = await harness.store("cpu", halves);
    await forecast("a", series, { horizon: 4, ...HOURLY });
    await tickAt(2 * HOUR - 1);
    expect(await measured("a")).toBeUndefined();
    await tickAt(6 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 4, mae: 5, rmse: 5, mase: null });
  });

  test("of minutes too", async () => {
    const series = await harness.store("cpu", halves);
    await forecast("a", series, { horizon: 8, frequency: ["30m", 30 * MINUTE], first: 30 * MINUTE });
    await tickAt(6 * HOUR);
    expect(await measured("a")).toMatchObject({ steps: 8, mae: 5, mase: 0.5 });
  });

  test("of weeks is measured by the points of the week, however they lie in its days", async () => {
    // The start is a Friday; the next Monday is three days on. 10 each hour of its first day, and 40 at two hours of its second.
    const monday = 3 * DAY - 10 * HOUR;
    const series = await harness.store("cpu", [
      ...points(monday - 14 * DAY, monday - HOUR, HOUR, () => 10),
      ...points(monday, monday + 7 * HOUR, HOUR, () => 10),
      ...points(monday + DAY, monday + DAY + HOUR, HOUR, () => 40),
    ]);
    await forecast("a", series, { horizon: 1, frequency: ["7d", 7 * DAY], first: monday });
    await tickAt(monday + 8 * DAY);
    // (8 x 10 + 2 x 40) / 10
    expect((await measured("a"))!.mae).toBeCloseTo(6);
  });

  test("of counters is measured by the mean of their rates", async () => {
    const series = await harness.store(
      "requests",
      points(-DAY, 5 * HOUR, 5 * MINUTE, (ms) => (DAY + ms) / 100),
    );
    const { series: tenant } = harness.deps.store.forOrg(harness.org);
    const was = (await tenant.get(series))!;
    await tenant.update({ ...was, kind: "counter" }, was);
    await forecast("a", series, { horizon: 4, ...HOURLY });
    await tickAt(6 * HOUR);
    expect((await measured("a"))!.mae).toBeCloseTo(0);
  });
});

describe("the tick", () => {
  const ready = async (...names: string[]) => {
    const series = await harness.store("cpu", [...history, [START + HOUR, 11], [START + 2 * HOUR, 11]]);
    for (const name of names) await forecast(name, series, { horizon: 2, ...HOURLY });
    return series;
  };

  test("again changes nothing", async () => {
    await ready("a");
    await tickAt(2 * HOUR);
    const first = await measured("a");
    await tickAt(2 * HOUR);
    expect(await measured("a")).toEqual(first);
  });

  test("at several workers at once measures each forecast once", async () => {
    await ready("a", "b");
    await Promise.all([tickAt(2 * HOUR), tickAt(2 * HOUR), tickAt(2 * HOUR)]);
    expect(await measured("a")).toMatchObject({ steps: 1 });
    expect(await measured("b")).toMatchObject({ steps: 1 });
  });

  // It drops, it forgets, and it keeps what it measured of the one and the other.
  const writes = [1, 2, 3, 4].flatMap((nth) => [["before", nth] as const, ["after", nth] as const]);
  test.each(writes)("killed %s write %i loses nothing", async (moment, nth) => {
    await ready("a", "b");
    killWrite(harness, moment, nth);
    await expect(tickAt(4 * HOUR)).rejects.toThrow();
    await tickAt(6 * HOUR);
    for (const name of ["a", "b"]) expect(await measured(name)).toMatchObject({ steps: 2, mae: 1, final: true });
  });

  test("measures the others where one cannot be, and tries that one again, for a week after its end", async () => {
    await ready("broken", "whole");
    await harness.database.write([{ sql: "UPDATE forecast SET columns = '{}' WHERE id = :id", args: { id: idOf("broken") } }]);
    await expect(tickAt(4 * HOUR)).rejects.toThrow("1 evaluations failed");
    expect(await measured("whole")).toMatchObject({ steps: 2 });
    const due = async () =>
      (await harness.deps.store.forOrg(harness.org).forecastAccuracy.due(Number.MAX_SAFE_INTEGER, 9)).map(({ evaluateAt }) => evaluateAt);
    // It makes room for those that can be measured.
    expect(await due()).toEqual([START + 5 * HOUR]);
    await tickAt(4 * HOUR);
    await expect(tickAt(3 * HOUR + 7 * DAY)).rejects.toThrow("1 evaluations failed");
    expect(await due()).toEqual([]);
  });

  test("has organisations in turn, so that one with many holds up no other", async () => {
    const series = await ready("first");
    const many = Array.from({ length: 150 }, (_, i) => `f${i}`);
    for (const org of [harness.org, harness.otherOrg])
      await Promise.all(many.map((name) => forecast(`${org} ${name}`, series, { horizon: 2, ...HOURLY, org })));
    harness.clock.set(START + 4 * HOUR);
    let now = harness.clock.now();
    // Each look at the clock takes so long that the tick's time is up before half of them are measured.
    const slow = { ...harness.deps, clock: { now: () => (now += 2_000) } };
    await onTick.on["tick.hour"]!({}, { event: testEvent("tick.hour", null, {}), now: harness.clock.now() }, slow);
    for (const org of [harness.org, harness.otherOrg]) {
      const left = await harness.deps.store.forOrg(org).forecastAccuracy.due(harness.clock.now(), 1_000);
      expect(left.length).toBeGreaterThan(0);
      expect(left.length).toBeLessThan(150);
    }
  });

  test("measures more forecasts than it reads at a time, each organisation's by its own points", async () => {
    const series = await ready("a");
    const many = Array.from({ length: 410 }, (_, i) => `f${i}`);
    await Promise.all(many.map((name) => forecast(name, series, { horizon: 2, ...HOURLY })));
    await forecast("foreign", series, { horizon: 2, ...HOURLY, org: harness.otherOrg });
    await tickAt(4 * HOUR);
    expect(await harness.deps.store.forOrg(harness.org).forecastAccuracy.due(Number.MAX_SAFE_INTEGER, 9)).toEqual([]);
    for (const name of many) expect(await measured(name)).toMatchObject({ steps: 2, mae: 1 });
    expect(await measured("foreign", harness.otherOrg)).toBeUndefined();
  });

  test("leaves to the next what it has no time for", async () => {
    await ready("a", "b");
    const { now } = harness.clock;
    let calls = 0;
    const slow = { ...harness.deps, clock: { now: () => now() + 200_000 * calls++ } };
    harness.clock.set(START + 4 * HOUR);
    const event = testEvent("tick.hour", null, {}, START + 4 * HOUR);
    await onTick.on["tick.hour"]!({}, { event, now: START + 4 * HOUR }, slow);
    expect([await measured("a"), await measured("b")].filter((one) => one !== undefined)).toHaveLength(1);
    await tickAt(5 * HOUR);
    expect([await measured("a"), await measured("b")]).toMatchObject([{ steps: 2 }, { steps: 2 }]);
  });

  test("drops a forecast 30 days after its last step, and what was measured of it after 400 days", async () => {
    const series = await ready("a");
    await forecast("unmeasured", series, { horizon: 720, ...HOURLY });
    await tickAt(4 * HOUR);
    const { forecasts, forecastAccuracy } = harness.deps.store.forOrg(harness.org);
    const rows = async () => {
      const window = { unfinished: true, from: 0, to: START + DAY };
      const { buckets } = await forecastAccuracy.trend(window, { step: DAY, origin: 0, limit: 9 });
      return buckets.map((bucket) => bucket.forecasts);
    };
    await tickAt(3 * HOUR + 30 * DAY);
    expect(await forecasts.get(idOf("a"))).not.toBeNull();
    await tickAt(3 * HOUR + 30 * DAY + 1);
    expect(await forecasts.get(idOf("a"))).toBeNull();
    expect(await forecasts.get(idOf("unmeasured"))).not.toBeNull();
    expect(await rows()).toEqual([2]);
    // The other one was measured again meanwhile.
    await tickAt(4 * HOUR + 400 * DAY + 1);
    expect(await rows()).toEqual([1]);
    expect(await forecasts.get(idOf("unmeasured"))).toBeNull();
  });
});
