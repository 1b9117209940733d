import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Detection } from "../../shared/contract/anomaly.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createTimegpt } from "../../shared/forecasters/timegpt.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import { startTimegptServer, timegptError } from "../../shared/testing/timegpt-server.ts";
import type { TimegptServer } from "../../shared/testing/timegpt-server.ts";
import { createDetection } from "./create.ts";
import http from "./http.ts";

const HOUR = 3_600_000;
const KEY = "nixak-5SecretOfTheTests";

let timegpt: TimegptServer;
let harness: Harness;
beforeEach(async () => {
  timegpt = await startTimegptServer({ key: KEY });
  harness = await startWith(KEY);
});
afterEach(async () => {
  harness.close();
  await timegpt.stop();
});

function startWith(apiKey: string | undefined): Promise<Harness> {
  const remote = { baseUrl: timegpt.url, model: "timegpt-2.1", now: () => 0, uniform: () => 1, pause: async () => {} };
  return startHarness({ forecasters: createForecasters([nativeForecaster, createTimegpt({ apiKey, ...remote })]) });
}

const create = async (input: object) => (await harness.call(createDetection, { backend: "timegpt", ...input })) as Detection;
/** An hour apart, the last at START. */
const hourly = (values: readonly number[]) =>
  values.map((value, row) => [START - (values.length - 1 - row) * HOUR, value] as [number, number]);
const inputOf = (points: readonly (readonly [number, number])[]) => ({
  timestamps: points.map(([timestamp]) => timestamp),
  values: points.map(([, value]) => value),
});
const found = ({ anomalies }: Detection) => anomalies.map(({ index }) => index);
const VALUES = [10, 10, 10, 500, 500, 10, 10];

describe("200", () => {
  test("points that come with the request are answered in the same columns, their first without an answer", async () => {
    const input = inputOf(hourly(VALUES));
    const detection = await create({ input, context: 1 });
    expect(detection).toMatchObject({
      ...input,
      scores: [0, 0, 0, 10 / 24, 0, 10 / 24, 0],
      expected: [null, 10, 10, 10, 500, 500, 10],
      lo: [null, 9.0042, 9.0042, 9.0042, expect.closeTo(499.0042), expect.closeTo(499.0042), 9.0042],
      warmingUp: null,
    });
    expect(detection.anomalies).toMatchObject([
      {
        index: 3,
        timestamp: START - 3 * HOUR,
        value: 500,
        expected: 10,
        severity: "low",
        direction: "above",
        daysPerFalseAlarm: null,
        methods: { timegpt: { score: 10 / 24, weight: 1 } },
        consensus: 1,
        context: { values: [10, 500, 500] },
        explanation: {
          text: "500 is 490 (4,900%) above the expected 10 (9.004 to 11). What is unusual: outside of what TimeGPT expected.",
          rarity: null,
        },
      },
      { index: 5, direction: "below" },
    ]);
    expect(timegpt.requests[0]!.detection).toMatchObject({ level: 99.58, freq: "h" });
  });

  test("what the request and a series' settings say of size and side counts, and how sensitive they are", async () => {
    const input = inputOf(hourly(VALUES));
    expect(found(await create({ input, direction: "below" }))).toEqual([5]);
    expect(found(await create({ input, minAbsolute: 491 }))).toEqual([]);
    expect(found(await create({ input, minRelative: 2 }))).toEqual([3]);
    await create({ input, sensitivity: 1 });
    expect(timegpt.requests.at(-1)!.detection!.level).toBe(97.5);
    const series = await harness.store("cpu", hourly(VALUES));
    const { detectionSettings } = harness.deps.store.forOrg(harness.org);
    await detectionSettings.replaceOfSeries(series, { direction: "above" }, { was: 0, relearn: false, at: START });
    expect(found(await create({ series }))).toEqual([3]);
  });

  test("of a stored series the points before the window are sent too, as far back as none is missing", async () => {
    const points = hourly([1, 2, 3, ...VALUES]).toSpliced(1, 1);
    const series = await harness.store("cpu", points);
    const detection = await create({ series, from: START - 4 * HOUR });
    expect(timegpt.requests[0]!.detection!.series.y).toEqual([3, ...VALUES]);
    expect(detection).toMatchObject({ series, values: VALUES.slice(2), expected: [10, 10, 500, 500, 10] });
  });
});

describe("400", () => {
  test.each([
    ["a gap", hourly(VALUES).toSpliced(2, 1)],
    ["a point twice", hourly(VALUES).toSpliced(2, 0, hourly(VALUES)[2]!)],
    ["points out of order", hourly(VALUES).toReversed()],
  ])("%s in the points is refused, and nothing is sent", async (_which, points) => {
    await expect(create({ input: inputOf(points) })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "backend", message: expect.stringMatching(/equally spaced, without gaps: after 2026-11-20T.* comes 2026-11-20T/) }],
    });
    expect(timegpt.requests).toEqual([]);
  });

  test("more points of context than an answer may have are refused", async () => {
    const input = inputOf(hourly(Array.from({ length: 3_000 }, (_, row) => (row % 2 === 0 ? 10 : 500))));
    await expect(create({ input, context: 500 })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "context", message: expect.stringContaining("500000") }],
    });
  });

  test.each([{ weights: {} }, { consensus: 0.1 }, { timezone: "UTC" }, { holidays: [] }])(
    "%j, which TimeGPT has a way of its own for, is refused",
    async (more) => {
      const server = startHttp(harness);
      const key = await server.keyOf(harness.org, ["read"]);
      const body = { input: inputOf(hourly(VALUES)), backend: "timegpt", ...more };
      expect(await server.request(http, "POST", "/api/v1/detections", { key, body })).toMatchObject({ status: 400 });
    },
  );
});

describe("422", () => {
  test("without a key it is not configured, and points are sent nowhere", async () => {
    harness.close();
    harness = await startWith(undefined);
    await expect(create({ input: inputOf(hourly(VALUES)) })).rejects.toMatchObject({
      kind: "backend-unavailable",
      detail: expect.stringContaining("INTENTVISION_TIMEGPT_KEY is not set") as unknown,
    });
    expect(timegpt.requests).toEqual([]);
  });

  test("one point by itself, and none, are too few", async () => {
    await expect(create({ input: inputOf(hourly([1])) })).rejects.toMatchObject({
      kind: "series-too-short",
      members: { needed: 2, got: 1 },
    });
    const series = await harness.store("cpu", hourly(VALUES));
    await expect(create({ series, from: 0, to: 1e11 })).rejects.toMatchObject({ kind: "series-too-short", members: { needed: 2, got: 0 } });
  });
});

describe("503", () => {
  test("where TimeGPT does not answer, nothing else answers in its place, and the reason is told", async () => {
    const server = startHttp(harness);
    const key = await server.keyOf(harness.org, ["read"]);
    timegpt.answerNext("/v2/anomaly_detection", { status: 422, body: timegptError("Validation error", "series too short", "A22") });
    const body = { input: inputOf(hourly(VALUES)), backend: "timegpt" };
    expect(await server.request(http, "POST", "/api/v1/detections", { key, body })).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining("series too short") },
    });
  });
});
