import { mstl } from "./mstl.ts";
import { medianOf } from "./median.ts";
import { thetaForecast } from "./theta.ts";
import { besideSeasons } from "./transforms.ts";

// Forecasts by what the last cycles looked like: they follow what a regression takes for noise, and never leave what was seen.

/** Cycles that totals need before they are forecast rather than repeated. */
const FORECASTABLE_CYCLES = 3;

export interface ProfileOptions {
  readonly seasonLength: number;
  /** How many of the last cycles are looked at. */
  readonly cycles: number;
  /** The shape is taken beside each cycle's own mean, and set on the median of so many last means; null: the values as they are. */
  readonly level: number | null;
}

/**
 * Each phase of the season as the median of it in the last cycles.
 * @param y - Points, oldest first, shape (n,).
 * @returns shape (horizon,); null below two cycles.
 */
export function medianProfile(
  y: Float64Array,
  horizon: number,
  { seasonLength: m, cycles: most, level }: ProfileOptions,
): Float64Array | null {
  const cycles = Math.min(most, Math.floor(y.length / m));
  if (cycles < 2) return null;
  const start = y.length - cycles * m;
  const means = new Float64Array(cycles);
  if (level !== null) for (let i = start; i < y.length; i++) means[Math.floor((i - start) / m)]! += y[i]! / m;
  const base = level === null ? 0 : medianOf(means.slice(-level));
  const profile = Float64Array.from({ length: Math.min(m, horizon) }, (_, phase) => {
    const values = Float64Array.from({ length: cycles }, (__, cycle) => y[start + cycle * m + phase]! - means[cycle]!);
    return base + medianOf(values);
  });
  return Float64Array.from({ length: horizon }, (_, step) => profile[step % m]!);
}

/** The median of the last points, on and on. @param window - How many. */
export function windowMedian(y: Float64Array, horizon: number, window: number): Float64Array {
  return new Float64Array(horizon).fill(medianOf(y.slice(-window)));
}

/**
 * The total of each coming cycle, forecast, shared out as the last cycles shared theirs.
 *
 * @param y - Points, oldest first, in a unit in which nothing is 0, shape (n,); not negative.
 * @param options.cycles - How many of the last cycles give the shape.
 * @param options.outer - Length of a longer season in cycles of this one, where there is one.
 * @returns shape (horizon,); null below four cycles, or where nothing is left to share.
 */
export function levelByShape(
  y: Float64Array,
  horizon: number,
  { seasonLength: m, cycles, outer }: { readonly seasonLength: number; readonly cycles: number; readonly outer: number | null },
): Float64Array | null {
  const count = Math.floor(y.length / m);
  if (count < FORECASTABLE_CYCLES + 1) return null;
  const start = y.length - count * m;
  const totals = new Float64Array(count);
  for (let i = start; i < y.length; i++) totals[Math.floor((i - start) / m)]! += y[i]!;

  const last = Math.min(cycles, count);
  const shape = new Float64Array(m);
  for (let i = y.length - last * m; i < y.length; i++) shape[(i - start) % m]! += y[i]!;
  const whole = shape.reduce((sum, value) => sum + value, 0);
  if (!(whole > 0) || totals.some((total) => !(total > 0))) return null;

  const ahead = forecastTotals(totals, Math.ceil(horizon / m), outer);
  return ahead && Float64Array.from({ length: horizon }, (_, step) => (ahead[Math.floor(step / m)]! * shape[step % m]!) / whole);
}

/** By theta on their logarithms, without their own season where they have one. */
function forecastTotals(totals: Float64Array, horizon: number, outer: number | null): Float64Array | null {
  const seasons = outer !== null && totals.length >= 2 * outer + 2 ? [outer] : [];
  const logs = besideSeasons(thetaForecast, (y) => mstl(y, seasons), seasons)(totals.map(Math.log), horizon);
  return logs && logs.map(Math.exp);
}
