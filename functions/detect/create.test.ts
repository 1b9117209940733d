import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Detection } from "../../shared/contract/anomaly.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { createDetection } from "./create.ts";
import event from "./event.ts";
import http from "./http.ts";

const MINUTE = 60_000;

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["read"]);
});
afterEach(() => harness.close());

const create = async (input: unknown, options = {}) => (await harness.call(createDetection, input, options)) as Detection;
const inputOf = (points: readonly (readonly [number, number])[]) => ({
  timestamps: points.map(([timestamp]) => timestamp),
  values: points.map(([, value]) => value),
});
const spikeAt = START - 20 * MINUTE;
const spiky = (n = 300) => quietPoints(n, { spikes: [spikeAt] });

describe("200", () => {
  test("points that come with the request are answered in columns, with what is anomalous and its context", async () => {
    const input = inputOf(spiky());
    const detection = await create({ input, context: 3 });
    expect(detection).toMatchObject(input);
    for (const column of [detection.scores, detection.expected, detection.lo, detection.hi]) expect(column).toHaveLength(300);
    expect(detection.scores.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 0));

    const index = input.values.indexOf(500);
    const spike = detection.anomalies.find((anomaly) => anomaly.index === index)!;
    expect(spike).toMatchObject({ timestamp: spikeAt, value: 500, score: detection.scores[index], direction: "above" });
    expect(spike.context).toMatchObject({ timestamps: input.timestamps.slice(index - 3, index + 4), max: 500 });
    expect(Object.keys(spike.methods).length).toBeGreaterThan(1);
    expect(spike.explanation.text).toMatch(
      /^500 is .* above the expected .* \(.* to .*\)\. A point like it comes (about|less than) once in .* days: .*\.$/,
    );
    expect(spike.methods[spike.explanation.reasons[0]!.method]!.score).toBe(spike.explanation.reasons[0]!.score);
  });

  test("stored or sent along, the scores are those that live detection gave", async () => {
    const points = spiky(400);
    const series = await harness.store("cpu", points);
    await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: 1, n: 1, from: 0, to: 0 }));
    const live = (await harness.deps.store.forOrg(harness.org).anomalies.forSeries([series], { after: 0 })).map((anomaly) => [
      anomaly.timestamp,
      anomaly.score,
      anomaly.expected,
      anomaly.lo,
      anomaly.hi,
      anomaly.severity,
      anomaly.methods,
    ]);
    expect(live.length).toBeGreaterThan(0);

    const of = ({ anomalies }: Detection) =>
      anomalies.map(({ timestamp, score, expected, lo, hi, severity, methods }) => [timestamp, score, expected, lo, hi, severity, methods]);
    const from = points[0]![0];
    expect(of(await create({ input: inputOf(points) }))).toEqual(live);
    expect(of(await create({ series, from, to: START + 1 }))).toEqual(live);
    // What lies before the window warms the detector up, so a part is scored like the whole.
    const part = await create({ series, from: spikeAt - 5 * MINUTE });
    expect(part.timestamps[0]).toBe(spikeAt - 5 * MINUTE);
    expect(of(part)).toEqual(live.filter(([timestamp]) => (timestamp as number) >= spikeAt - 5 * MINUTE));
    const whole = await create({ series });
    expect(whole.scores.slice(-part.scores.length)).toEqual(part.scores);
  });

  test("a series may be named by its metric and dimensions; what lies at or after `to`, or after now, is left out", async () => {
    const series = await harness.store("cpu", quietPoints(100, { until: START + 10 * MINUTE }), { host: "a" });
    const named = { metricKey: "cpu", dimensions: { host: "a" } };
    expect((await create({ series: named })).timestamps.at(-1)).toBe(START);
    const detection = await create({ series: named, from: START, to: START + 5 * MINUTE });
    expect(detection.series).toBe(series);
    expect(detection.timestamps).toEqual([0, 1, 2, 3, 4].map((minute) => START + minute * MINUTE));
    expect((await create({ series, from: START + MINUTE, to: START + MINUTE + 1 })).timestamps).toEqual([START + MINUTE]);
  });

  test("while too few points are known the answer says how many are left, and when they will have come", async () => {
    const warmingUp = async (n: number) => (await create({ input: inputOf(quietPoints(n)) })).warmingUp;
    expect(await warmingUp(2)).toEqual({ state: "warming-up", points: 2, pointsLeft: 18, readyAt: null });
    expect(await warmingUp(15)).toEqual({ state: "warming-up", points: 15, pointsLeft: 5, readyAt: "2026-11-20T10:05:00.000Z" });
    expect(await warmingUp(180)).toEqual({ state: "settling", points: 180, pointsLeft: 20, readyAt: "2026-11-20T10:20:00.000Z" });
    expect(await warmingUp(200)).toBeNull();
    // What lies before the window counts.
    const series = await harness.store("cpu", quietPoints(300));
    expect(await create({ series, from: START - MINUTE })).toMatchObject({
      warmingUp: null,
      values: [expect.any(Number), expect.any(Number)],
    });
  });

  test("rows keep their order: a duplicate and a backward row are scored in their places, and not learned", async () => {
    const points = spiky();
    const [before, after] = [points.slice(0, 290), points.slice(290)];
    const [duplicate, backward] = [[before.at(-1)![0], 1_480] as const, [before.at(-5)![0], 1_490] as const];
    const clean = await create({ input: inputOf(points) });
    const dirty = await create({ input: inputOf([...before, duplicate, backward, ...after]) });
    expect(dirty.values.slice(290, 292)).toEqual([1_480, 1_490]);
    expect(dirty.scores[290]).toBeGreaterThan(0.4);
    // The one that is far behind comes too late for live detection; the duplicate would still be in time.
    expect(dirty.late.flatMap((late, row) => (late === 1 ? [row] : []))).toEqual([291]);
    expect(dirty.anomalies.filter(({ index }) => index === 290 || index === 291).map(({ late }) => late)).toEqual([false, true]);
    expect([...dirty.scores.slice(0, 290), ...dirty.scores.slice(292)]).toEqual(clean.scores);
  });

  test("sensitivity decides what is anomalous, not the scores; direction leaves out the other side; context 0 gives none", async () => {
    const input = inputOf(spiky());
    const [calm, keen] = [await create({ input, sensitivity: 0 }), await create({ input, sensitivity: 1, context: 0 })];
    expect(keen.scores).toEqual(calm.scores);
    expect(keen.anomalies.length).toBeGreaterThanOrEqual(calm.anomalies.length);
    expect(keen.anomalies[0]!.context).toBeNull();
    expect((await create({ input, direction: "below" })).anomalies.filter(({ value }) => value === 500)).toEqual([]);
  });

  test("weights change what the ensemble says", async () => {
    const input = inputOf(spiky());
    const { anomalies } = await create({ input });
    const { name } = Object.entries(anomalies[0]!.methods).map(([method]) => ({ name: method }))[0]!;
    const without = await create({ input, weights: { [name]: 0 } });
    expect(without.scores).not.toEqual((await create({ input })).scores);
  });

  test("a spike that is not far enough off, or that too few methods find, is no anomaly; each says how many agree", async () => {
    const input = inputOf(spiky());
    const found = async (more: object) => (await create({ input, ...more })).anomalies.find(({ value }) => value === 500);
    const { consensus } = (await found({}))!;
    expect(consensus).toBeGreaterThan(0);
    expect(await found({ minAbsolute: 400, minRelative: 5, consensus })).toBeDefined();
    expect(await found({ minAbsolute: 500 })).toBeUndefined();
    expect(await found({ minRelative: 20 })).toBeUndefined();
  });

  test("holidays are days by the clock of the time zone", async () => {
    // Busy on weekdays, quiet on Sundays and on one Wednesday, in New York.
    const start = Date.UTC(2026, 0, 5, 5);
    const values = Array.from({ length: 35 * 24 }, (_, row) => (Math.floor(row / 24) % 7 === 6 ? 100 : 200) + ((row * 7) % 5));
    const input = { timestamps: values.map((_, row) => start + row * 3_600_000), values };
    const expectedAt = async (row: number, more: object) => (await create({ input, timezone: "America/New_York", ...more })).expected[row]!;
    const lastHour = 30 * 24 + 23;
    const known = await expectedAt(lastHour, { holidays: ["2026-02-04"] });
    expect(known).not.toEqual(await expectedAt(lastHour, {}));
    expect(await expectedAt(lastHour, { holidays: ["2026-02-05"] })).toEqual(await expectedAt(lastHour, {}));
  });

  test("of a stored series its settings say what the request does not; a switched-off series is scored all the same", async () => {
    const series = await harness.store("cpu", spiky());
    const { detectionSettings } = harness.deps.store.forOrg(harness.org);
    const own = { enabled: false, direction: "below" as const, sensitivity: 0 };
    await detectionSettings.replaceOfSeries(series, own, { was: 0, relearn: false, at: START });
    const spikes = async (request: object) => (await create({ series, ...request })).anomalies.filter(({ value }) => value === 500);
    expect(await spikes({})).toEqual([]);
    expect(await spikes({ direction: "either" })).toHaveLength(1);
    expect(await spikes({ direction: "either", minAbsolute: 500 })).toEqual([]);
    const [silent, said] = [await create({ series }), await create({ input: inputOf(spiky()), direction: "below", sensitivity: 0 })];
    expect([silent.lo, silent.scores]).toEqual([said.lo, said.scores]);
  });

  test("nothing is stored and nobody is told", async () => {
    await create({ input: inputOf(spiky()) });
    expect(harness.committed).toEqual([]);
    expect(await harness.database.read("SELECT * FROM anomaly", {})).toEqual([]);
  });
});

