import { describe, expect, test } from "@jest/globals";
import { Unavailable } from "../contract/problem.ts";
import type { Forecaster, ForecastOptions, NotMade, Observations } from "../ports/forecasters.ts";
import { nativeForecaster } from "./native.ts";
import { createForecasters } from "./registry.ts";
import { stubForecaster } from "./stub.ts";

const MINUTE = 60_000;
const history = (...values: readonly number[]): Observations => ({
  timestamps: Float64Array.from(values, (_, i) => i * MINUTE),
  values: Float64Array.from(values),
});
const asked: ForecastOptions = { horizon: 1, levels: [80] };

/** A remote backend that answers as the stub does, under its own name, unless it is told otherwise. */
function remote(
  name: string,
  about: Partial<Forecaster["about"]> = {},
  forecast: Forecaster["forecast"] = stubForecaster.forecast,
): Forecaster {
  return {
    about: { ...stubForecaster.about, name, ...about },
    async forecast(observations, options) {
      const made = await forecast(observations, options);
      return made.ok ? { ok: true, value: { ...made.value, backend: name } } : made;
    },
  };
}
const silent: Forecaster["forecast"] = async () => {
  throw new Unavailable("It does not answer.", { retryable: true });
};
const refusing =
  (detail: string): Forecaster["forecast"] =>
  async () => ({ ok: false, error: { reason: "not-made", detail } });

describe("the registry", () => {
  const all = createForecasters([nativeForecaster, stubForecaster]);

  test.each([
    ["auto", "native"],
    ["native", "native"],
    ["statistical", "native"],
    ["stub", "stub"],
  ] as const)("by %s means %s", async (backend, name) => {
    expect(await all.pick(backend).forecast(history(1, 2, 3), asked)).toMatchObject({ ok: true, value: { backend: name } });
  });

  test("lists the backends with the names that they answer to and what may be asked of them", () => {
    expect(all.list()).toMatchObject([
      {
        name: "native",
        aliases: ["auto", "statistical"],
        available: true,
        maxHorizon: 720,
        levels: { above: 0, below: 100 },
        frequencies: { shortest: "1s", longest: "366d" },
        batch: 1,
      },
      { name: "stub", aliases: [], available: true },
    ]);
  });

  test.each([
    ["not among them", createForecasters([nativeForecaster])],
    ["not configured", createForecasters([nativeForecaster, { ...stubForecaster, about: { ...stubForecaster.about, available: false } }])],
  ])("refuses a backend that is %s", (_name, forecasters) => {
    expect(() => forecasters.pick("stub")).toThrow(expect.objectContaining({ kind: "backend-unavailable" }));
  });
});

describe("auto", () => {
  const [first, second, absent] = [remote("first"), remote("second"), remote("absent", { available: false })];

  test.each([
    ["the first backend where nothing is preferred", [], "native"],
    ["the one that is preferred", ["second", "first"], "second"],
    ["the next one where the preferred is not configured, or not there", ["absent", "unheard-of", "first"], "first"],
    ["the first backend where none of the preferred is configured", ["absent"], "native"],
    ["one that is preferred by an alias", ["statistical", "first"], "native"],
  ])("means %s", async (_name, preference, name) => {
    const forecasters = createForecasters([nativeForecaster, first, second, absent], { preference });
    const made = await forecasters.pick("auto").forecast(history(1, 2), asked);
    expect(made).toMatchObject({ ok: true, value: { backend: name } });
    expect(made).not.toHaveProperty("value.fallback");
    expect(forecasters.list().find(({ aliases }) => aliases.includes("auto"))?.name).toBe(name);
  });

  test("goes from one that fails to the next preferred, and to the first backend at the end, and the answer says it of each", async () => {
    const preference = ["first", "second"];
    const dead = remote("first", {}, silent);
    const made = await createForecasters([stubForecaster, dead, second], { preference }).pick("auto").forecast(history(1, 2), asked);
    expect(made).toMatchObject({ ok: true, value: { backend: "second", fallback: { from: "first", reason: "It does not answer." } } });
    const limited = remote("second", { maxHorizon: 0 });
    const last = await createForecasters([stubForecaster, dead, limited], { preference }).pick("auto").forecast(history(1, 2), asked);
    expect(last).toMatchObject({
      ok: true,
      value: {
        backend: "stub",
        fallback: { from: "first", reason: "It does not answer." },
        warnings: [
          "Made by stub in place of first: It does not answer.",
          "Made by stub in place of second: It forecasts 0 steps ahead at most.",
          expect.stringContaining("tests"),
        ],
      },
    });
  });
});

describe("in place of a backend the native one makes the forecast, and the answer says why, when the backend", () => {
  test.each<[string, Partial<Forecaster["about"]>, Forecaster["forecast"], ForecastOptions, string]>([
    ["does not answer", {}, silent, asked, "It does not answer."],
    ["makes none", {}, refusing("The month's quota is used up."), asked, "The month's quota is used up."],
    [
      "needs more points",
      {},
      async () => ({ ok: false, error: { reason: "too-short", needed: 9, got: 3 } }),
      asked,
      "It needs 9 points, and there are 3.",
    ],
    ["does not look as far ahead", { maxHorizon: 24 }, silent, { ...asked, horizon: 25 }, "It forecasts 24 steps ahead at most."],
    [
      "takes no such level",
      { levels: { above: 0, below: 99 } },
      silent,
      { ...asked, levels: [80, 99] },
      "Its levels lie between 0 and 99.",
    ],
    [
      "takes no such steps",
      { frequencies: { shortest: "1m", longest: "7d" } },
      silent,
      { ...asked, frequencyMs: 1_000 },
      "It takes steps of 1m to 7d, not of 1s.",
    ],
  ])("%s", async (_name, about, forecast, options, reason) => {
    const forecasters = createForecasters([nativeForecaster, remote("stub", about, forecast)]);
    const made = await forecasters.pick("stub").forecast(history(1, 2, 3), options);
    expect(made).toMatchObject({ ok: true, value: { backend: "native", fallback: { from: "stub", reason } } });
    expect(made.ok && made.value.warnings[0]).toBe(`Made by native in place of stub: ${reason}`);
  });
});

