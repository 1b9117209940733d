import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastOptions, Observations } from "../ports/forecasters.ts";
import { HOUR, hourly, KEY, startTimegpt, timegptAt } from "../testing/timegpt.ts";
import { timegptError } from "../testing/timegpt-server.ts";
import type { TimegptAnswer, TimegptServer, TimegptServerOptions } from "../testing/timegpt-server.ts";
import { createForecasters } from "./registry.ts";
import { stubForecaster } from "./stub.ts";
import { TimegptFailure } from "./timegpt-call.ts";
import type { TimegptOptions } from "./timegpt.ts";

let server: TimegptServer;
let pauses: number[];
let now: number;
beforeEach(async () => {
  [pauses, now] = [[], Date.UTC(2026, 10, 20, 10)];
  server = await startTimegpt();
});
afterEach(() => server.stop());

const restart = async (options: Partial<TimegptServerOptions>) => void (server = await startTimegpt(options, server));

/** Its clock moves by what it waits, and nothing else. */
const backend = (options: Partial<TimegptOptions> = {}) =>
  timegptAt(server, {
    now: () => now,
    async pause(ms) {
      pauses.push(ms);
      now += ms;
    },
    ...options,
  });

const asked: ForecastOptions = { horizon: 2, levels: [80, 95] };
const calls = (path: string) => server.requests.filter((request) => request.path === path);
const forecasts = () => calls("/v2/forecast");
const overloaded = (status: number, headers = {}): TimegptAnswer => ({ status, headers, body: timegptError("Overloaded", "", "A50") });
const reasonOf = async (made: ReturnType<ReturnType<typeof backend>["forecast"]>) => {
  const result = await made.catch((error: unknown) => {
    if (error instanceof TimegptFailure) return { ok: false, error: { reason: "not-made", detail: error.message } } as const;
    throw error;
  });
  return result.ok ? "made" : result.error.reason === "not-made" ? result.error.detail : result.error.reason;
};

describe("a forecast", () => {
  test.each([
    ["in data", true],
    ["as they are", false],
  ])("is made of answers that come %s", async (_name, wrapped) => {
    await restart({ wrapped });
    expect(await backend().forecast(hourly(1, 5, 3), asked)).toEqual({
      ok: true,
      value: {
        backend: "timegpt",
        frequencyMs: HOUR,
        seasonLength: 1,
        seasons: [],
        timestamps: Float64Array.of(3 * HOUR, 4 * HOUR),
        mean: Float64Array.of(4, 5),
        intervals: [
          { level: 80, lo: Float64Array.of(3.2, 4.2), hi: Float64Array.of(4.8, 5.8) },
          { level: 95, lo: Float64Array.of(3.05, 4.05), hi: Float64Array.of(4.95, 5.95) },
        ],
        models: [{ name: "timegpt-2.1", weight: 1 }],
        accuracy: { mae: null, rmse: null, mape: null, smape: null, mase: null, skill: null },
        warnings: [expect.stringContaining("not measured")],
      },
    });
  });

  test("is asked for as the contract says", async () => {
    await backend().forecast(hourly(1, 5, 3), asked);
    expect(forecasts()).toMatchObject([
      {
        headers: { authorization: `Bearer ${KEY}`, "nixtla-model": "timegpt-2.1", "content-type": "application/json" },
        body: {
          series: { y: [1, 5, 3], sizes: [3], X: null, X_future: null },
          model: "timegpt-2.1",
          h: 2,
          freq: "h",
          level: [80, 95],
          clean_ex_first: true,
          finetune_steps: 0,
        },
      },
    ]);
  });

  test("is made by the model that is configured, and says so", async () => {
    const made = await backend({ model: "timegpt-2-mini" }).forecast(hourly(1, 2), asked);
    expect(made).toMatchObject({ ok: true, value: { models: [{ name: "timegpt-2-mini" }] } });
    expect(forecasts()[0]!.body!.model).toBe("timegpt-2-mini");
  });

  test.each([99.9, 0.5, 50])("has the interval of a level of %p %%", async (level) => {
    const made = await backend().forecast(hourly(10, 20), { horizon: 1, levels: [level] });
    expect(made).toMatchObject({ ok: true, value: { intervals: [{ level, lo: Float64Array.of(21 - level / 100) }] } });
  });

  test("keeps to its bounds", async () => {
    const made = await backend().forecast(hourly(1, 2), { ...asked, bounds: { min: 2.5, max: 3.5 } });
    expect(made).toMatchObject({
      ok: true,
      value: { mean: Float64Array.of(3, 3.5), intervals: [{ lo: Float64Array.of(2.5, 3.2), hi: Float64Array.of(3.5, 3.5) }, {}] },
    });
  });

  test("is made of the points that the model looks at, and its parameters are asked for once a frequency", async () => {
    await restart({ inputSize: 10, horizon: 5 });
    const timegpt = backend();
    const long = hourly(...Array.from({ length: 100 }, (_, i) => i));
    await timegpt.forecast(long, asked);
    await timegpt.forecast(long, asked);
    await timegpt.forecast(long, { ...asked, frequencyMs: 2 * HOUR });
    expect(forecasts().map(({ body }) => [body!.freq, body!.series.sizes])).toEqual([
      ["h", [35]],
      ["h", [35]],
      ["2h", [35]],
    ]);
    expect(forecasts()[0]!.body!.series.y.at(-1)).toBe(99);
    expect(calls("/model_params")).toHaveLength(2);
  });

  test("that reaches further than the model is made for says so", async () => {
    const made = await backend().forecast(hourly(1, 2), { ...asked, horizon: 25 });
    expect(made.ok && made.value.warnings).toContainEqual(expect.stringMatching(/24 steps ahead.*25/));
  });
});

