import { joinColumns } from "../series/merge.ts";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import type { Accuracy } from "./accuracy.ts";
import { fillGaps } from "./gaps.ts";
import type { Interval } from "./intervals.ts";
import { seasonalNaive } from "./naive.ts";
import { finite } from "./scaling.ts";
import { mainSeason, seasonsOf } from "./seasonality.ts";

/** A forecast and what came. Columns have one row a step. */
export interface Outcome {
  /** Points of history that the forecast knew. */
  readonly known: number;
  /** NaN where nothing was observed. */
  readonly actual: Float64Array;
  readonly mean: Float64Array;
  readonly intervals: readonly Interval[];
}

/** How far forecasts were from what came. */
export interface OutcomeMeasures extends Accuracy {
  /** Weighted quantile loss; null where all that came is zero. */
  readonly wql: number | null;
  /** Share by which the mean absolute error is smaller than that of seasonal naive; null where that is perfect. */
  readonly skill: number | null;
  readonly intervals: readonly { readonly level: number; readonly coverage: number; readonly width: number }[];
}

/**
 * Points of history to forecast from: a horizon apart, the last of them a horizon before the end.
 *
 * @param n - Points of history.
 * @returns how many points each knows, ascending, each at least two; none where the history is too short for one.
 */
export function rollingCutoffs(n: number, { horizon, cutoffs }: { readonly horizon: number; readonly cutoffs: number }): number[] {
  const count = Math.min(cutoffs, Math.floor((n - 2) / horizon));
  return Array.from({ length: Math.max(0, count) }, (_, i) => n - (count - i) * horizon);
}

/**
 * Measures forecasts of one series from several of its points.
 *
 * @param y - The series, NaN for gaps, shape (n,).
 * @param outcomes - At least one; they have the same levels.
 * @param options.seasonLength - Of the seasonal naive forecast that they are compared with.
 * @returns null where nothing of what came was observed.
 * @see Hyndman & Athanasopoulos, FPP3, sections 5.8 to 5.10; Gneiting & Raftery (2007) on the quantile loss.
 */
export function measureOutcomes(
  y: Float64Array,
  outcomes: readonly Outcome[],
  { seasonLength }: { readonly seasonLength: number },
): OutcomeMeasures | null {
  const actual = joinColumns(outcomes.map((one) => one.actual));
  if (actual.every(Number.isNaN)) return null;
  const mean = joinColumns(outcomes.map((one) => one.mean));
  const naiveScale = seasonalNaiveScale(y, seasonLength);
  const accuracy = accuracyOf(actual, mean, { naiveScale });
  const naive = joinColumns(outcomes.map((one) => naiveFrom(y.subarray(0, one.known), seasonLength, one.mean.length)));

  const levels = outcomes[0]!.intervals.map(({ level }, place) => {
    const lo = joinColumns(outcomes.map((one) => one.intervals[place]!.lo));
    const hi = joinColumns(outcomes.map((one) => one.intervals[place]!.hi));
    return { level, lo, hi };
  });
  const quantiles = [
    { share: 0.5, values: mean },
    ...levels.flatMap(({ level, lo, hi }) => [
      { share: (1 - level / 100) / 2, values: lo },
      { share: (1 + level / 100) / 2, values: hi },
    ]),
  ];
  const size = meanOver(actual, (row) => Math.abs(actual[row]!));
  const loss = quantiles.reduce((sum, { share, values }) => sum + quantileLoss(actual, values, share), 0) / quantiles.length;
  return {
    ...accuracy,
    wql: size > 0 && Number.isFinite(loss / size) ? loss / size : null,
    skill: skillAgainst(accuracyOf(actual, naive, { naiveScale }).mae, accuracy.mae),
    intervals: levels.map(({ level, lo, hi }) => ({
      level,
      coverage: meanOver(actual, (row) => Number(lo[row]! <= actual[row]! && actual[row]! <= hi[row]!)),
      width: finite(meanOver(actual, (row) => finite(hi[row]! - lo[row]!))),
    })),
  };
}

/** The season that shows in what a forecast knew, 1 for none. @param y - NaN for gaps, shape (n,). */
export function seasonKnown(y: Float64Array, frequencyMs: number): number {
  return mainSeason(seasonsOf(fillGaps(y, 1), frequencyMs));
}

function naiveFrom(y: Float64Array, seasonLength: number, horizon: number): Float64Array {
  const history = fillGaps(y, seasonLength);
  const made = seasonalNaive(history, { seasonLength: Math.min(seasonLength, history.length), horizon });
  return made.ok ? made.value.mean : new Float64Array(horizon).fill(NaN);
}

/** Twice the mean pinball loss at a quantile. */
const quantileLoss = (actual: Float64Array, values: Float64Array, share: number): number =>
  meanOver(actual, (row) => 2 * Math.max(share * (actual[row]! - values[row]!), (share - 1) * (actual[row]! - values[row]!)));

/** Over the rows that were observed. */
function meanOver(actual: Float64Array, of: (row: number) => number): number {
  let [sum, count] = [0, 0];
  for (const [row, value] of actual.entries()) {
    if (Number.isNaN(value)) continue;
    sum += of(row);
    count += 1;
  }
  return sum / count;
}
