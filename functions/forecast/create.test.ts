import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CompletedForecast } from "../../shared/contract/forecast.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import type { Forecaster, Forecasters, Observations } from "../../shared/ports/forecasters.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { createForecast } from "./create.ts";
import forecastHttp from "./http.ts";

const HOUR = 3_600_000;

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  // A backend that is not given is one that is not configured.
  harness = await startHarness({ forecasters: createForecasters([nativeForecaster]) });
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["read"]);
});
afterEach(() => harness.close());

/** Three days of hours up to now, with a daily cycle. */
const history = Array.from({ length: 72 }, (_, i) => [START - (71 - i) * HOUR, 10 + (i % 24) + ((i * 7) % 5)] as const);
const post = (body: unknown, headers: Record<string, string> = {}) =>
  server.request(forecastHttp, "POST", "/api/v1/forecasts", { key, body, headers });
const stored = () => harness.deps.store.forOrg(harness.org).forecasts.list({}, { limit: 10 });
/** As the contract's output: the harness checks it. */
const forecast = async (body: object) => (await harness.call(createForecast, { horizon: 3, ...body })) as CompletedForecast;

describe("201", () => {
  test("a stored series is forecast from now on, and the forecast is found at its location", async () => {
    const series = await harness.store("cpu", history);
    const { status, headers, body } = await post({ series, horizon: 24 });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      series,
      status: "completed",
      horizon: 24,
      backend: "native",
      frequency: "1h",
      seasonLength: 24,
      seasons: [5, 24],
    });
    const made = body as CompletedForecast;
    expect(made.cutoff).toBe("2026-11-20T10:00:00.000Z");
    expect(made.timestamps).toEqual(Array.from({ length: 24 }, (_, step) => START + (step + 1) * HOUR));
    expect(made.intervals.map(({ level, lo, hi }) => [level, lo.length, hi.length])).toEqual([
      [80, 24, 24],
      [95, 24, 24],
    ]);
    expect(headers["Location"]).toBe(`/api/v1/forecasts/${made.id!}`);
    expect((await server.request(forecastHttp, "GET", headers["Location"]!, { key })).body).toEqual(body);
  });

  test("the answer keeps its contract, and is told of", async () => {
    const series = await harness.store("cpu", history);
    const { id } = await forecast({ series, levels: [50, 99.9], bounds: { min: 0, max: 20 } });
    expect(harness.committed.at(-1)).toMatchObject({ type: "forecast.created", data: { forecasts: [id] } });
  });

  test("nothing new is answered with the forecast that was made, until a point comes, another question, or a day", async () => {
    const series = await harness.store("cpu", history);
    const first = await post({ series, horizon: 3 });
    const again = await post({ series, horizon: 3 });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual({ ...(first.body as object), cached: true });
    expect((await stored()).items).toHaveLength(1);

    expect((await post({ series, horizon: 4 })).status).toBe(201);
    expect((await post({ series, horizon: 3, fresh: true })).status).toBe(201);
    expect((await post({ series, horizon: 3, bounds: { max: 5 } })).status).toBe(201);
    // The last point again, with another value.
    await harness.store("cpu", [[START, 1]]);
    expect((await post({ series, horizon: 3 })).status).toBe(201);
    expect((await post({ series, horizon: 3 })).status).toBe(200);
    harness.clock.advance(86_400_001);
    expect((await post({ series, horizon: 3 })).status).toBe(201);
  });

  test("a series that nothing came of lately is forecast from its newest point, and the answer says how much of that is over", async () => {
    const series = await harness.store("cpu", history);
    const ofOld = (warnings: readonly string[]) => warnings.filter((warning) => warning.startsWith("The newest points are missing"));
    for (const [hours, said] of [
      [3, []],
      [10, ["The newest points are missing: the first 9 of 24 steps are of a time before the cutoff"]],
      [40, ["The newest points are missing: the whole forecast is of a time before the cutoff"]],
    ] as const) {
      harness.clock.set(START + hours * HOUR);
      const { timestamps, warnings } = await forecast({ series, horizon: 24, fresh: true });
      expect(timestamps[0]).toBe(START + HOUR);
      expect(ofOld(warnings)).toEqual(said);
    }
    const { warnings } = await forecast({
      input: { start: START, frequency: "1h", values: [...history.map(([, y]) => y), ...Array.from({ length: 10 }, () => null)] },
      horizon: 24,
    });
    expect(ofOld(warnings)).toHaveLength(1);
  });

  test("a series named by its metric and dimensions is the same series", async () => {
    const series = await harness.store("cpu", history, { host: "a" });
    expect(await forecast({ series: { metricKey: "cpu", dimensions: { host: "a" } } })).toMatchObject({ series });
  });

  test("points ahead of now are not used, and the point of now is", async () => {
    const series = await harness.store("cpu", [...history, [START + HOUR, 1_000_000]]);
    const { timestamps, mean } = await forecast({ series });
    expect(timestamps[0]).toBe(START + HOUR);
    expect(Math.max(...mean)).toBeLessThan(100);
  });

  /** What a backend is given for a request. */
  async function given(body: object): Promise<Observations> {
    const seen: Observations[] = [];
    const watching: Forecaster = {
      ...stubForecaster,
      forecast(observations, options) {
        seen.push(observations);
        return stubForecaster.forecast(observations, options);
      },
    };
    const forecasters = createForecasters([watching]);
    const answer = await startHttp(harness, { forecasters }).request(forecastHttp, "POST", "/api/v1/forecasts", { key, body });
    expect(answer.status).toBe(201);
    return seen[0]!;
  }

  test("the 4,096 newest points count", async () => {
    const hours = Array.from({ length: 4_097 }, (_, i) => [START - i * HOUR, i] as const).toReversed();
    const { values } = await given({ series: await harness.store("cpu", hours), horizon: 1 });
    expect([...values]).toEqual(hours.slice(1).map(([, value]) => value));
  });

  test("of minutes, four weeks do", async () => {
    const minutes = Array.from({ length: 45_000 }, (_, i) => [START - i * 60_000, i] as const).toReversed();
    const { values } = await given({ series: await harness.store("cpu", minutes), horizon: 1 });
    expect([...values]).toEqual(minutes.slice(-40_320).map(([, value]) => value));
  });

  test("by the day, whole days count, and the first step is today, which is not over", async () => {
    const day = 24 * HOUR;
    const today = START - 10 * HOUR;
    const minutes = Array.from({ length: 45_000 }, (_, i) => [START - i * 60_000, (START - i * 60_000) / day] as const).toReversed();
    const series = await harness.store("cpu", minutes);
    const { timestamps, values } = await given({ series, horizon: 30, frequency: "1d" });
    expect([...timestamps]).toEqual(Array.from({ length: 30 }, (_, i) => today - (30 - i) * day));
    for (const [row, time] of timestamps.entries()) expect(values[row]).toBeCloseTo(time / day + 0.5, 3);

    const made = await forecast({ series, horizon: 30, frequency: "1d" });
    expect(made.cutoff).toBe("2026-11-20T10:00:00.000Z");
    expect([made.timestamps[0], made.timestamps.at(-1)]).toEqual([today, today + 29 * day]);
    expect((await post({ series, horizon: 3, frequency: "1d", wait: false })).status).toBe(202);
  });

  test("horizon, levels, frequency and bounds are kept to", async () => {
    const made = await forecast({
      series: await harness.store("cpu", history),
      horizon: 5,
      levels: [60],
      frequency: "2h",
      bounds: { max: 12 },
    });
    expect(made).toMatchObject({ frequency: "2h", intervals: [{ level: 60 }] });
    expect(made.timestamps[1]! - made.timestamps[0]!).toBe(2 * HOUR);
    expect(made.mean).toHaveLength(5);
    expect(Math.max(...made.mean, ...made.intervals[0]!.hi)).toBeLessThanOrEqual(12);
  });

  test("the same request again with its Idempotency-Key is one forecast", async () => {
    const series = await harness.store("cpu", history);
    const ask = () => post({ series, horizon: 1 }, { "idempotency-key": "once" });
    const [first, second] = [await ask(), await ask()];
    expect(second).toMatchObject({ status: 201, body: first.body, headers: { "Idempotency-Replayed": "true" } });
    expect((await stored()).items).toHaveLength(1);
  });
});

