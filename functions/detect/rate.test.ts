import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AnomalyRate } from "../../shared/contract/anomaly-rate.ts";
import { MAX_RATE_BUCKETS } from "../../shared/contract/anomaly-rate.ts";
import { quietPoints, storeAnomaly, testPass, testRecord } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import event from "./event.ts";
import detectHttp from "./http.ts";
import { readAnomalyRate } from "./rate.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ now: START + HOUR });
});
afterEach(() => harness.close());

const iso = (ms: number) => new Date(ms).toISOString();
const rate = async (query: Record<string, string>, org = harness.org) =>
  (await harness.call(readAnomalyRate, query, { org })) as AnomalyRate;
const lastHours = { from: iso(START - 2 * HOUR), to: iso(START + HOUR), step: "1h" };
const tenant = () => harness.deps.store.forOrg(harness.org);

async function detect(): Promise<void> {
  const [row] = await harness.database.read("SELECT max(seq) AS seq FROM write_log", {});
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: row!["seq"] as number, n: 1, from: 0, to: 0 }));
}

describe("200", () => {
  test("the share of series that were anomalous, hour by hour, of what live detection has scored", async () => {
    for (const metric of ["a", "b", "c", "d"]) {
      const until = metric === "d" ? START - HOUR : START + HOUR - MINUTE;
      await harness.store(metric, quietPoints(150, { until }));
    }
    await detect();
    // A point that came again, and one that is late, count no series twice.
    await harness.store("a", [[START - HOUR, 50]]);
    await detect();
    const quiet = await rate(lastHours);
    expect(quiet).toMatchObject({ step: "1h", timestamps: [START - 2 * HOUR, START - HOUR, START], scored: [4, 4, 3] });

    await harness.store("b", [[START + HOUR, 500]]);
    await detect();
    const { anomalous, scored, rate: share } = await rate({ from: iso(START + HOUR), to: iso(START + 2 * HOUR), step: "1h" });
    expect([anomalous, scored, share]).toEqual([[1], [1], [1]]);
    expect((await rate(lastHours, harness.otherOrg)).scored).toEqual([0, 0, 0]);
  });

  test("an anomaly counts until the first point that is none, or for three cadences without one; historical ones do not", async () => {
    const series = await Promise.all(["a", "b", "c"].map((metric) => harness.store(metric, [[START, 1]])));
    const [cleared, silent, late] = series as [(typeof series)[0], (typeof series)[0], (typeof series)[0]];
    await tenant().detection.commit(testPass({ states: series.map((id) => testRecord(id, { cadenceMs: 20 * MINUTE })) }));
    const at = START - 2 * HOUR + 10 * MINUTE;
    await storeAnomaly(harness, cleared, at, { clearedAt: at + 20 * MINUTE });
    await storeAnomaly(harness, silent, at);
    await storeAnomaly(harness, late, at, { historical: true });
    expect((await rate(lastHours)).anomalous).toEqual([2, 1, 0]);
    expect((await rate({ ...lastHours, from: iso(START - HOUR) })).anomalous).toEqual([1, 0]);
    expect((await rate({ ...lastHours, step: "1d" })).anomalous).toEqual([2]);
  });

  test("the last seven days, in hours, unless the query says otherwise; at an end whole buckets", async () => {
    const { timestamps, from, to } = await rate({});
    expect([timestamps.length, from, to]).toEqual([169, "2026-11-13T11:00:00.000Z", "2026-11-20T12:00:00.000Z"]);
    expect((await rate({ from: iso(START - 1), to: iso(START + 1), step: "5m" })).timestamps).toEqual([START - 5 * MINUTE, START]);
    // The first week began before 1970.
    expect(await rate({ from: "0", to: iso(1), step: "1w" })).toMatchObject({ from: iso(0), timestamps: [0], anomalous: [0] });
    expect((await rate({ from: "0", to: iso(5 * 24 * HOUR), step: "1w" })).timestamps).toEqual([0, 4 * 24 * HOUR]);
  });

  test("its path is not taken for an anomaly's", async () => {
    const server = startHttp(harness);
    const key = await server.keyOf(harness.org, ["read"]);
    expect(await server.request(detectHttp, "GET", "/api/v1/anomalies/rate?step=1d", { key })).toMatchObject({
      status: 200,
      body: { step: "1d" },
    });
  });
});

describe("400", () => {
  test("more buckets than an answer may have, and a window that ends before it begins, are refused", async () => {
    const to = START + MAX_RATE_BUCKETS * MINUTE;
    expect((await rate({ from: iso(START), to: iso(to), step: "1m" })).timestamps).toHaveLength(MAX_RATE_BUCKETS);
    const refused = { kind: "validation-failed" };
    await expect(rate({ from: iso(START), to: iso(to + 1), step: "1m" })).rejects.toMatchObject(refused);
    await expect(rate({ from: iso(START), to: iso(START) })).rejects.toMatchObject(refused);
    await expect(rate({ step: "10s" })).rejects.toThrow();
  });
});
