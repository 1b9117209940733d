import { describe, expect, test } from "@jest/globals";
import { forecastNative } from "./native.ts";
import type { NativeForecast, NativeOptions } from "./native.ts";
import { openWeek } from "./weekly.ts";

const MINUTE = 60_000;
const DAY = 1_440;
/** 2026-11-22 is a Sunday. */
const SUNDAY_EVENING = Date.UTC(2026, 10, 22, 23);
const FOUR_WEEKS = 40_320;

/** Near 0, of deviation 1, the same for the same minute: the fraction of a large sine, centred. */
function noiseAt(minute: number): number {
  const large = Math.sin(minute * 12.9898) * 43_758.5453;
  return (large - Math.floor(large) - 0.5) * Math.sqrt(12);
}

type Of = (minute: number, isWeekend: boolean) => number;
/** What happens at minutes around the newest one, which is 0. */
const isWeekend = (minute: number): boolean => [0, 6].includes(new Date(SUNDAY_EVENING + minute * MINUTE).getUTCDay());
const at = (of: Of, minute: number): number => of(minute, isWeekend(minute));
const daily = (minute: number): number => 100 + 40 * Math.sin((2 * Math.PI * minute) / DAY);

const offices: Of = (minute, weekend) => (weekend ? 30 : 100) + 3 * noiseAt(minute);
const shops: Of = (minute, weekend) => (weekend ? 0.3 : 1) * daily(minute) * (1 + 0.04 * noiseAt(minute));
const alike: Of = (minute) => daily(minute) + 4 * noiseAt(minute);

function observations(of: Of, n: number) {
  const minutes = Array.from({ length: n }, (_, i) => i - n + 1);
  return {
    timestamps: Float64Array.from(minutes, (minute) => SUNDAY_EVENING + minute * MINUTE),
    values: Float64Array.from(minutes, (minute) => at(of, minute)),
  };
}

function forecast(input: ReturnType<typeof observations>, options: Partial<NativeOptions> = {}): NativeForecast {
  const made = forecastNative(input, { horizon: 720, levels: [80, 95], ...options });
  if (!made.ok) throw new Error("refused");
  return made.value;
}
const errorOf = ({ mean }: NativeForecast, of: Of): number =>
  mean.reduce((sum, value, step) => sum + Math.abs(value - at(of, step + 1)), 0) / mean.length;
const knowsWeek = ({ models }: NativeForecast): boolean => models.some(({ name }) => name.includes("10080"));

describe("on Sunday evening", () => {
  test.each([
    ["offices", offices, 720],
    ["shops with a day of their own", shops, 240],
  ])("four weeks of %s tell of Monday, which three days do not (%#)", (_name, of, horizon) => {
    const [weeks, days] = [observations(of, FOUR_WEEKS), observations(of, 4_096)].map((input) => forecast(input, { horizon }));
    expect(errorOf(weeks!, of)).toBeLessThan(6);
    expect(errorOf(days!, of)).toBeGreaterThan(30);
    expect(weeks!.accuracy.skill).toBeGreaterThan(0);
    expect([knowsWeek(weeks!), knowsWeek(days!)]).toEqual([true, false]);
  });

  test("the jump at midnight is as sharp as it was", () => {
    const { mean } = forecast(observations(offices, FOUR_WEEKS), { horizon: 90 });
    expect(Math.max(...mean.subarray(0, 58))).toBeLessThan(40);
    expect(Math.min(...mean.subarray(60))).toBeGreaterThan(90);
  });

  test("the season of a series that only has weeks is the week, in minutes, and its accuracy is against last week's values", () => {
    const { seasonLength, accuracy } = forecast(observations(offices, FOUR_WEEKS));
    expect(seasonLength).toBe(10_080);
    // Noise against the difference of two, about 1 : sqrt(2).
    expect(accuracy.mase).toBeGreaterThan(0.5);
    expect(accuracy.mase).toBeLessThan(1);
  });
});

describe("where the days of the week are alike", () => {
  test("the forecast is no worse for knowing weeks", () => {
    const [weeks, days] = [forecast(observations(alike, FOUR_WEEKS)), forecast(observations(alike, 4_096))];
    expect(weeks.seasonLength).toBe(DAY);
    expect(errorOf(weeks, alike)).toBeLessThan(1.05 * errorOf(days, alike));
    expect(weeks.models.some(({ name }) => name.includes("beside week"))).toBe(false);
  });

  test("what happens at a minute of the hour stays there", () => {
    const jobs: Of = (minute, weekend) => (weekend ? 30 : 100) + (((minute % 60) + 60) % 60 < 5 ? 40 : 0) + noiseAt(minute);
    expect(errorOf(forecast(observations(jobs, FOUR_WEEKS)), jobs)).toBeLessThan(4);
  });
});