describe("400", () => {
  test("a weight for a method that there is not is refused with the names that there are", async () => {
    await expect(create({ input: inputOf(spiky()), weights: { magic: 1 } })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "weights.magic", message: expect.stringContaining("value-novelty") }],
    });
  });

  test.each([[{ minAbsolute: -1 }], [{ minRelative: -1 }], [{ consensus: 1.1 }], [{ holidays: ["2026-02-30"] }], [{ timezone: "+01:00" }]])(
    "%j is refused",
    (wrong) =>
      expect(
        server.request(http, "POST", "/api/v1/detections", { key, body: { input: inputOf(spiky(30)), ...wrong } }),
      ).resolves.toMatchObject({ status: 400 }),
  );

  test("a window with more points than an answer may have is refused", async () => {
    const rows = quietPoints(100_001);
    for (let start = 0; start < rows.length; start += 20_000) await harness.store("cpu", rows.slice(start, start + 20_000));
    await expect(create({ series: { metricKey: "cpu" }, from: 0 })).rejects.toMatchObject({ kind: "validation-failed" });
  });
});

describe("an answer that would be too large is refused, with what to ask for", () => {
  // What has once been so far back is anomalous in each of its rows.
  const backward = (n: number) => inputOf([...spiky(600), ...Array.from({ length: n }, () => [START - 599 * MINUTE, 1e6] as const)]);

  test("for the points of context of all its anomalies", async () => {
    const input = backward(600);
    await expect(create({ input, context: 500 })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "context", message: expect.stringContaining("500000 points of context in an answer") }],
    });
    const { anomalies } = await create({ input });
    expect(anomalies.length).toBeGreaterThanOrEqual(600);
    expect(anomalies.at(-1)!.context!.values).toHaveLength(25);
  });

  test("for its anomalies", async () => {
    const input = backward(10_001);
    await expect(create({ input, context: 0 })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "sensitivity", message: expect.stringContaining("10000 anomalies") }],
    });
  });
});

