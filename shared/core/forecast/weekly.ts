import { canShow } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { regularGrid } from "./grid.ts";
import { isSeasonal } from "./is-seasonal.ts";
import { lagRegression, lagsFor } from "./lag-regression.ts";
import { isTooFineForAWeek, NEWEST_POINTS, pointsThatCount } from "./look-back.ts";
import { medianOf } from "./median.ts";
import type { Member } from "./members.ts";
import { medianProfile } from "./profiles.ts";
import { throughLogs } from "./transforms.ts";
import type { Forecast } from "./transforms.ts";

// The week of a series that is too fine for it: 10,080 points a cycle are seen as 168 hours.

const HOUR = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Weeks that the profile of a week is the median of. */
const CYCLES = 4;
/** Steps ahead that are asked for at the most. */
const MOST_STEPS = 720;

/** What hours say of a series of minutes. */
export interface Week {
  /** Points a week. */
  readonly seasonLength: number;
  /** Whether the days of the week differ, beyond what the day is like and by more than chance. */
  readonly shows: boolean;
  /** All points that count, NaN for gaps, in the series' unit; the newest of them are the fine grid's. */
  readonly values: Float64Array;
  /** What was at the same time of the last week. */
  readonly naive: Member;
  /** Models of the hours, with the fine series' shape within them. */
  readonly members: readonly Member[];
  /** Has a model forecast what is left beside the week's profile. */
  beside(member: Member): Member;
}

/** An earlier cutoff is told by how many points of the fine grid a forecast is given: all of them, up to it. */
export interface FineGrid {
  readonly frequencyMs: number;
  readonly spacingMs: number;
  /** The fine grid, which ends at the newest observation, as the models are fitted to it; NaN for gaps. Shape (n,). */
  readonly z: Float64Array;
  /** To the unit that they are fitted in, of points before it. */
  readonly to: (value: number) => number;
  /** What counts as zero in that unit, where logarithms make sense; else null. */
  readonly floor: number | null;
}

/**
 * Looks at four weeks of a fine series by the hour.
 *
 * Hours are counted back from each cutoff: none of them has a point after it.
 * @returns null where the newest points have room for two weeks, where the history is shorter than that, or so coarse that an hour has
 * fewer than two points.
 */
export function openWeek(
  input: { readonly timestamps: Float64Array; readonly values: Float64Array },
  { frequencyMs, spacingMs, z: newest, to, floor }: FineGrid,
): Week | null {
  const n = newest.length;
  if (n < NEWEST_POINTS || !isTooFineForAWeek(frequencyMs)) return null;
  const { values } = regularGrid(input.timestamps, input.values, { frequencyMs, spacingMs, limit: pointsThatCount(frequencyMs) });
  const anHour = HOUR / frequencyMs;
  if (values.length < 2 * WEEK_HOURS * anHour) return null;

  const z = values.map(to);
  z.set(newest, z.length - n);
  /** Of the points before a cutoff, that is so many points of the fine grid. */
  const hoursAt = remembered((known) => hoursBefore(z.subarray(0, z.length - n + known), anHour));
  const profileAt = remembered((known) => {
    const profile = weekProfile(hoursAt(known));
    if (profile === null) return null;
    return pointsOf((hour) => profile[((hour % WEEK_HOURS) + WEEK_HOURS) % WEEK_HOURS]!, anHour, [-known, known + MOST_STEPS]);
  });
  const shapeAt = remembered((known) => shapeOfHour(z.subarray(0, z.length - n + known), anHour));
  const all = hoursAt(n);
  const names = `${Math.round(DAY_HOURS * anHour)},${Math.round(WEEK_HOURS * anHour)}`;
  const seasonLength = Math.round(WEEK_HOURS * anHour);

  const byHours =
    (forecast: Forecast): Forecast =>
    (y, horizon) => {
      const hours = hoursAt(y.length);
      const ahead = forecast(hours, Math.ceil(horizon / anHour) + 1);
      if (ahead === null) return null;
      const points = pointsOf((hour) => (hour < 0 ? hours.at(-1)! : ahead[hour]!), anHour, [0, horizon]);
      const shape = shapeAt(y.length);
      return shape === null ? points : points.map((value, step) => value + shape[step % anHour]!);
    };
  const regression: Forecast = (hours, ahead) => lagRegression(hours, ahead, lagsFor(hours.length, [DAY_HOURS, WEEK_HOURS]));
  const profile: Forecast = (hours, ahead) => medianProfile(hours, ahead, { seasonLength: WEEK_HOURS, cycles: CYCLES, level: 1 });

  return {
    seasonLength,
    shows: showsWeek(all),
    values,
    naive: {
      name: `seasonal-naive(${seasonLength})`,
      forecast: (y, horizon) => {
        const known = fillGaps(z.subarray(0, z.length - n + y.length), 1);
        const m = Math.min(seasonLength, known.length);
        return Float64Array.from({ length: horizon }, (_, step) => known[known.length - m + (step % m)]!);
      },
    },
    members: [
      { name: `hourly-regression(${names})`, forecast: byHours(regression) },
      ...(floor === null || values.some((value) => value < 0)
        ? []
        : [{ name: `log hourly-regression(${names})`, forecast: byHours(throughLogs(floor)(regression)) }]),
      { name: `hourly-profile(${seasonLength})`, forecast: byHours(profile) },
    ],
    beside: ({ name, forecast }) => ({
      name: `${name} beside week(${seasonLength})`,
      forecast: (y, horizon) => {
        const profile = profileAt(y.length);
        if (profile === null) return null;
        const ahead = forecast(
          y.map((value, point) => value - profile[point]!),
          horizon,
        );
        return ahead && ahead.map((value, step) => value + profile[y.length + step]!);
      },
    }),
  };
}

