import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { forecastNative } from "./native.ts";
import type { NativeForecast, NativeOptions } from "./native.ts";

// What a user expects of a forecast where histories are hard.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

function forecastOf(timestamps: Float64Array, values: Float64Array, options: Partial<NativeOptions> = {}): NativeForecast {
  const result = forecastNative({ timestamps, values }, { horizon: 24, levels: [80, 95], ...options });
  if (!result.ok) throw new Error("refused");
  return result.value;
}
function forecast(values: ArrayLike<number>, options: Partial<NativeOptions> = {}, spacing = HOUR): NativeForecast {
  const column = Float64Array.from(values);
  return forecastOf(
    column.map((_, i) => START + i * spacing),
    column,
    options,
  );
}

/** Uniform noise in (-1, 1) from a linear congruential generator. */
function noise(n: number, seed = 7_919): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  });
}
const daily = (n: number, m = 24): Float64Array => noise(n).map((value, t) => 50 + 20 * Math.sin((2 * Math.PI * t) / m) + 2 * value);
const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
/** Mean absolute distance from the cycle of `daily`, as it goes on from a point. */
const missOf = (mean: ArrayLike<number>, from: number, expected = (t: number) => 50 + 20 * Math.sin((2 * Math.PI * t) / 24)): number =>
  meanOf(Array.from(mean, (value, step) => Math.abs(value - expected(from + step))));
const widthOf = ({ intervals: [of80] }: NativeForecast): number => meanOf(of80!.hi.map((hi, step) => hi - of80!.lo[step]!));
const columnsOf = ({ mean, intervals }: NativeForecast): Float64Array[] => [mean, ...intervals.flatMap(({ lo, hi }) => [lo, hi])];

describe("histories in which nothing happens", () => {
  test("a constant stays, and the answer says that all points are equal", () => {
    const { mean, warnings, models } = forecast(new Float64Array(200).fill(42.5));
    expect(new Set(mean)).toEqual(new Set([42.5]));
    expect(models).toEqual([{ name: "naive", weight: 1 }]);
    expect(warnings).toEqual(["All points are equal: the forecast is that they stay so"]);
  });

  test("zeros stay zeros, and the answer says so", () => {
    const made = forecast(new Float64Array(200));
    for (const column of columnsOf(made)) expect(new Set(column)).toEqual(new Set([0]));
    expect(made.warnings).toEqual(["All points are 0: the forecast is that they stay so"]);
  });

  test("two points are forecast near both, and the answer says how little that is", () => {
    const { mean, warnings, seasons } = forecast([10, 12], { horizon: 3 });
    for (const value of mean) expect(value >= 10 && value <= 12).toBe(true);
    expect(seasons).toEqual([]);
    expect(warnings).toEqual([
      "The history of 2 points has fewer than two cycles of 24: whether it has such a season cannot be seen",
      "The history of 2 points is short: accuracy was tested 1 of 3 steps ahead",
      "The forecast did no better than seasonal naive in the backtest",
    ]);
  });
});

describe("long histories", () => {
  test("of 100,000 points the newest count, and the answer is the same as of those alone", () => {
    const values = daily(100_000);
    const timestamps = values.map((_, i) => START + i * HOUR);
    const whole = forecastOf(timestamps, values, { horizon: 48 });
    expect(whole).toEqual(forecastOf(timestamps.slice(-4_096), values.slice(-4_096), { horizon: 48 }));
    expect(missOf(whole.mean, 100_000)).toBeLessThan(2);
  });

  test("720 steps ahead of a daily cycle keep the cycle", () => {
    const { mean } = forecast(daily(2_000), { horizon: 720 });
    expect(mean).toHaveLength(720);
    expect(missOf(mean.subarray(-48), 2_000 + 672)).toBeLessThan(3);
  });

  test("one step ahead of a daily cycle is near what the cycle says", () => {
    const { mean } = forecast(daily(500), { horizon: 1 });
    expect(missOf(mean, 500)).toBeLessThan(3);
  });
});

describe("gaps of half the series", () => {
  const values = daily(960);
  const timestamps = values.map((_, i) => START + i * HOUR);
  const without = (isGap: (i: number) => boolean) => {
    const kept = [...values.keys()].filter((i) => !isGap(i));
    return forecastOf(
      Float64Array.from(kept, (i) => timestamps[i]!),
      Float64Array.from(kept, (i) => values[i]!),
      { frequencyMs: HOUR },
    );
  };

  test("at random leave the daily cycle", () => {
    const dice = noise(960, 5);
    const { mean, seasons, warnings } = without((i) => dice[i]! > 0 && i < 959);
    expect(seasons).toContain(24);
    expect(missOf(mean, 960)).toBeLessThan(4);
    expect(warnings).toEqual([expect.stringMatching(/^[45]\d% of the expected points are missing and were interpolated$/)]);
  });

  test("in one block leave the daily cycle", () => {
    const { mean, seasons } = without((i) => i >= 240 && i < 720);
    expect(seasons).toContain(24);
    expect(missOf(mean, 960)).toBeLessThan(4);
  });

  test("at the end have the forecast go on from the newest point there is", () => {
    const { mean, timestamps: ahead, warnings } = without((i) => i >= 480);
    expect(ahead[0]).toBe(START + 480 * HOUR);
    expect(missOf(mean, 480)).toBeLessThan(3);
    expect(warnings).toEqual([]);
  });
});

