import type { SeriesId } from "../../contract/ids.ts";

/** A series as those name it who write to it. */
export interface NamedSeries {
  readonly series: SeriesId;
  readonly metricKey: string;
  /** Canonical JSON. */
  readonly dimensions: string;
  /** Set by the store once this process has seen it stored: it needs no insert again. Not knowing that costs an ignored insert. */
  isStored?: true;
}

/**
 * Points of many series in columns, in the order they came: `counts[i]` rows of `series[i]`, run after run. A series may have several runs;
 * of its equal timestamps the later one wins.
 */
export interface PointBatch<Series extends { readonly series: SeriesId } = NamedSeries> {
  /** Shape (runs,). */
  readonly series: readonly Series[];
  readonly counts: readonly number[];
  /** Unix ms, shape (n,). */
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

/** A batch that still grows. */
export interface GrowingBatch<Series extends { readonly series: SeriesId } = NamedSeries> {
  readonly series: Series[];
  readonly counts: number[];
  readonly timestamps: number[];
  readonly values: number[];
}

export const newBatch = <Series extends { readonly series: SeriesId }>(): GrowingBatch<Series> => ({
  series: [],
  counts: [],
  timestamps: [],
  values: [],
});

/** Adds a point; a series is known by being the same object. */
export function addPoint<Series extends { readonly series: SeriesId }>(
  { series, counts, timestamps, values }: GrowingBatch<Series>,
  of: Series,
  timestamp: number,
  value: number,
): void {
  const last = series.length - 1;
  if (last >= 0 && series[last] === of) counts[last]! += 1;
  else {
    series.push(of);
    counts.push(1);
  }
  timestamps.push(timestamp);
  values.push(value);
}

/** The batch of whole columns, one run a series. */
export function batchOf<Series extends { readonly series: SeriesId; readonly timestamps: Float64Array; readonly values: Float64Array }>(
  points: readonly Series[],
): PointBatch<Series> {
  return {
    series: points,
    counts: points.map(({ timestamps }) => timestamps.length),
    timestamps: points.flatMap(({ timestamps }) => [...timestamps]),
    values: points.flatMap(({ values }) => [...values]),
  };
}
