import { measureOutcomes } from "./evaluation.ts";
import type { OutcomeMeasures } from "./evaluation.ts";
import { regularGrid } from "./grid.ts";
import { NEWEST_POINTS } from "./look-back.ts";

/** The times of a forecast's steps, Unix ms: from `startsAt` on, `frequencyMs` apart, the last one over at `endsAt`. */
export interface ForecastSpan {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly frequencyMs: number;
}

/** A forecast as it is measured. Columns have one row a step. */
export interface MeasuredForecast extends ForecastSpan {
  /** Points per cycle of the seasonal naive forecast that it is compared with. */
  readonly seasonLength: number;
  readonly mean: Float64Array;
  readonly intervals: readonly { readonly level: number; readonly lo: Float64Array; readonly hi: Float64Array }[];
}

/** What was observed before a forecast's first step and from it on, shape (n,), and how densely. */
export interface Observed {
  /** Unix ms, ascending. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** The spacing of the observations themselves. */
  readonly spacingMs: number;
}

/** Points may come so late: a forecast is measured for the last time when its horizon has been over for so long. */
const LATE_MS = 3_600_000;

/** How many of a forecast's steps are over at a time. A step is over one frequency after its timestamp: it may stand for the mean of a period. */
export function stepsOver({ startsAt, endsAt, frequencyMs }: ForecastSpan, now: number): number {
  const horizon = Math.round((endsAt - startsAt) / frequencyMs);
  return Math.max(0, Math.min(horizon, Math.floor((now - startsAt) / frequencyMs)));
}

/**
 * When a forecast is measured again after a time: once twice as many steps are over, so that 720 steps cost eleven evaluations at most,
 * and for the last time an hour after its end, for late points.
 *
 * @returns Unix ms, after `now`; null when this was the last time.
 */
export function nextEvaluation(span: ForecastSpan, now: number): number | null {
  const last = span.endsAt + LATE_MS;
  if (now >= last) return null;
  const twice = span.startsAt + Math.max(1, 2 * stepsOver(span, now)) * span.frequencyMs;
  return twice < span.endsAt ? twice : last;
}

/**
 * Measures a forecast over its first steps.
 *
 * Observations are put on the forecast's own grid, as `regularGrid` does: the nearest to each time, or, where it is coarser than they are,
 * the mean of each period. The scale of MASE and the seasonal naive forecast are those of the history before its first step.
 * @param steps - How many steps are measured, those that nothing came for left out.
 * @returns null when nothing of them was observed. `steps`: how many were.
 */
export function measureForecast(
  { timestamps, values, spacingMs }: Observed,
  { startsAt, frequencyMs, seasonLength, mean, intervals }: MeasuredForecast,
  steps: number,
): { readonly steps: number; readonly measures: OutcomeMeasures } | null {
  if (steps === 0) return null;
  const end = startsAt + (steps - 1) * frequencyMs;
  const grid = regularGrid(timestamps, values, { frequencyMs, spacingMs, limit: NEWEST_POINTS + steps, end });
  // Rows of the grid that come before the first step; negative where the grid starts after it.
  const before = grid.values.length - steps;
  const known = Math.max(0, before);
  const actual = Float64Array.from({ length: steps }, (_, step) => grid.values[before + step] ?? NaN);
  const first = (column: Float64Array) => column.subarray(0, steps);
  const outcome = {
    known,
    actual,
    mean: first(mean),
    intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: first(lo), hi: first(hi) })),
  };
  const measures = measureOutcomes(grid.values.subarray(0, known), [outcome], { seasonLength });
  return measures && { steps: actual.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0), measures };
}