describe("level shifts", () => {
  const shifted = (back: number, step: (value: number) => number, n = 720): Float64Array =>
    daily(n).map((value, t) => (t >= n - back ? step(value) : value));

  test.each([
    ["up, lately", 30, 100, 48],
    ["up, long ago", 300, 100, 48],
    ["down, lately", 30, -200, 48],
    ["down, a day ago", 24, -200, 72],
  ])("%s: the forecast is at the new level with the old cycle, and the answer says when", (_name, back, step, horizon) => {
    const { mean, warnings } = forecast(
      shifted(back, (value) => value + step),
      { horizon },
    );
    expect(missOf(mean, 720, (t) => 50 + step + 20 * Math.sin((2 * Math.PI * t) / 24))).toBeLessThan(4);
    expect(warnings).toEqual([`The level shifted at ${new Date(START + (720 - back) * HOUR).toISOString()}: points before it count less`]);
  });

  test("by a share take the swings along", () => {
    const { mean, intervals } = forecast(
      shifted(40, (value) => value / 5),
      { horizon: 48 },
    );
    expect(missOf(mean, 720, (t) => 10 + 4 * Math.sin((2 * Math.PI * t) / 24))).toBeLessThan(1.2);
    expect(intervals[1]!.lo.every((value) => value >= 0)).toBe(true);
  });

  test("leave the intervals as wide as they are without", () => {
    const wide = widthOf(
      forecast(
        shifted(30, (value) => value + 100),
        { horizon: 48 },
      ),
    );
    expect(wide).toBeLessThan(1.5 * widthOf(forecast(daily(720), { horizon: 48 })));
  });

  test("count for the accuracy as what they were: nobody foresaw them", () => {
    const { accuracy } = forecast(shifted(30, (value) => value + 1_000));
    expect(accuracy.mae).toBeGreaterThan(50);
  });

  test.each([
    ["a trend", (t: number) => t / 5],
    ["a weekend", (t: number) => (Math.floor(t / 24) % 7 > 4 ? -30 : 0)],
    ["a bad day that is over", (t: number) => (t >= 600 && t < 624 ? 60 : 0)],
  ])("are not what %s is", (_name, more) => {
    const { warnings } = forecast(daily(720).map((value, t) => value + more(t)));
    expect(warnings.filter((warning) => warning.startsWith("The level"))).toEqual([]);
  });
});

describe("outliers", () => {
  const spiked = (spikes: readonly (readonly [number, number])[]): Float64Array => {
    const values = daily(720);
    for (const [back, value] of spikes) values[720 - back] = value;
    return values;
  };
  const plain = forecast(daily(720));

  test.each([
    ["one of 1e300", [[100, 1e300]], 1],
    ["one of -1e300", [[100, -1e300]], 1],
    ["one of 1e300 in what the forecast was tested on", [[5, 1e300]], 1],
    ["the largest double", [[50, Number.MAX_VALUE]], 1],
    [
      "five of fifty times the noise",
      [
        [30, 150],
        [31, 150],
        [200, -60],
        [333, 160],
        [500, 170],
      ],
      5,
    ],
    ["a spike as the last point", [[1, 1_000]], 1],
    ["1e300 as the last point", [[1, 1e300]], 1],
  ] as const)("%s: forecast and intervals are as without, and the answer says how many there were", (_name, spikes, count) => {
    const made = forecast(spiked(spikes));
    expect(missOf(made.mean, 720)).toBeLessThan(2);
    expect(widthOf(made)).toBeLessThan(1.5 * widthOf(plain));
    expect(made.seasons).toEqual(plain.seasons);
    expect(made.warnings).toEqual([
      `${count === 1 ? "1 point was" : `${count} points were`} taken for outliers: no model was fitted to what they say`,
    ]);
  });

  test("in what the forecast was tested on count for its accuracy", () => {
    expect(forecast(spiked([[5, 1e300]])).accuracy.rmse).toBeGreaterThan(1e298);
  });

  test("that come back every day are how the series is", () => {
    const values = daily(720).map((value, t) => value + (t % 24 === 3 ? 200 : 0));
    const { mean, warnings } = forecast(values);
    expect(mean[3]).toBeGreaterThan(200);
    expect(mean[15]).toBeLessThan(80);
    expect(warnings).toEqual([]);
  });

  test("that come back every day at about the same time are how the series is", () => {
    const values = daily(2_016, 288).map((value, t) => value + (t % 288 === 100 + (Math.floor(t / 288) % 2) ? 300 : 0));
    expect(forecast(values, {}, 5 * MINUTE).warnings).toEqual([]);
  });

  test("are not what two levels in turn are", () => {
    const dice = noise(400, 3);
    const values = dice.map((value) => (value > 0.6 ? 1_000 : 10));
    expect(forecast(values).warnings.filter((warning) => warning.includes("outliers"))).toEqual([]);
  });
});