test("values so large that their squares are no numbers have a standard deviation; what is ready beyond the year 9999 has no date", async () => {
  const timestamps = Array.from({ length: 60 }, (_, row) => START + row * MINUTE);
  const values = timestamps.map((_, row) => (row === 50 ? 1e200 : row % 3));
  const { anomalies } = await create({ input: { timestamps, values } });
  const context = anomalies.find(({ index }) => index === 50)!.context!;
  const n = context.values.length;
  expect(context.standardDeviation).toBeCloseTo((1e200 * Math.sqrt(n - 1)) / n, -190);
  const late = timestamps.slice(0, 15).map((_, row) => Date.UTC(9999, 11, 1) + row * 24 * 60 * MINUTE);
  expect(await create({ input: { timestamps: late, values: values.slice(0, 15) } })).toMatchObject({
    warmingUp: { state: "warming-up", pointsLeft: 5, readyAt: expect.any(String) },
  });
  const latest = late.map((timestamp) => timestamp + 16 * 24 * 60 * MINUTE);
  expect((await create({ input: { timestamps: latest, values: values.slice(0, 15) } })).warmingUp).toMatchObject({
    pointsLeft: 5,
    readyAt: null,
  });
});

describe("404", () => {
  test("a series of another organisation is answered like one that is missing", async () => {
    const series = await harness.store("cpu", spiky());
    for (const [asked, org] of [
      [series, harness.otherOrg],
      [`ser_${"0".repeat(24)}`, harness.org],
      [{ metricKey: "load" }, harness.org],
    ]) {
      await expect(create({ series: asked }, { org })).rejects.toMatchObject({ kind: "not-found" });
    }
  });
});