describe("what is sent", () => {
  test("is a regular grid without gaps: of NaN, of missing, repeated and jittered points, in any order", async () => {
    const irregular: Observations = {
      timestamps: Float64Array.of(5, 0, 1, 1, 2, 4.01).map((hours) => hours * HOUR),
      values: Float64Array.of(6, 1, 1, 3, NaN, 5),
    };
    const made = await backend().forecast(irregular, { ...asked, frequencyMs: HOUR });
    expect(forecasts()[0]!.body!.series.y).toEqual([1, 2, 3, 4, 5, 6]);
    expect(made).toMatchObject({
      ok: true,
      value: { timestamps: Float64Array.of(6 * HOUR, 7 * HOUR), warnings: [expect.stringContaining("33%"), {}] },
    });
  });

  test("is of a size that a float of 32 bits holds, and the forecast of the series' own", async () => {
    const made = await backend().forecast(hourly(1e300, 2e300), { horizon: 1, levels: [80] });
    expect(Math.max(...forecasts()[0]!.body!.series.y)).toBeLessThan(2);
    const mean = made.ok ? made.value.mean[0]! : NaN;
    expect(mean).toBeGreaterThan(2e300);
    expect(mean).toBeLessThan(4e300);
  });

  test("is compressed from a mebibyte on", async () => {
    await restart({ inputSize: 4_096 });
    const values = Array.from({ length: 4_000 }, (_, i) => Math.sin(i) * 1e6);
    await backend().forecastMany!([hourly(...values)], asked);
    await backend().forecastMany!(
      Array.from({ length: 20 }, () => hourly(...values)),
      asked,
    );
    expect(forecasts().map(({ headers, status }) => [headers["content-encoding"], status])).toEqual([
      [undefined, 200],
      ["zstd", 200],
    ]);
    expect(forecasts()[1]!.wireBytes).toBeLessThan(forecasts()[0]!.wireBytes * 20);
    expect(forecasts()[1]!.body!.series.y).toHaveLength(80_000);
  });

  test("is nothing when it is larger than the limit, and the reason says so", async () => {
    const reason = await reasonOf(backend({ largestBody: 100 }).forecast(hourly(...Array.from({ length: 40 }, (_, i) => i)), asked));
    expect(reason).toMatch(/^The request would take .* MiB, and TimeGPT takes .* MiB\.$/);
    expect(forecasts()).toEqual([]);
  });
});