describe("an earlier cutoff", () => {
  const n = 4_096;
  const to = (value: number): number => value / 64;
  const opened = (input: ReturnType<typeof observations>) =>
    openWeek(input, { frequencyMs: MINUTE, spacingMs: MINUTE, z: input.values.subarray(-n).map(to), to, floor: 0 })!;
  const named = (input: ReturnType<typeof observations>) => {
    const week = opened(input);
    const members = [week.naive, ...week.members, week.beside({ name: "last", forecast: (y, h) => new Float64Array(h).fill(y.at(-1)!) })];
    return { week, members };
  };

  test("knows nothing of what came after it, by any of the models", () => {
    const input = observations(shops, FOUR_WEEKS);
    const known = n - 2_000;
    // All that came later is something else.
    const other = { ...input, values: input.values.map((value, i) => (i < FOUR_WEEKS - 2_000 ? value : 1_000 - value)) };
    const y = input.values.subarray(-n, -2_000).map(to);
    expect(y).toHaveLength(known);
    const [before, after] = [named(input), named(other)];
    for (const [place, { forecast: before_ }] of before.members.entries()) {
      const said = before_(y, 720)!;
      expect(said.every(Number.isFinite)).toBe(true);
      expect(after.members[place]!.forecast(y, 720)).toEqual(said);
    }
  });

  test("says what the whole history would, had it ended there", () => {
    const input = observations(shops, FOUR_WEEKS);
    const shorter = { timestamps: input.timestamps.subarray(0, -600), values: input.values.subarray(0, -600) };
    const y = input.values.subarray(-n, -600).map(to);
    const early = named(input).week.members[0]!.forecast(y, 60)!;
    const late = opened(shorter).members[0]!.forecast(shorter.values.subarray(-n).map(to), 60)!;
    // The history of the second goes back as far as the first one's did.
    for (const [step, value] of early.entries()) expect(late[step]).toBeCloseTo(value, 9);
  });
});

describe("there is no week", () => {
  const week = (frequencyMs: number, count: number) => {
    const timestamps = Float64Array.from({ length: count }, (_, i) => i * frequencyMs);
    const input = { timestamps, values: timestamps.map((time) => Math.sin(time)) };
    return openWeek(input, { frequencyMs, spacingMs: frequencyMs, z: input.values.subarray(-4_096), to: (value) => value, floor: null });
  };
  test.each([
    ["in less than two of them", MINUTE, 20_159],
    ["that the newest points would not show themselves, at five minutes", 5 * MINUTE, 10_000],
    ["at an hour", 60 * MINUTE, 10_000],
    ["in a day of seconds", 1_000, 100_000],
  ])("%s", (_name, frequencyMs, count) => {
    expect(week(frequencyMs, count)).toBeNull();
  });
  test("but there is in two", () => {
    expect(week(MINUTE, 20_160)).not.toBeNull();
  });
});

const spoiled: [name: string, spoil: (value: number, i: number) => number][] = [
  ["half of them missing", (value, i) => (Math.floor(i / 700) % 2 === 0 ? NaN : value)],
  ["outliers of 1e300", (value, i) => (i % 9_001 === 17 ? 1e300 : value)],
  ["nothing but zero at the end", (value, i) => (i > 36_000 ? 0 : value)],
  ["nothing but zero before the end", (value, i) => (i < 36_000 ? 0 : value)],
  ["one value", () => 7],
  ["negative values before the end", (value, i) => (i < 30_000 ? -value : value)],
];
test.each(spoiled)("four weeks of minutes with %s are forecast by finite numbers in order", (_name, spoil) => {
  const input = observations(shops, FOUR_WEEKS);
  const { mean, intervals } = forecast({ ...input, values: input.values.map(spoil) }, { horizon: 300, frequencyMs: MINUTE });
  const [narrow, wide] = [intervals[0]!, intervals[1]!];
  for (let step = 0; step < 300; step++) {
    const ladder = [wide.lo[step]!, narrow.lo[step]!, mean[step]!, narrow.hi[step]!, wide.hi[step]!];
    expect(ladder.every(Number.isFinite)).toBe(true);
    expect(ladder.toSorted((a, b) => a - b)).toEqual(ladder);
  }
});

test("a hundred thousand points of a spacing that no hour is a multiple of are forecast, and their week is known", () => {
  const spacing = 12_847;
  const timestamps = Float64Array.from({ length: 100_000 }, (_, i) => SUNDAY_EVENING - (99_999 - i) * spacing);
  const values = timestamps.map((time) => at(offices, (time - SUNDAY_EVENING) / MINUTE));
  const { mean, models } = forecast({ timestamps, values }, { horizon: 30 });
  expect(mean.every(Number.isFinite)).toBe(true);
  expect(models.some(({ name }) => name.includes(`week(${Math.round((7 * DAY * MINUTE) / spacing)})`))).toBe(true);
});