describe("values of any size and kind", () => {
  test.each([
    ["around 1e300", 1e300],
    ["around 1e-300", 1e-300],
    ["negative", -1],
    ["negative and around 1e300", -1e300],
  ])("%s are forecast as their likes of ordinary size", (_name, unit) => {
    const ordinary = forecast(daily(480), { bounds: { min: -Number.MAX_VALUE } });
    const { mean, seasons } = forecast(
      daily(480).map((value) => value * unit),
      { bounds: { min: -Number.MAX_VALUE } },
    );
    expect(seasons).toEqual(ordinary.seasons);
    for (const [step, value] of mean.entries()) expect(Math.abs(value / unit - ordinary.mean[step]!)).toBeLessThan(3);
  });

  test("integer counts are forecast at their rate, never below zero", () => {
    const counts = noise(480).map((value, t) => Math.max(0, Math.round(4 + 3 * Math.sin((2 * Math.PI * t) / 24) + 2 * value)));
    const made = forecast(counts);
    expect(meanOf(made.mean)).toBeGreaterThan(3);
    expect(meanOf(made.mean)).toBeLessThan(5);
    for (const column of columnsOf(made)) expect(Math.min(...column)).toBeGreaterThanOrEqual(0);
  });

  test("NaN and infinities are gaps", () => {
    const values = daily(480);
    for (let i = 10; i < 470; i += 10) values[i] = [NaN, Infinity, -Infinity][i % 3]!;
    const { mean, warnings } = forecast(values);
    expect(missOf(mean, 480)).toBeLessThan(2);
    expect(warnings).toEqual(["10% of the expected points are missing and were interpolated"]);
  });

  test("a series of NaN but two is forecast from those", () => {
    const values = new Float64Array(50).fill(NaN);
    values[3] = 5;
    values[40] = 7;
    const { mean, frequencyMs } = forecast(values, { frequencyMs: HOUR });
    expect(frequencyMs).toBe(HOUR);
    for (const value of mean) expect(value >= 5 && value <= 7).toBe(true);
  });
});

describe("times", () => {
  const values = daily(480);
  const exact = values.map((_, i) => START + i * HOUR);

  test("that jitter by a third of the spacing are those of the grid", () => {
    const jitter = noise(480, 11);
    const { mean, seasons, frequencyMs } = forecastOf(
      exact.map((time, i) => time + 0.3 * HOUR * jitter[i]!),
      values,
      { frequencyMs: HOUR },
    );
    expect(frequencyMs).toBe(HOUR);
    expect(seasons).toContain(24);
    expect(missOf(mean, 480)).toBeLessThan(4);
  });

  test("that come twice count as their mean, and in any order", () => {
    const order = [...values.keys(), ...values.keys()].toSorted((a, b) => ((a * 7_919) % 480) - ((b * 7_919) % 480));
    const twice = forecastOf(
      Float64Array.from(order, (i) => exact[i]!),
      Float64Array.from(order, (i, place) => values[i]! + (order.indexOf(i) === place ? 1 : -1)),
    );
    const once = forecastOf(exact, values);
    for (const [step, value] of twice.mean.entries()) expect(value).toBeCloseTo(once.mean[step]!, 6);
    expect(twice.timestamps).toEqual(once.timestamps);
  });

  test.each([
    ["spring", Date.UTC(2026, 2, 29, 1), { before: 1, after: 2 }],
    ["autumn", Date.UTC(2026, 9, 25, 1), { before: 2, after: 1 }],
  ])(
    "two days after the change of %s, an hourly cycle by the clock of Berlin is forecast by the new time, an hour apart",
    (_name, change, offset) => {
      const opening = (time: number): number => {
        const hour = new Date(time + (time < change ? offset.before : offset.after) * HOUR).getUTCHours();
        return hour >= 8 && hour < 18 ? 100 : 20;
      };
      const newest = change + 48 * HOUR;
      const times = Float64Array.from({ length: 720 }, (_, i) => newest - (719 - i) * HOUR);
      const uneven = noise(720, 3);
      const { mean, timestamps } = forecastOf(
        times,
        times.map((time, i) => opening(time) + 2 * uneven[i]!),
      );
      for (let step = 1; step < 24; step++) expect(timestamps[step]! - timestamps[step - 1]!).toBe(HOUR);
      for (const [step, time] of timestamps.entries()) expect(Math.abs(mean[step]! - opening(time))).toBeLessThan(40);
    },
  );

  test("a day by the clock of Berlin is a day, also where it has 23 or 25 hours", () => {
    const times = Float64Array.from({ length: 120 }, (_, i) => {
      const midnight = Date.UTC(2026, 1, 1 + i);
      return midnight - (midnight > Date.UTC(2026, 2, 29) ? 2 : 1) * HOUR;
    });
    const { frequencyMs, timestamps, warnings, seasons } = forecastOf(
      times,
      times.map((_, i) => [10, 12, 14, 13, 15, 4, 2][i % 7]! + noise(120)[i]! / 2),
      { horizon: 7 },
    );
    expect(frequencyMs).toBe(DAY);
    expect([...timestamps].map((time, step) => time - times[119]! - (step + 1) * DAY)).toEqual(Array.from({ length: 7 }, () => 0));
    expect(warnings).toEqual([]);
    expect(seasons).toEqual([7]);
  });
});