describe("many series", () => {
  test("go in one request, and each has its own forecast, at its place", async () => {
    const series = [hourly(1, 2), hourly(7), hourly(...Array.from({ length: 50 }, (_, i) => 100 + i)), hourly(-5, -6, -7)];
    const made = await backend().forecastMany!(series, asked);
    expect(forecasts()).toHaveLength(1);
    expect(forecasts()[0]!.body!.series.sizes).toEqual([2, 50, 3]);
    expect(made.map((one) => (one.ok ? [...one.value.mean] : one.error))).toEqual([
      [3, 4],
      { reason: "too-short", needed: 2, got: 1 },
      [150, 151],
      [-6, -5],
    ]);
  });

  test("of several frequencies go in a request each", async () => {
    const daily = { timestamps: Float64Array.of(0, 24 * HOUR), values: Float64Array.of(8, 9) };
    const made = await backend().forecastMany!([hourly(1, 2), daily, hourly(3, 4)], asked);
    expect(forecasts().map(({ body }) => [body!.freq, body!.series.sizes.length])).toEqual([
      ["h", 2],
      ["D", 1],
    ]);
    expect(made.map((one) => one.ok && [one.value.mean[0], one.value.frequencyMs])).toEqual([
      [3, HOUR],
      [10, 24 * HOUR],
      [5, HOUR],
    ]);
  });

  test("are cut into requests of as many as one takes; one that is refused takes no other with it", async () => {
    server.answerNext("/v2/forecast", { status: 422, body: timegptError("Validation error", "series too short", "A22") });
    const made = await backend().forecastMany!(
      Array.from({ length: 501 }, (_, i) => hourly(i, i)),
      asked,
    );
    expect(forecasts().map(({ status }) => status)).toEqual([422, 200]);
    expect(made.slice(0, 500).every((one) => !one.ok)).toBe(true);
    expect(made[500]).toMatchObject({ ok: true, value: { mean: Float64Array.of(501, 502) } });
  });

  test("are not sent any further once the service or the key is at fault", async () => {
    server.answerNext("/v2/forecast", { status: 500, body: "oops" });
    const many = Array.from({ length: 501 }, (_, i) => hourly(i, i));
    await expect(backend().forecastMany!(many, asked)).rejects.toMatchObject({ message: expect.stringContaining("TimeGPT failed (500") });
    expect(forecasts()).toHaveLength(1);
  });

  test("are not waited for again for a minute where the service does not answer", async () => {
    const registry = createForecasters([stubForecaster, backend({ timeoutMs: 50 })], { now: () => now });
    server.answerNext("/model_params", "hang");
    const made = await registry.pick("timegpt").forecast(hourly(1, 2), asked);
    expect(made).toMatchObject({
      value: { backend: "stub", fallback: { from: "timegpt", reason: "TimeGPT did not answer within 0.05 s." } },
    });
    await registry.pick("timegpt").forecast(hourly(1, 2), asked);
    expect(server.requests).toHaveLength(1);
    now += 60_000;
    expect(await registry.pick("timegpt").forecast(hourly(1, 2), asked)).toMatchObject({ value: { backend: "timegpt" } });
  });
});

describe("what may pass is tried again", () => {
  test.each([408, 409, 429, 502, 503, 504])("after %p", async (status) => {
    server.answerNext("/v2/forecast", overloaded(status), overloaded(status), overloaded(status));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("made");
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
  });

  test("after a connection that breaks", async () => {
    server.answerNext("/model_params", "cut");
    server.answerNext("/v2/forecast", "cut");
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("made");
    expect(pauses).toEqual([1_000, 1_000]);
  });

  test.each([
    ["seconds", "7"],
    ["a date", "Fri, 20 Nov 2026 10:00:07 GMT"],
  ])("when Retry-After says so, in %s", async (_name, header) => {
    server.answerNext("/v2/forecast", overloaded(429, { "Retry-After": header }));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("made");
    expect(pauses).toEqual([7_000]);
  });

  test("four times in all", async () => {
    server.answerNext("/v2/forecast", ...Array.from({ length: 9 }, () => overloaded(503)));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("TimeGPT failed (503 A50, Overloaded, request F58XQJWLVW).");
    expect(forecasts()).toHaveLength(4);
  });

  test("but not when that would be after a minute and a half", async () => {
    server.answerNext("/v2/forecast", overloaded(429, { "Retry-After": "90" }));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toContain("quota");
    expect(pauses).toEqual([]);
  });

  test.each([400, 404, 413, 422, 500, 501])("and what will not pass is not: %p", async (status) => {
    server.answerNext("/v2/forecast", overloaded(status));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toContain(`(${status} A50, Overloaded`);
    expect(forecasts()).toHaveLength(1);
  });
});

