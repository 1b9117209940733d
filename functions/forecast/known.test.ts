import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import type { SeriesKind } from "../../shared/contract/series.ts";
import { asLevels } from "../../shared/core/series/rate.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { knownAt } from "./known.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** START is a Friday's 10:00. */
const TODAY = START - 10 * HOUR;
const MONDAY = TODAY - 4 * DAY;
/** Later than what was appended is left to be, in the log. */
const LATER = START + 2 * HOUR;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const known = (series: SeriesId, frequencyMs?: number, cutoff = START) => knownAt(tenant(), { series, cutoff, frequencyMs });
const rowsOf = ({ timestamps, values }: { timestamps: Float64Array; values: Float64Array }) =>
  Array.from(timestamps, (time, row) => [time, values[row]!] as const);

type Row = readonly [time: number, value: number];
/** Rows from a time to another, each at a multiple of the spacing. */
const rows = (from: number, to: number, spacing: number, value: (time: number, row: number) => number): Row[] =>
  Array.from({ length: Math.ceil((to - from) / spacing) }, (_, row) => [from + row * spacing, value(from + row * spacing, row)]);

/** Stores rows of one series; all but the last two hours go to chunks, the rest stays in the log. */
async function stored(all: readonly Row[], kind: SeriesKind | null = null): Promise<SeriesId> {
  const [old, recent] = [all.filter(([time]) => time < START - 2 * HOUR), all.filter(([time]) => time >= START - 2 * HOUR)];
  const series = await harness.store("seen", old);
  if (kind !== null) await tenant().series.describe([{ metricKey: "seen", kind, unit: null }]);
  await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000_000, now: LATER });
  if (recent.length > 0) await harness.store("seen", recent);
  return series;
}

/** By hand: the mean of all rows of each period that ended by `end`. */
function meansByHand(
  all: readonly Row[],
  period: number,
  { from, end, origin = 0 }: { from: number; end: number; origin?: number },
): Row[] {
  const groups = new Map<number, number[]>();
  for (const [time, value] of all) {
    const start = origin + Math.floor((time - origin) / period) * period;
    if (start >= from && start + period <= end) groups.set(start, [...(groups.get(start) ?? []), value]);
  }
  return [...groups].map(([start, values]) => [start, values.reduce((sum, value) => sum + value, 0) / values.length]);
}

function expectRows(actual: readonly Row[], expected: readonly Row[]): void {
  expect(actual.map(([time]) => time)).toEqual(expected.map(([time]) => time));
  for (const [row, [, value]] of expected.entries()) expect(actual[row]![1]).toBeCloseTo(value, 6);
}

const level = (time: number, row: number): number => 50 + 20 * Math.sin((2 * Math.PI * time) / DAY) + ((row * 7_919) % 101) / 10;

describe("of minutes, in chunks and in the log,", () => {
  // From a Wednesday's noon on: five days, four weeks and two days.
  const from = MONDAY - 5 * WEEK + 2 * DAY + 12 * HOUR;
  let all: Row[];
  let series: SeriesId;
  beforeEach(async () => {
    all = rows(from, LATER, MINUTE, level);
    series = await stored(all);
  });

  test("hours are whole UTC hours up to the cutoff, and those of all the time", async () => {
    const hours = rowsOf(await known(series, HOUR));
    expect(hours.at(-1)![0]).toBe(START - HOUR);
    expectRows(hours, meansByHand(all, HOUR, { from, end: START }));
  });

  test("days leave out today, which is not over, and the first, of which only half was seen", async () => {
    expectRows(rowsOf(await known(series, DAY)), meansByHand(all, DAY, { from: from + DAY / 2, end: TODAY }));
  });

  test("weeks begin on Monday, and leave out this one, and the first", async () => {
    const weeks = rowsOf(await known(series, WEEK));
    expect(weeks.map(([time]) => time)).toEqual([4, 3, 2, 1].map((back) => MONDAY - back * WEEK));
    expectRows(weeks, meansByHand(all, WEEK, { from: MONDAY - 4 * WEEK, end: MONDAY, origin: MONDAY }));
  });

  test("quarters of an hour are those of the points", async () => {
    const quarters = rowsOf(await known(series, 15 * MINUTE));
    expectRows(quarters, meansByHand(all, 15 * MINUTE, { from, end: START }));
  });

  test.each([15 * MINUTE, HOUR, DAY, WEEK])("nothing from after a cutoff counts in periods of %d ms", async (frequency) => {
    const cutoff = MONDAY - WEEK + 3 * DAY + 5 * HOUR + 7 * MINUTE;
    const before = await known(series, frequency, cutoff);
    await harness.store(
      "seen",
      rows(cutoff + 1, LATER, MINUTE, () => 1e6),
    );
    expect(await known(series, frequency, cutoff)).toEqual(before);
    expect(before.timestamps.at(-1)! + frequency).toBeLessThanOrEqual(cutoff);
    expect(before.timestamps.at(-1)! + 2 * frequency).toBeGreaterThan(cutoff);
  });

  test("the points themselves are those of four weeks", async () => {
    const points = rowsOf(await known(series));
    expect(points.at(-1)).toEqual(all.find(([time]) => time === START));
    expect(points).toEqual(all.filter(([time]) => time <= START && time > START - 4 * WEEK));
    expect(rowsOf(await known(series, MINUTE))).toEqual(points);
  });
});