describe("what cannot be made", () => {
  test("by the native one either is refused in its words", async () => {
    const forecasters = createForecasters([nativeForecaster, remote("stub", {}, silent)]);
    expect(await forecasters.pick("stub").forecast(history(1), asked)).toEqual({
      ok: false,
      error: { reason: "too-short", needed: 2, got: 1 },
    });
  });

  test("by the backend that was asked for is not made by another where there is to be no fallback", async () => {
    const forecasters = createForecasters([nativeForecaster, remote("stub", {}, silent)]);
    const made = await forecasters.pick("stub", { fallback: false }).forecast(history(1, 2), asked);
    expect(made).toMatchObject({ ok: false, error: { reason: "not-made", detail: "It does not answer." } });
  });

  test("because of a bug stays a bug", async () => {
    const broken: Forecaster["forecast"] = async () => {
      throw new TypeError("x is undefined");
    };
    await expect(
      createForecasters([nativeForecaster, remote("stub", {}, broken)])
        .pick("stub")
        .forecast(history(1, 2), asked),
    ).rejects.toThrow(TypeError);
  });
});

describe("many series", () => {
  const series = [history(1, 2), history(5), history(3, 4), history(6, 7)];

  test("go to the backend in one call, and what it does not make of them to the native one, each answer at its place", async () => {
    const calls: number[] = [];
    const stub: Forecaster = {
      ...stubForecaster,
      async forecastMany(all, options) {
        calls.push(all.length);
        return Promise.all(
          all.map((one) =>
            one.values[0] === 3
              ? refusing("It knows no 3.")(one, options)
              : stubForecaster.forecast(one, { ...options, frequencyMs: MINUTE }),
          ),
        );
      },
    };
    const made = await createForecasters([nativeForecaster, stub]).pick("stub").forecastMany(series, asked);
    expect(calls).toEqual([4]);
    expect(made.map((one) => (one.ok ? [one.value.backend, one.value.fallback?.reason] : one.error))).toEqual([
      ["stub", undefined],
      ["stub", undefined],
      ["native", "It knows no 3."],
      ["stub", undefined],
    ]);
  });

  test("go one by one to a backend that takes no more, and a series that is too short keeps no other from its forecast", async () => {
    const made = await createForecasters([nativeForecaster]).pick("auto").forecastMany(series, asked);
    expect(made.map((one) => (one.ok ? one.value.backend : one.error.reason))).toEqual(["native", "too-short", "native", "native"]);
  });
});

test("a backend that fails is told of once a call, and one that was not asked is not", async () => {
  const told: [string, NotMade][] = [];
  const onFailure = (backend: string, notMade: NotMade) => void told.push([backend, notMade]);
  const unable = remote("stub", { maxHorizon: 0 }, silent);
  await createForecasters([nativeForecaster, unable], { onFailure }).pick("stub").forecast(history(1, 2), asked);
  expect(told).toEqual([]);
  const refuses = remote("stub", {}, refusing("No quota."));
  await createForecasters([nativeForecaster, refuses], { onFailure })
    .pick("stub")
    .forecastMany([history(1, 2), history(3, 4)], asked);
  await createForecasters([nativeForecaster, remote("stub", {}, silent)], { onFailure })
    .pick("stub")
    .forecast(history(1, 2), asked);
  expect(told).toMatchObject([
    ["stub", { detail: "No quota." }],
    ["stub", { detail: "It does not answer.", cause: expect.any(Unavailable) }],
  ]);
});

describe("a backend that does not answer", () => {
  let [calls, time, isSilent] = [0, 0, true];
  const flaky = remote("timegpt", {}, (observations, options) => {
    calls += 1;
    return isSilent ? silent(observations, options) : stubForecaster.forecast(observations, options);
  });
  const registry = createForecasters([nativeForecaster, flaky], { now: () => time });
  const ask = () => registry.pick("timegpt").forecast(history(1, 2, 3), asked);

  test("is left alone for a minute, and the answer still says why another one made the forecast", async () => {
    expect(await ask()).toMatchObject({ value: { backend: "native", fallback: { from: "timegpt", reason: "It does not answer." } } });
    time = MINUTE - 1;
    expect(await ask()).toMatchObject({
      value: { backend: "native", fallback: { reason: "It does not answer. That was a moment ago: it is asked again within a minute." } },
    });
    expect(calls).toBe(1);
    time = MINUTE;
    await ask();
    expect(calls).toBe(2);
  });

  test("is asked all the same where no other is to step in, and where it answers it is back", async () => {
    await registry.pick("timegpt", { fallback: false }).forecast(history(1, 2, 3), asked);
    expect(calls).toBe(3);
    isSilent = false;
    await registry.pick("timegpt", { fallback: false }).forecast(history(1, 2, 3), asked);
    expect(await ask()).toMatchObject({ value: { backend: "timegpt" } });
  });
});
