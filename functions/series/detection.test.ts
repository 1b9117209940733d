import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DetectionState } from "../../shared/contract/anomaly.ts";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { detectSeries, newDetectorRecord } from "../../shared/core/detect/series-detection.ts";
import { quietPoints, testPass } from "../../shared/testing/detection.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { getSeriesDetection } from "./detection.ts";

const MINUTE = 60_000;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const get = async (id: string, org = harness.org) => (await harness.call(getSeriesDetection, { id }, { org })) as DetectionState;

/** A series with points a minute apart, scored up to the newest of them. */
async function scored(n: number, until = START): Promise<SeriesId> {
  const points = quietPoints(n, { until });
  const series = await harness.store(`m${n}`, points);
  const { detection, cursor } = harness.deps.store.forOrg(harness.org);
  const at = await cursor("detect");
  const columns = {
    timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
    values: Float64Array.from(points, ([, value]) => value),
    historical: new Uint8Array(n),
  };
  const { record } = detectSeries(harness.org, newDetectorRecord(series), columns, START);
  await detection.commit(testPass({ cursor: { from: at, to: at }, states: [record] }));
  return series;
}

describe("200", () => {
  test.each<[number, Omit<DetectionState, "series">]>([
    [12, { state: "warming-up", points: 12, pointsLeft: 8, readyAt: "2026-11-20T10:08:00.000Z" }],
    [20, { state: "settling", points: 20, pointsLeft: 180, readyAt: "2026-11-20T13:00:00.000Z" }],
    [300, { state: "ready", points: 300, pointsLeft: 0, readyAt: null }],
  ])("after %p points", async (n, expected) => {
    const series = await scored(n);
    expect(await get(series)).toEqual({ series, ...expected });
  });

  test("a series that was never scored waits for all of it, and nobody knows how long", async () => {
    const series = await harness.store("cpu", [[START, 1]]);
    expect(await get(series)).toEqual({ series, state: "warming-up", points: 0, pointsLeft: 20, readyAt: null });
  });

  test("of a series that has gone silent the time goes on from now", async () => {
    expect(await get(await scored(18, START - 60 * MINUTE))).toMatchObject({ pointsLeft: 2, readyAt: "2026-11-20T10:01:00.000Z" });
  });

  test("a series whose settings switch it off is off, and does not become ready", async () => {
    const series = await scored(12);
    const { detectionSettings } = harness.deps.store.forOrg(harness.org);
    await detectionSettings.replaceOfSeries(series, { enabled: false }, { was: 0, relearn: false, at: START });
    expect(await get(series)).toEqual({ series, state: "off", points: 12, pointsLeft: 8, readyAt: null });
  });
});

describe("404", () => {
  test("a series of another organisation is answered like one that is missing", async () => {
    const series = await scored(12);
    await expect(get(series, harness.otherOrg)).rejects.toMatchObject({ kind: "not-found" });
    await expect(get(`ser_${"0".repeat(24)}`)).rejects.toMatchObject({ kind: "not-found" });
  });
});