describe("the reason says what is wrong, and never tells the key:", () => {
  test("a bad key", async () => {
    const reason = await reasonOf(backend({ apiKey: "nixak-wrong" }).forecast(hourly(1, 2), asked));
    expect(reason).toContain("TimeGPT refuses the API key that is configured here (401 A12, Invalid API key, ");
    expect(reason).not.toContain("nixak");
    expect(calls("/validate_api_key")).toMatchObject([{ status: 401 }]);
  });

  test("a key that may not use the model", async () => {
    await restart({ forbidden: ["timegpt-2-pro"] });
    const reason = await reasonOf(backend({ model: "timegpt-2-pro" }).forecast(hourly(1, 2), asked));
    expect(reason).toBe("The API key that is configured here is valid, but TimeGPT does not let it use timegpt-2-pro.");
  });

  test("a quota that is used up", async () => {
    const body = timegptError("Too many requests", "You have reached your request limit", "A20");
    server.answerNext("/v2/forecast", ...Array.from({ length: 4 }, () => ({ status: 429, body })));
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe(
      "TimeGPT takes no more requests for the API key that is configured here: its quota is used up (429 A20, Too many requests, You have reached your request limit, request F58XQJWLVW).",
    );
  });

  test("an unknown model", async () => {
    expect(await reasonOf(backend({ model: "timegpt-9" }).forecast(hourly(1, 2), asked))).toContain("(400 A40, Invalid model, timegpt-9");
  });

  test("an answer that quotes the key, at length", async () => {
    const body = timegptError(`Bearer ${KEY} is bad`, "x".repeat(9_999), "A1");
    server.answerNext("/v2/forecast", { status: 400, body });
    const made = await backend().forecast(hourly(1, 2), asked);
    expect(JSON.stringify(made, (_key, value: unknown) => (value instanceof Error ? [value.message, value.stack] : value))).not.toContain(
      KEY,
    );
    expect(!made.ok && made.error.reason === "not-made" && made.error.detail.length).toBeLessThan(500);
  });

  test("nobody there", async () => {
    await server.stop();
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("TimeGPT cannot be reached (ECONNREFUSED).");
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
    server = await startTimegpt();
  });

  test.each(["hang", "stall"] as const)("no whole answer in time (%s), which is not waited for again", async (answer) => {
    server.answerNext("/model_params", answer);
    expect(await reasonOf(backend({ timeoutMs: 50 }).forecast(hourly(1, 2), asked))).toBe("TimeGPT did not answer within 0.05 s.");
    expect(server.requests).toHaveLength(1);
  });
});

describe("an answer that is none is not taken for one:", () => {
  test.each<[string, unknown, string]>([
    ["not JSON", "<html>", "not JSON"],
    ["a bare NaN", '{"mean": [NaN, 1], "intervals": null}', "not JSON"],
    ["nothing", null, "without mean"],
    ["a list", [1, 2], "without mean"],
    ["no mean", { intervals: {} }, "without mean"],
    ["a row too few", { mean: [1] }, "1 rows of mean instead of 2"],
    ["no intervals", { mean: [1, 2], intervals: null }, "without lo-80"],
    ["not every interval", { mean: [1, 2], intervals: { "lo-80": [0, 1], "hi-80": [2, 3], "lo-95": [0, 1] } }, "without hi-95"],
  ])("%s", async (_name, body, what) => {
    server.answerNext("/v2/forecast", { status: 200, body: typeof body === "string" ? body : JSON.stringify(body) });
    const reason = await reasonOf(backend().forecast(hourly(1, 2), asked));
    expect(reason).toBe(`TimeGPT answered something that is no forecast (${what}).`);
    expect(pauses).toEqual([]);
  });

  test("of one series, values that are no numbers; the others keep their forecasts", async () => {
    await restart({
      spoil: ({ mean, intervals }) => ({ mean: mean.map((value, i) => (i === 2 ? null : i === 5 ? "6" : value)), intervals }),
    });
    const made = await backend().forecastMany!([hourly(1, 2), hourly(3, 4), hourly(5, 6), hourly(7, 8)], asked);
    expect(made.map(({ ok }) => ok)).toEqual([true, false, false, true]);
    expect(made[1]).toMatchObject({ error: { detail: expect.stringContaining("values that are no numbers") } });
  });

  test("intervals whose names are written as fractions are found all the same", async () => {
    await restart({
      spoil: ({ mean, intervals }) => ({
        mean,
        intervals: Object.fromEntries(Object.entries(intervals!).map(([name, column]) => [`${name}.0`, column])),
      }),
    });
    expect(await reasonOf(backend().forecast(hourly(1, 2), asked))).toBe("made");
  });

  test.each([{ detail: { input_size: 0, horizon: 24 } }, { detail: "fine" }, {}, null])(
    "model parameters of %j; and they are asked for again",
    async (body) => {
      server.answerNext("/model_params", { status: 200, body });
      const timegpt = backend();
      expect(await reasonOf(timegpt.forecast(hourly(1, 2), asked))).toContain("model parameters that are none");
      expect(await reasonOf(timegpt.forecast(hourly(1, 2), asked))).toBe("made");
    },
  );
});

test("without a key it is listed as not available, under both its names", () => {
  const { about } = backend({ apiKey: undefined });
  expect(about).toMatchObject({ name: "timegpt", aliases: ["nixtla-timegpt"], available: false, batch: 500, maxHorizon: 720 });
  expect(backend().about.available).toBe(true);
});