describe("200", () => {
  const input = { start: "2026-11-01T00:00:00Z", frequency: "1h", values: history.map(([, value], i) => (i % 10 === 4 ? null : value)) };

  test("a history that comes with the request is forecast, and nothing of it is stored or told", async () => {
    const { status, headers, body } = await post({ input, horizon: 2 });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty("Location");
    expect(body).not.toHaveProperty("id");
    expect(body).toMatchObject({ status: "completed", cutoff: "2026-11-03T23:00:00.000Z", frequency: "1h" });
    expect((body as CompletedForecast).timestamps).toEqual([Date.UTC(2026, 10, 4), Date.UTC(2026, 10, 4, 1)]);
    expect((body as CompletedForecast).warnings).toContain("10% of the expected points are missing and were interpolated");
    expect((await stored()).items).toEqual([]);
    expect(harness.committed).toEqual([]);
  });

  test("its answer keeps its contract, also at a coarser frequency", async () => {
    expect(await forecast({ input, frequency: "1d", horizon: 1 })).toMatchObject({ frequency: "1d", timestamps: [Date.UTC(2026, 10, 4)] });
  });
});

describe("202", () => {
  test("without waiting, the forecast is requested, and its location says so", async () => {
    const series = await harness.store("cpu", history);
    const { status, headers, body } = await post({ series, horizon: 2, wait: false });
    expect(status).toBe(202);
    expect(body).toMatchObject({ series, status: "requested", backend: "auto", horizon: 2, cutoff: "2026-11-20T10:00:00.000Z" });
    expect((await server.request(forecastHttp, "GET", headers["Location"]!, { key })).body).toEqual(body);
    const pending = await harness.deps.store.platform.events.pending({ after: 0, limit: 10 });
    expect(pending.at(-1)!.event).toMatchObject({ type: "forecast.requested", data: { forecast: (body as { id: string }).id } });
  });

  test("its answer keeps its contract", async () => {
    expect(await forecast({ series: await harness.store("cpu", history), wait: false })).toMatchObject({ status: "requested" });
  });
});

