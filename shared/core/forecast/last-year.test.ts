import { describe, expect, test } from "@jest/globals";
import { withLastYear } from "./last-year.ts";
import { forecastNative } from "./native.ts";

const DAY = 86_400_000;
const YEAR = 364;
/** Sunday of the week before the third Monday of December 2026. */
const NEWEST = Date.UTC(2026, 11, 13);

/** A shop: the days of the week, noise, and twice as much in the two weeks after the newest day, and a year before that, where it is busy then. */
function shop(day: number, busyAfter: number): number {
  const noise = Math.sin(day * 12.9898) * 43_758.5453;
  const weekday = [0.6, 0.8, 1, 1, 1.2, 1.6, 1.8][((day % 7) + 7) % 7]!;
  const sinceStart = ((day % YEAR) + YEAR) % YEAR;
  return 100 * weekday * (sinceStart >= 1 && sinceStart <= busyAfter ? 2 : 1) * (0.95 + 0.1 * (noise - Math.floor(noise)));
}
const forecastOf = (days: number, busyAfter: number) => {
  const timestamps = Float64Array.from({ length: days }, (_, i) => NEWEST - (days - 1 - i) * DAY);
  const values = timestamps.map((time) => shop((time - NEWEST) / DAY, busyAfter));
  const made = forecastNative({ timestamps, values }, { horizon: 14, levels: [80] });
  if (!made.ok) throw new Error("refused");
  return made.value;
};
const share = ({ mean }: ReturnType<typeof forecastOf>): number =>
  mean.reduce((sum, value, step) => sum + value / shop(step + 1, 0), 0) / mean.length;

describe("a shop that was busy in these weeks of last year", () => {
  test("is expected to be busier, by half of that: it was seen once", () => {
    const [year, months] = [forecastOf(500, 14), forecastOf(400, 14)];
    expect(year.models.some(({ name }) => name.includes("x last year"))).toBe(true);
    expect(months.models.some(({ name }) => name.includes("x last year"))).toBe(false);
    expect(share(months)).toBeLessThan(1.05);
    expect(share(year)).toBeGreaterThan(share(months));
  });
});

describe("the models", () => {
  const flat = { name: "flat", forecast: (_y: Float64Array, horizon: number) => new Float64Array(horizon).fill(10) };
  const y = Float64Array.from({ length: 500 }, (_, i) => (i - 500 + YEAR >= 0 && i - 500 + YEAR < 14 ? 40 : 10));
  const options = { n: y.length, frequencyMs: DAY, calendar: [7], floor: 0 };

  test("are there once as they are, and once with the root of what last year's weeks were by those before them", () => {
    const [plain, timesLastYear] = withLastYear([flat], options);
    expect(plain!.forecast(y, 3)).toEqual(Float64Array.of(10, 10, 10));
    const ahead = timesLastYear!.forecast(y, 30)!;
    // The week around the first day has four days of the busy time.
    expect(ahead[0]).toBeCloseTo(10 * Math.sqrt((3 * 10 + 4 * 40) / 7 / 10), 9);
    expect(ahead[7]).toBeCloseTo(20, 9);
    expect(ahead[29]).toBeCloseTo(10, 9);
  });

  test("of a history that does not reach back so far say what they say without it", () => {
    const [, timesLastYear] = withLastYear([flat], options);
    const late = Float64Array.from(y, (value, i) => (i < 100 ? 3 * value : value));
    expect(timesLastYear!.forecast(late.subarray(0, 420), 3)![0]).toBeCloseTo(10, 9);
    expect(timesLastYear!.forecast(late.subarray(0, 419), 3)).toEqual(Float64Array.of(10, 10, 10));
    expect(timesLastYear!.forecast(late.subarray(0, 480), 3)![0]).toBeLessThan(7);
  });

  test.each([
    ["of a shorter history", { n: 419 }],
    ["that have a season of a year", { calendar: [7, 365] }],
    ["of weeks", { frequencyMs: 7 * DAY }],
    ["of values below zero", { floor: null }],
  ])("%s are as they were", (_which, other) => {
    expect(withLastYear([flat], { ...options, ...other })).toEqual([flat]);
  });

  test("say so too where nothing was above zero before; a week that had nothing then is expected to have nothing", () => {
    const [, timesLastYear] = withLastYear([flat], options);
    expect(timesLastYear!.forecast(new Float64Array(500), 3)).toEqual(Float64Array.of(10, 10, 10));
    const closed = Float64Array.from(y, (_, i) => (i >= 500 - YEAR ? 0 : 10));
    expect(timesLastYear!.forecast(closed, 20)![10]).toBe(0);
  });
});