describe("of a counter that is started anew now and then,", () => {
  const from = TODAY - 20 * DAY - HOUR;
  /** Adds 5 to 14 a minute; starts anew each 50 hours. */
  let all: Row[];
  let rates: Row[];
  let series: SeriesId;
  beforeEach(async () => {
    let total = 0;
    all = rows(from, LATER, MINUTE, (_, row) => (total = (row % 3_000 === 1_234 ? 0 : total) + 5 + ((row * 7_919) % 10)));
    const timestamps = Float64Array.from(all, ([time]) => time);
    rates = rowsOf(asLevels("counter", { timestamps, values: Float64Array.from(all, ([, value]) => value) }));
    series = await stored(all, "counter");
  });

  test.each([
    ["hours", HOUR, from + HOUR, START],
    ["days", DAY, from + HOUR, TODAY],
    ["quarters of an hour", 15 * MINUTE, from + 15 * MINUTE, START],
  ])("%s are rates a second", async (_name, frequency, first, end) => {
    expectRows(rowsOf(await known(series, frequency)), meansByHand(rates, frequency, { from: first, end }));
  });

  test("so are weeks", async () => {
    const weeks = rowsOf(await known(series, WEEK));
    expectRows(weeks, meansByHand(rates, WEEK, { from: MONDAY - 2 * WEEK, end: MONDAY, origin: MONDAY }));
  });

  test("the points are rates, without a break where the older ones begin", async () => {
    const points = rowsOf(await known(series));
    expect(points).toEqual(rates.filter(([time]) => time <= START && time > START - 4 * WEEK));
  });
});

test("of what was added since the point before, hours are rates a second", async () => {
  const all = rows(TODAY - 3 * DAY, LATER, MINUTE, (_, row) => 60 * (1 + (row % 3)));
  const hours = await known(await stored(all, "delta"), HOUR);
  expect(hours.values.every((value) => Math.abs(value - 2) < 1e-9)).toBe(true);
  expect(hours.timestamps).toHaveLength(3 * 24 + 10 - 1);
});

test("a counter that is read once an hour is averaged over days point by point", async () => {
  const all = rows(TODAY - 9 * DAY, LATER, HOUR, (_, row) => 3_600 * row);
  const days = await known(await stored(all, "counter"), DAY);
  expect([...days.values]).toEqual(Array.from({ length: days.values.length }, () => 1));
  expect(days.timestamps.at(-1)).toBe(TODAY - DAY);
  expect(days.timestamps.length).toBeGreaterThanOrEqual(8);
});

test("a series that fell silent is known up to the last period that it was seen through", async () => {
  const series = await stored(rows(TODAY - 5 * DAY, TODAY - DAY - 9 * HOUR, MINUTE, level));
  expect((await known(series, DAY)).timestamps.at(-1)).toBe(TODAY - 3 * DAY);
  expect((await known(series, HOUR)).timestamps.at(-1)).toBe(TODAY - DAY - 10 * HOUR);
});

test("of hours the newest 4,096 count, and of days as many as there are", async () => {
  const series = await stored(rows(TODAY - 200 * DAY, START, HOUR, level));
  expect((await known(series)).timestamps).toHaveLength(4_096);
  expect((await known(series, DAY)).timestamps).toHaveLength(200);
});

test("of seconds a hundred thousand count, by quarters of an hour too", async () => {
  const series = await stored(rows(START - 150_000_000, START, 1_000, level));
  expect((await known(series)).timestamps).toHaveLength(100_000);
  const quarters = await known(series, 15 * MINUTE);
  expect(quarters.timestamps.length).toBeGreaterThanOrEqual(109);
  expect(quarters.timestamps.length).toBeLessThanOrEqual(111);
  expect(await known(series, HOUR)).toMatchObject({ timestamps: { length: 41 } });
});

test("one point is one point, whatever is asked for", async () => {
  const series = await stored([[START - HOUR, 5]]);
  expect(rowsOf(await known(series, DAY))).toEqual([[START - HOUR, 5]]);
});
