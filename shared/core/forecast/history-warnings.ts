import { isConstant } from "./differences.ts";
import { candidateSeasons } from "./frequency.ts";
import type { Grid } from "./grid.ts";
import type { Prepared } from "./preparation.ts";

const HOUR = 3_600_000;
/** Times further from 1970 have no date. */
const LAST_DATE_MS = 8.64e15;

/**
 * What whoever reads a forecast should know of the history that it was made of, in sentences.
 *
 * @param options.tested - Steps ahead that the backtest reached, of those asked for.
 */
export function historyWarnings(
  grid: Grid,
  { shift, outliers }: Pick<Prepared, "shift" | "outliers">,
  { frequencyMs, tested, horizon }: { readonly frequencyMs: number; readonly tested: number; readonly horizon: number },
): string[] {
  const n = grid.values.length;
  const observed = grid.values.filter((value) => !Number.isNaN(value));
  // The hour is not missed in a series of minutes: few things beat by it.
  const season = candidateSeasons(frequencyMs).find((m) => m * frequencyMs > HOUR);
  return [
    ...grid.warnings,
    ...(isConstant(observed)
      ? [
          observed[0] === 0
            ? "All points are 0: the forecast is that they stay so"
            : "All points are equal: the forecast is that they stay so",
        ]
      : []),
    ...(shift === null ? [] : [`The level shifted at ${timeOf(grid.timestamps[shift.at]!)}: points before it count less`]),
    ...(outliers > 0
      ? [`${outliers === 1 ? "1 point was" : `${outliers} points were`} taken for outliers: no model was fitted to what they say`]
      : []),
    ...(season !== undefined && n < 2 * season
      ? [`The history of ${n} points has fewer than two cycles of ${season}: whether it has such a season cannot be seen`]
      : []),
    ...(tested < horizon ? [`The history of ${n} points is short: accuracy was tested ${tested} of ${horizon} steps ahead`] : []),
  ];
}

const timeOf = (ms: number): string => (Math.abs(ms) <= LAST_DATE_MS ? new Date(ms).toISOString() : `${ms} ms`);
