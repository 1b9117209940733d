import type { Result } from "../result.ts";
import { inferFrequency } from "./frequency.ts";
import { regularGrid } from "./grid.ts";
import type { Grid } from "./grid.ts";
import { NEWEST_POINTS } from "./look-back.ts";
import type { TooShort } from "./naive.ts";

export interface NewestGrid {
  readonly grid: Grid;
  /** Points of it that are observed, at least two. */
  readonly observed: number;
  readonly frequencyMs: number;
  /** Between observations. */
  readonly spacingMs: number;
}

/**
 * The newest 4,096 points of a history on a grid of the frequency that is asked for, or of their own.
 *
 * @param observations - Any order; repeats, gaps and values that are not finite are allowed. Shape (n,) each.
 * @param asked - Milliseconds.
 * @returns the grid; or `too-short` when fewer than two of its points are observed.
 */
export function newestGrid(
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  asked: number | undefined,
): Result<NewestGrid, TooShort> {
  const present = timestamps.filter((time, i) => Number.isFinite(time) && Number.isFinite(values[i]!));
  const spacingMs = inferFrequency(present);
  if (spacingMs === null) return tooShort(Math.min(1, present.length));
  const frequencyMs = asked ?? spacingMs;
  const grid = regularGrid(timestamps, values, { frequencyMs, spacingMs, limit: NEWEST_POINTS });
  const observed = grid.observed.reduce((sum, seen) => sum + seen, 0);
  return observed < 2 ? tooShort(observed) : { ok: true, value: { grid, observed, frequencyMs, spacingMs } };
}

const tooShort = (got: number): Result<never, TooShort> => ({ ok: false, error: { reason: "too-short", needed: 2, got } });
