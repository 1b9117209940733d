import { quantile } from "./intervals.ts";
import { medianOf } from "./median.ts";
import { mainSeason } from "./seasonality.ts";
import type { Seasons } from "./seasonality.ts";
import { runningMedians, seasonByMedians } from "./phase-medians.ts";

/** Points on either side of a place whose medians are compared; fewer in a short series. */
const WINDOW = 12;
const SHORTEST_WINDOW = 4;
const WINDOWS = 8;
/** So many cycles of a season that does not show tell it from a shift of level. */
const UNSEEN_CYCLES = 6;
/** So many cycles tell a season from shifts of level. */
const CYCLES = 3;
/** A shift is so many times as large as what usually lies between two windows. */
const UNUSUAL = 8;
/** Share of the levels before that lie on one side of the middle, and of those after that lie on the other. */
const APART = 0.95;
/** Levels between these quantiles lie closer together than the shift is large: else it is one of many moves. */
const SPAN = { from: 0.1, to: 0.9 };

/** Where a series left one level for another that it kept. */
export interface LevelShift {
  /** Index of the first point on the present level. */
  readonly at: number;
  /** A value of before as it would be on the present level, and back. */
  readonly toPresent: (value: number) => number;
  readonly toFormer: (value: number) => number;
}

/**
 * Finds the last lasting shift of a series' level.
 *
 * The medians of the points before and after each place are compared with how far apart such medians lie elsewhere in the series: a trend, a
 * random walk and a season that was missed are the same everywhere. What returns to where it was is no lasting shift.
 * @param z - Points, oldest first, of order 1, without outliers, shape (n,). No NaN.
 * @param options.floor - What counts as zero where no value is negative: a shift may be by a share then. Else null.
 * @see Eichinger & Kirch (2018), A MOSUM procedure for the estimation of multiple random change points, whose statistic this is, with medians.
 */
export function lastLevelShift(z: Float64Array, seasons: Seasons & { readonly floor: number | null }): LevelShift | null {
  const { calendar, found } = seasons;
  const all = [...new Set([...calendar, ...found])].toSorted((a, b) => a - b);
  const shift = lastShiftBeside(all, z, seasons);
  // A season that does not show may be none: what it would explain in few cycles may be the shift.
  const isSure = all.every((m) => found.includes(m) || z.length >= UNSEEN_CYCLES * m);
  return shift !== null || isSure ? shift : lastShiftBeside(found, z, seasons);
}

function lastShiftBeside(
  possible: readonly number[],
  z: Float64Array,
  { calendar, found, floor }: Seasons & { readonly floor: number | null },
): LevelShift | null {
  const n = z.length;
  const window = Math.min(WINDOW, Math.floor(n / WINDOWS));
  if (window < SHORTEST_WINDOW) return null;
  const season = seasonByMedians(z, possible, CYCLES);
  const plain = z.map((value, i) => value - season(i));
  const medians = runningMedians(plain, window);
  // The median of the window that begins at a place stands in its middle.
  const stepAt = (at: number): number => medians[at + (window >> 1)]! - medians[at - window + (window >> 1)]!;
  const m = mainSeason({ calendar, found });
  const least = Math.max(window, m);
  const steps = Float64Array.from({ length: n - 2 * window + 1 }, (_, i) => stepAt(i + window));
  const sizes = steps.map(Math.abs);
  const usual = medianOf(sizes.slice());

  for (let at = n - least; at >= least; at--) {
    if (!(sizes[at - window]! > UNUSUAL * usual)) continue;
    const peak = peakFrom(sizes, at - window, window) + window;
    const near = sizes.slice(Math.max(0, peak - window - WINDOWS * window), peak - window + WINDOWS * window);
    if (!(sizes[peak - window]! > UNUSUAL * medianOf(near))) continue;
    const shift = shiftAt(sharpest(plain, peak, window));
    if (shift !== null) return shift;
    at = peak - (window >> 1);
  }
  return null;

  function shiftAt(at: number): LevelShift | null {
    const [before, after] = [medianOf(plain.slice(Math.max(0, at - window), at)), medianOf(plain.slice(at, at + window))];
    const middle = (before + after) / 2;
    // Windows across the shift stand on both sides.
    const earlier = medians.subarray(0, Math.max(1, at - (window >> 1)));
    const later = medians.subarray(Math.min(n - 1, at + (window >> 1)));
    const up = Math.sign(after - before);
    const isKept = (levels: Float64Array, side: number): boolean => {
      const sorted = levels.toSorted();
      const nearest = side * (quantile(sorted, side > 0 ? 1 - APART : APART) - middle);
      const near = side === up ? sorted : levels.subarray(-later.length).toSorted();
      return nearest > 0 && quantile(near, SPAN.to) - quantile(near, SPAN.from) < Math.abs(after - before);
    };
    return Math.min(at, n - at) >= least && isKept(earlier, -up) && isKept(later, up)
      ? { at, ...moveAt(z, plain, at, { m, floor, least }) }
      : null;
  }
}

/** The place of the largest of the sizes from a place back, as long as there is a larger one within a window. */
function peakFrom(sizes: Float64Array, from: number, window: number): number {
  let peak = from;
  for (let i = from; i >= Math.max(0, peak - window); i--) if (sizes[i]! > sizes[peak]!) peak = i;
  return peak;
}

/** The place within half a window of a peak from which on points are nearest to the later of the two levels. */
function sharpest(plain: Float64Array, peak: number, window: number): number {
  const before = medianOf(plain.slice(Math.max(0, peak - window), peak));
  const after = medianOf(plain.slice(peak, peak + window));
  let [sum, least, best] = [0, Infinity, peak];
  const half = window >> 1;
  for (let at = Math.max(1, peak - half); at <= Math.min(plain.length - 1, peak + half); at++) {
    if (sum < least) [least, best] = [sum, at];
    sum += Math.abs(plain[at]! - before) - Math.abs(plain[at]! - after);
  }
  return best;
}

/** By a share where the swings have changed with the level, else by a difference. */
function moveAt(
  z: Float64Array,
  plain: Float64Array,
  at: number,
  { m, floor, least }: { readonly m: number; readonly floor: number | null; readonly least: number },
): Pick<LevelShift, "toPresent" | "toFormer"> {
  const length = Math.min(at, z.length - at, Math.max(least, 2 * m));
  const [before, after] = [medianOf(plain.slice(at - length, at)), medianOf(plain.slice(at, at + length))];
  const step = after - before;
  const byDifference = { toPresent: (value: number) => value + step, toFormer: (value: number) => value - step };
  if (floor === null || !(before > floor && after > floor)) return byDifference;

  const ratio = (after - floor) / (before - floor);
  // The same phases, so many cycles earlier.
  const earlier = m * Math.ceil(length / m);
  const swing = spreadOf(z.slice(at, at + length)) / spreadOf(z.slice(Math.max(0, at - earlier), Math.max(0, at - earlier) + length));
  const isByShare = Math.abs(Math.log(swing / ratio)) < Math.abs(Math.log(swing));
  const fallsBelow = step < 0 && z.subarray(0, at).some((value) => value + step < floor);
  if (!isByShare && !fallsBelow) return byDifference;
  return { toPresent: (value) => floor + (value - floor) * ratio, toFormer: (value) => floor + (value - floor) / ratio };
}

/** Mean absolute deviation from the median. */
function spreadOf(values: Float64Array): number {
  const middle = medianOf(values.slice());
  return values.reduce((sum, value) => sum + Math.abs(value - middle), 0) / values.length;
}