describe("400", () => {
  const input = { start: 0, frequency: "1h", values: [1, 2] };
  test.each([
    ["neither series nor input", { horizon: 1 }],
    ["both", { horizon: 1, input, series: { metricKey: "cpu" } }],
    ["no horizon", { input }],
    ["a horizon of 0", { horizon: 0, input }],
    ["a horizon of 721", { horizon: 721, input }],
    ["a level of 100", { horizon: 1, input, levels: [100] }],
    ["no level", { horizon: 1, input, levels: [] }],
    ["an unknown backend", { horizon: 1, input, backend: "oracle" }],
    ["bounds the wrong way round", { horizon: 1, input, bounds: { min: 2, max: 1 } }],
    ["a frequency under a second", { horizon: 1, input, frequency: "999ms" }],
    ["an input that nobody waits for", { horizon: 1, input, wait: false }],
    ["an input that runs past the year 9999", { horizon: 1, input: { ...input, start: "9999-12-31T22:00:00Z" } }],
    ["an unknown member", { horizon: 1, input, async: true }],
  ])("%s is refused", async (_name, body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { type: expect.stringContaining("validation-failed") } });
  });
});

describe("404", () => {
  test("an unknown series and another organisation's are refused alike, waiting or not", async () => {
    const series = await harness.store("cpu", history);
    const other = await server.keyOf(harness.otherOrg, ["*"]);
    const refusals = await Promise.all(
      [
        { series, horizon: 1 },
        { series: { metricKey: "cpu" }, horizon: 1 },
        { series: `ser_${"0".repeat(24)}`, horizon: 1 },
        { series: { metricKey: "unheard.of" }, horizon: 1, wait: false },
      ].map((body) => server.request(forecastHttp, "POST", "/api/v1/forecasts", { key: other, body })),
    );
    for (const refusal of refusals) expect(refusal).toMatchObject({ status: 404, body: refusals[0]!.body });
    expect((await harness.deps.store.forOrg(harness.otherOrg).forecasts.list({}, { limit: 1 })).items).toEqual([]);
  });
});