/**
 * The models of a series with those of its week: where that shows, all of them know it, and none the less the baseline comes first. The
 * newest points may lie within a weekend, and then none of the others could tell that it will be over.
 * @param found - Seasons that show in the newest points.
 */
export function withWeek(members: readonly Member[], week: Week | null, found: readonly number[]): Member[] {
  if (week === null) return [...members];
  if (!week.shows) return [...members, ...week.members];
  return [found.length > 0 ? members[0]! : week.naive, ...week.members, ...members.map(week.beside)];
}

/**
 * Points of hours, each hour a line about its mean as steep as the flatter of the steps to its neighbours: what is smooth goes on from
 * hour to hour, and what jumps between two hours, as a weekend does, jumps.
 *
 * @param hours - Mean of an hour by its place; -1 is the hour before the first point.
 * @param first - Place of the first point, in points from the start of hour 0.
 * @returns shape (n,).
 * @see van Leer (1979), Towards the ultimate conservative difference scheme V: minmod-limited slopes.
 */
function pointsOf(hours: (hour: number) => number, anHour: number, [first, n]: readonly [number, number]): Float64Array {
  const points = new Float64Array(n);
  let [hour, value, slope] = [NaN, 0, 0];
  for (let i = 0; i < n; i++) {
    const position = (first + i + 0.5) / anHour;
    if (Math.floor(position) !== hour) {
      hour = Math.floor(position);
      value = hours(hour);
      const [before, after] = [value - hours(hour - 1), hours(hour + 1) - value];
      slope = before * after > 0 ? Math.sign(after) * Math.min(Math.abs(before), Math.abs(after)) : 0;
    }
    points[i] = value + slope * (position - hour - 0.5);
  }
  return points;
}

/** Works out once what is asked for by the same count of points. */
function remembered<Value>(of: (known: number) => Value): (known: number) => Value {
  const made = new Map<number, Value>();
  return (known) => {
    if (!made.has(known)) made.set(known, of(known));
    return made.get(known)!;
  };
}

/** Means of hours counted back from the end, oldest first, gaps filled. @param anHour - Points, also a fraction more. */
function hoursBefore(z: Float64Array, anHour: number): Float64Array {
  const n = Math.floor(z.length / anHour);
  const hours = Float64Array.from({ length: n }, (_, hour) => {
    const end = z.length - Math.round((n - 1 - hour) * anHour);
    let [mean, count] = [0, 0];
    for (let i = z.length - Math.round((n - hour) * anHour); i < end; i++) {
      if (Number.isNaN(z[i]!)) continue;
      count += 1;
      mean += (z[i]! - mean) / count;
    }
    return count > 0 && Number.isFinite(mean) ? mean : NaN;
  });
  return fillGaps(hours, DAY_HOURS);
}

/**
 * What each hour of the week is beyond the hour of the day, from the hour that follows the last one: below zero, as far as it is below the
 * highest. What is left beside it is then no lower than the series was, and has a logarithm where that had one.
 * @param hours - Shape (n,).
 * @returns shape (168,); null below a week.
 */
function weekProfile(hours: Float64Array): Float64Array | null {
  const cycles = Math.min(CYCLES, Math.floor(hours.length / WEEK_HOURS));
  if (cycles < 1) return null;
  const weeks = Array.from({ length: cycles }, (_, back) => {
    const week = hours.subarray(hours.length - (back + 1) * WEEK_HOURS, hours.length - back * WEEK_HOURS);
    const level = medianOf(week.slice());
    return week.map((value) => value - level);
  });
  const profile = weeks[0]!.map((_, hour) => medianOf(Float64Array.from(weeks, (week) => week[hour]!)));
  const effects = profile.map((value, hour) => value - meanOfDays(profile, hour % DAY_HOURS));
  const highest = effects.reduce((most, effect) => Math.max(most, effect), -Infinity);
  return effects.map((effect) => effect - highest);
}

function showsWeek(hours: Float64Array): boolean {
  if (!canShow(hours.length, WEEK_HOURS)) return false;
  // Every seventh day is alike too where all days are.
  const days = Float64Array.from({ length: DAY_HOURS }, (_, hour) => meanOfDays(hours, hour));
  return isSeasonal(
    hours.map((value, hour) => value - days[hour % DAY_HOURS]!),
    WEEK_HOURS,
  );
}

/** Over every 24th hour from one on. */
function meanOfDays(hours: Float64Array, first: number): number {
  let [mean, count] = [0, 0];
  for (let hour = first; hour < hours.length; hour += DAY_HOURS) mean += (hours[hour]! - mean) / (count += 1);
  return mean;
}

/**
 * How the points of an hour differ from its mean, in the median of the last three days.
 * @param z - NaN for gaps.
 * @returns shape (m,); null where they do so by chance, or an hour is no whole number of points.
 */
function shapeOfHour(z: Float64Array, m: number): Float64Array | null {
  const hours = Math.min(3 * DAY_HOURS, Math.floor(z.length / m));
  if (!Number.isInteger(m) || hours < DAY_HOURS) return null;
  const recent = fillGaps(z.slice(-hours * m), 1);
  if (!isSeasonal(recent, m)) return null;
  const means = Float64Array.from({ length: hours }, (_, hour) => {
    let mean = 0;
    for (let i = hour * m; i < (hour + 1) * m; i++) mean += (recent[i]! - mean) / (i - hour * m + 1);
    return mean;
  });
  return Float64Array.from({ length: m }, (_, phase) => medianOf(means.map((mean, hour) => recent[hour * m + phase]! - mean)));
}
