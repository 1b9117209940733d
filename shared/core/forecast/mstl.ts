import { stl } from "./stl.ts";
import type { StlOptions } from "./stl.ts";

/** A series as seasons of several lengths, a trend, and what is left; they add up to it. Shape (n,) each. */
export interface MultipleDecomposition {
  /** One a season length, in their order. */
  readonly seasonals: readonly Float64Array[];
  readonly trend: Float64Array;
  /** The series without its seasons: trend and remainder. */
  readonly adjusted: Float64Array;
}

/** Cycles that the effect of the shortest season is smoothed over, and so many more for each longer one. */
const FIRST_WINDOW = 11;
const WINDOW_STEP = 4;

/**
 * Seasonal-trend decomposition with seasons of several lengths.
 *
 * @param y - Points, oldest first, equally spaced, shape (n,). No NaN.
 * @param seasonLengths - Points per cycle, ascending, at least one, each at most n / 2.
 * @param options.iterations - How often each of several seasons is taken off and fitted anew, 2.
 * @param options.passes - Of each fit: see StlOptions.
 * @param options.robust - Whether outliers are kept out of seasons and trend: it takes eight times as long. No, by default.
 * @see Bandara, Hyndman & Bergmeir (2021), MSTL; the defaults are those of R `forecast::mstl`.
 */
export function mstl(
  y: Float64Array,
  seasonLengths: readonly number[],
  { iterations = 2, ...fit }: { readonly iterations?: number } & Pick<StlOptions, "passes" | "robust"> = {},
): MultipleDecomposition {
  const seasonals: Float64Array[] = seasonLengths.map(() => new Float64Array(y.length));
  const adjusted = y.slice();
  let trend: Float64Array = new Float64Array(y.length);
  for (let iteration = 0; iteration < (seasonLengths.length > 1 ? iterations : 1); iteration++) {
    for (const [place, seasonLength] of seasonLengths.entries()) {
      const before = seasonals[place]!;
      for (let i = 0; i < y.length; i++) adjusted[i]! += before[i]!;
      const parts = stl(adjusted, { seasonLength, seasonalWindow: FIRST_WINDOW + WINDOW_STEP * place, ...fit });
      seasonals[place] = parts.seasonal;
      trend = parts.trend;
      for (let i = 0; i < y.length; i++) adjusted[i]! -= parts.seasonal[i]!;
    }
  }
  return { seasonals, trend, adjusted };
}