describe("422", () => {
  test.each([
    ["one point", history.slice(-1), 1],
    [
      "points that all lie ahead of now",
      [
        [START + HOUR, 1],
        [START + 2 * HOUR, 2],
      ] as const,
      0,
    ],
  ])("a series of %s is too short, and the answer says what it needs", async (_name, points, got) => {
    const { status, body } = await post({ series: await harness.store("cpu", points), horizon: 1 });
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: expect.stringContaining("series-too-short"), needed: 2, got });
    expect((await stored()).items).toEqual([]);
  });

  test("an input of gaps is too short", async () => {
    const input = { start: 0, frequency: "1h", values: [null, null, 3] };
    expect(await post({ input, horizon: 1 })).toMatchObject({ status: 422, body: { needed: 2, got: 1 } });
  });

  test.each([true, false])("a backend that is not configured is refused, waiting or not (%p)", async (wait) => {
    const series = await harness.store("cpu", history);
    const { status, body } = await post({ series, horizon: 1, backend: "stub", wait });
    expect({ status, body }).toMatchObject({ status: 422, body: { type: expect.stringContaining("backend-unavailable") } });
    expect((await stored()).items).toEqual([]);
  });
});

test("the backend that was asked for makes the forecast", async () => {
  const forecasters = createForecasters([nativeForecaster, stubForecaster]);
  const series = await harness.store("cpu", history);
  const ask = async (backend: string) => {
    const request = { series, horizon: 2, backend };
    const answer = await startHttp(harness, { forecasters }).request(forecastHttp, "POST", "/api/v1/forecasts", { key, body: request });
    return answer.body as CompletedForecast;
  };
  expect(await ask("stub")).toMatchObject({ backend: "stub", mean: [history.at(-1)![1], history.at(-1)![1]] });
  expect(await ask("statistical")).toMatchObject({ backend: "native" });
  expect(await ask("auto")).toMatchObject({ backend: "native" });
});

describe("a backend that fails", () => {
  const failing: Forecaster = {
    ...stubForecaster,
    async forecast() {
      throw new Unavailable("It does not answer.", { retryable: true });
    },
  };
  const ask = async (forecasters: Forecasters, body: object) =>
    startHttp(harness, { forecasters }).request(forecastHttp, "POST", "/api/v1/forecasts", { key, body });

  test("leaves the forecast to the native one, and the answer says which made it and why, also later", async () => {
    const series = await harness.store("cpu", history);
    const { status, body } = await ask(createForecasters([nativeForecaster, failing]), { series, horizon: 2, backend: "stub" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ backend: "native", fallback: { from: "stub", reason: "It does not answer." } });
    expect((body as CompletedForecast).warnings[0]).toBe("Made by native in place of stub: It does not answer.");
    expect((await server.request(forecastHttp, "GET", `/api/v1/forecasts/${(body as CompletedForecast).id!}`, { key })).body).toEqual(body);
    expect((await stored()).items).toMatchObject([{ backend: "native", fallback: { from: "stub" } }]);
  });

  test("is answered 503 when there is none behind it, and nothing is stored", async () => {
    const series = await harness.store("cpu", history);
    expect(await ask(createForecasters([failing]), { series, horizon: 2 })).toMatchObject({ status: 503 });
    expect((await stored()).items).toEqual([]);
  });
});
