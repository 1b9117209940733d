import { candidateSeasons } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { lastLevelShift } from "./level-shift.ts";
import type { LevelShift } from "./level-shift.ts";
import { winsorise } from "./outliers.ts";
import { scaleSeries } from "./scaling.ts";
import type { Scaled } from "./scaling.ts";
import { mainSeason, seasonsOf } from "./seasonality.ts";
import type { Seasons } from "./seasonality.ts";

/** A series as models are fitted to it and tested on it: of order 1. */
export interface Prepared extends Seasons {
  readonly scaled: Scaled;
  /** What counts as zero for models that need it, in the scaled unit; null where values are negative. */
  readonly floor: number | null;
  /** Without outliers; gaps are NaN. Shape (n,). */
  readonly z: Float64Array;
  /** Points that were taken for outliers. */
  readonly outliers: number;
  /** The last shift of level, where what lies before it was moved. */
  readonly shift: LevelShift | null;
}

/** Zero lies further from the newest value than so many times the spread: relative to it the values are all alike. */
const FAR_FLOOR = 1e6;

/**
 * Prepares a series for the models: moves its outliers, scales it, and finds its seasons.
 *
 * All of it is learned from the whole series: a backtest on it does not know what came after its cutoffs, but which of what came before was
 * an outlier.
 * @param y - Points on a regular grid, oldest first, NaN for gaps, at least two observed, shape (n,).
 */
export function prepareSeries(y: Float64Array, frequencyMs: number): Prepared {
  const calendar = candidateSeasons(frequencyMs);
  // Seasons need a series without outliers, and outliers are seen best beside the seasons.
  const rough = winsorise(y, { found: [], calendar });
  const seasons = seasonsOf(fillGaps(scaleSeries(rough.y).z, 1), frequencyMs);
  const fine = seasons.found.length === 0 ? rough : winsorise(y, { found: seasons.found, calendar });
  const scaled = scaleSeries(fine.y);
  return { ...seasons, scaled, floor: floorOf(y, scaled), z: scaled.z, outliers: fine.count, shift: null };
}

/**
 * Moves what lies before the last lasting shift of level to the present one.
 *
 * It is found in the whole series: a backtest then knows where a level was left that it must not be blamed for.
 */
export function atPresentLevel(prepared: Prepared): Prepared {
  const { z } = prepared;
  const shift = lastLevelShift(fillGaps(z, mainSeason(prepared)), prepared);
  if (shift === null) return prepared;
  return { ...prepared, z: z.map((value, i) => (i < shift.at ? shift.toPresent(value) : value)), shift };
}

function floorOf(y: Float64Array, { to }: Scaled): number | null {
  const floor = to(0);
  return y.some((value) => value < 0) || !(Math.abs(floor) < FAR_FLOOR) ? null : floor;
}
