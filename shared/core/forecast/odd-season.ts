import { seasonalEffects } from "./decomposition.ts";
import { differenced } from "./differences.ts";
import { periodogram } from "./fft.ts";
import { correlationAt, isSeasonal } from "./is-seasonal.ts";
import { runningMedians } from "./phase-medians.ts";

/** A series shorter than this has too few cycles of anything to tell. */
const LEAST_POINTS = 48;
const LEAST_CYCLES = 4;
const SHORTEST = 3;
/** Frequencies on either side whose median tells what one carries by chance. */
const AROUND = 16;
/** The strongest of all frequencies is as strong by chance in one series of so many. */
const RARE = 1_000;
/** A season may show in the periodogram by one of its harmonics alone, up to this one. */
const HARMONICS = 8;
/** So much of what is left to correlate a longer period must gain over a shorter one. */
const GAIN = 0.5;
/** A line so near to a harmonic of a calendar's season, in harmonics, belongs to it: its swings change from week to week. */
const NEAR = { least: 0.1, most: 0.25 };
/** A shorter cycle that explains this share of a season's variance is the season. */
const WHOLE = 0.95;
/** What chance excuses is less than this share. */
const HALF = 0.5;

/**
 * The season that no calendar gives: the period of the strongest line in what the other seasons left, if it is one.
 *
 * A line stands out of its neighbours in the periodogram of the differences, which memory raises all alike; and the autocorrelation at its
 * period, or a multiple of which it is a harmonic, passes the test of every season.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 * @param options.calendar - Points per cycle of the calendar's seasons that fit, ascending.
 * @param options.found - Those of them that show.
 * @returns points per cycle, at least 3; null where there is none.
 * @see Vlachos, Yu & Castelli (2005), On periodicity detection and structural periodic similarity; Fisher (1929) for the strongest line.
 */
export function oddSeason(
  y: Float64Array,
  { calendar, found }: { readonly calendar: readonly number[]; readonly found: readonly number[] },
): number | null {
  if (y.length < LEAST_POINTS) return null;
  const rest = besideEffects(y, found);
  const line = strongestLine(rest, calendar);
  if (line === null) return null;
  let best = { m: 0, r: 0 };
  for (let harmonic = 1; harmonic <= HARMONICS && LEAST_CYCLES * harmonic * line <= y.length; harmonic++) {
    const m = Math.round(harmonic * line);
    if (m < SHORTEST || isOfCalendar(1 / (harmonic * line), calendar, y.length)) continue;
    const r = correlationAt(rest, m);
    if (r - best.r > GAIN * (1 - best.r)) best = { m, r };
  }
  return best.m > 0 && isSeasonal(rest, best.m) ? best.m : null;
}

/** Whether a frequency, in cycles a point, is about a harmonic of a calendar's season, as well as n points can tell. */
function isOfCalendar(frequency: number, calendar: readonly number[], n: number): boolean {
  return calendar.some(
    (m) => Math.abs(frequency * m - Math.round(frequency * m)) < Math.min(NEAR.most, Math.max(NEAR.least, (1.5 * m) / n)),
  );
}

/** The series less what each season adds at each phase. */
function besideEffects(y: Float64Array, seasons: readonly number[]): Float64Array {
  let rest = y;
  for (const m of seasons) {
    const [before, effects] = [rest, seasonalEffects(rest, m)];
    rest = before.map((value, i) => value - effects[i % m]!);
  }
  return rest;
}

/** The period, in points, of the frequency that stands out most; null where none stands out of chance. */
function strongestLine(rest: Float64Array, calendar: readonly number[]): number | null {
  const differences = differenced(rest, 1);
  const power = periodogram(differences);
  const size = 2 * power.length;
  const n = differences.length;
  const usual = runningMedians(power, 2 * AROUND + 1);
  let [line, strongest] = [0, 0];
  for (let k = Math.ceil((LEAST_CYCLES * size) / n); k <= size / SHORTEST; k++) {
    const share = (Math.LN2 * power[k]!) / usual[k]!;
    if (share > strongest && !isOfCalendar(k / size, calendar, n)) [line, strongest] = [k, share];
  }
  // Each share is exponential by chance: the largest of n / 2 exceeds this once in RARE series.
  if (!(strongest > Math.log((RARE * n) / 2))) return null;
  return size / peakBetween(power, line);
}

/** Where a parabola through a peak and its neighbours is highest. */
function peakBetween(power: Float64Array, k: number): number {
  const [before, at, after] = [Math.sqrt(power[k - 1]!), Math.sqrt(power[k]!), Math.sqrt(power[k + 1] ?? 0)];
  const bend = before - 2 * at + after;
  return bend < 0 ? k + (before - after) / (2 * bend) : k;
}

/**
 * The shortest cycle that a season consists of: a day that is the same every four hours is no day.
 *
 * @param y - As for `oddSeason`; n >= 2 m.
 * @returns a divisor of m, >= 3, or m itself.
 */
export function withinSeason(y: Float64Array, m: number): number {
  const effects = seasonalEffects(y, m);
  let noise = 0;
  for (let i = m; i < y.length; i++) noise += (y[i]! - y[i - m]!) ** 2 / 2;
  // Of an effect, which is the mean of as many points as there are cycles between the ends.
  noise *= m / (y.length - m) ** 2;
  const sizeOf = (column: Float64Array): number => column.reduce((sum, effect) => sum + effect * effect, 0);
  const whole = sizeOf(effects) - m * noise;
  if (!(whole > 0)) return m;
  for (let d = SHORTEST; d <= m / 2; d++) {
    if (m % d !== 0) continue;
    const folded = new Float64Array(d);
    for (let i = 0; i < m; i++) folded[i % d]! += (effects[i]! * d) / m;
    const explained = (m / d) * sizeOf(folded) - d * noise;
    const chance = 2 * noise * Math.sqrt(2 * (m - d));
    if (explained > Math.max(HALF * whole, WHOLE * whole - chance) && isSeasonal(y, d)) return d;
  }
  return m;
}