describe("seasons", () => {
  test.each([
    ["a day in minutes", MINUTE, 1_440, 4_000],
    ["a day in five minutes", 5 * MINUTE, 288, 2_016],
    ["a day in quarters of an hour", 15 * MINUTE, 96, 960],
    ["a day in hours", HOUR, 24, 480],
    ["a week in days", DAY, 7, 120],
    ["a year in weeks", 7 * DAY, 52, 260],
    ["a batch of 90 minutes in five minutes", 5 * MINUTE, 18, 400],
    ["a cycle of four hours in hours", HOUR, 4, 480],
    ["ten days in days", DAY, 10, 200],
    ["a quarter in months", 30.4375 * DAY, 3, 90],
  ])("%s is found and gone on with", (_name, frequencyMs, m, n) => {
    const { mean, seasons } = forecast(daily(n, m), { horizon: Math.min(m, 720) }, frequencyMs);
    expect(seasons).toEqual([m]);
    expect(missOf(mean, n, (t) => 50 + 20 * Math.sin((2 * Math.PI * t) / m))).toBeLessThan(3);
  });

  test("several are all told, and skill is measured by the calendar's", () => {
    const values = daily(1_008).map((value, t) => value + (t % 5 === 0 ? 15 : 0) + (Math.floor(t / 24) % 7 > 4 ? -25 : 0));
    expect(forecast(values)).toMatchObject({ seasonLength: 24, seasons: [5, 24, 168] });
  });
});

describe("for any history whatever", () => {
  const anything = fc.array(fc.double(), { minLength: 2, maxLength: 150 });

  test("bounds that tiny values come nowhere near are where the forecast is", () => {
    const tiny = Array.from({ length: 50 }, (_, i) => (i % 5) * 1e-310);
    for (const bounds of [{ min: 5 }, { max: -5 }, { min: 5, max: 5.1 }, { min: 1e300 }]) {
      const { mean, intervals } = forecast(tiny, { bounds });
      for (const column of [mean, ...intervals.flatMap(({ lo, hi }) => [lo, hi])]) {
        expect(new Set(column)).toEqual(new Set([bounds.min ?? bounds.max]));
      }
    }
  });

  test("what is answered is finite, in order, within bounds and the same again", () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 40 }), fc.boolean(), (values, horizon, isBounded) => {
        const column = Float64Array.from(values);
        const timestamps = column.map((_, i) => START + i * HOUR);
        const options = { horizon, levels: [80, 95], frequencyMs: HOUR, ...(isBounded ? { bounds: { min: -5, max: 1e6 } } : {}) };
        const result = forecastNative({ timestamps, values: column }, options);
        fc.pre(result.ok);
        const {
          mean,
          intervals: [of80, of95],
        } = result.value;
        for (let step = 0; step < horizon; step++) {
          const ladder = [of95!.lo[step]!, of80!.lo[step]!, mean[step]!, of80!.hi[step]!, of95!.hi[step]!];
          expect(ladder.every(Number.isFinite)).toBe(true);
          expect(ladder.toSorted((a, b) => a - b)).toEqual(ladder);
          if (isBounded) expect(ladder[0]! >= -5 && ladder[4]! <= 1e6).toBe(true);
        }
        expect(forecastNative({ timestamps, values: column }, options)).toEqual(result);
      }),
      { numRuns: 150 },
    );
  });
});
