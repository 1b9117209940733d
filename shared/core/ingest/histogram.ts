/** Values counted between two edges. */
export interface Bucket {
  readonly lo: number;
  readonly hi: number;
  /** More than 0. */
  readonly n: number;
}

/** The least and the greatest value that a histogram has counted, where it says so. */
export interface Extremes {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Scales that the data model of OpenTelemetry asks for. */
const SCALES = { least: -10, most: 20 } as const;

/**
 * The buckets of a histogram with explicit bounds that are not empty, ascending.
 *
 * The outermost buckets end at min and max. Without them the first starts at 0 where its bound is positive, else it has no width, and neither
 * has the last: the convention of Prometheus.
 *
 * @param bounds - Upper bounds, ascending, shape (b,).
 * @param counts - Values in each bucket, shape (b + 1,); empty where nothing was bucketed.
 * @returns No buckets where nothing tells how wide they are; null when the shapes do not fit or the bounds do not ascend.
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#histogram
 */
export function explicitBuckets(bounds: readonly number[], counts: readonly number[], { min, max }: Extremes): readonly Bucket[] | null {
  if (counts.length === 0 && bounds.length === 0) return [];
  if (counts.length !== bounds.length + 1) return null;
  if (bounds.some((bound, place) => !Number.isFinite(bound) || (place > 0 && bound <= bounds[place - 1]!))) return null;
  const [first, last] = [bounds[0] ?? max, bounds.at(-1) ?? min];
  if (first === undefined || last === undefined) return [];
  return counts.flatMap((n, place) =>
    n > 0 ? [{ lo: bounds[place - 1] ?? min ?? Math.min(0, first), hi: bounds[place] ?? max ?? last, n }] : [],
  );
}

/**
 * The buckets of an exponential histogram that are not empty, ascending: bucket i has the values in (b^i, b^(i+1)] with b = 2^(2^-scale), or their
 * negatives; between them is the bucket of zero.
 *
 * @param histogram.positive - Counts of consecutive buckets, the first of index `offset`.
 * @returns null when the scale is none that the data model asks for.
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export function exponentialBuckets(histogram: {
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: { readonly offset: number; readonly counts: readonly number[] };
  readonly negative: { readonly offset: number; readonly counts: readonly number[] };
}): readonly Bucket[] | null {
  const { scale, zeroCount, zeroThreshold, positive, negative } = histogram;
  if (scale < SCALES.least || scale > SCALES.most) return null;
  const width = 2 ** -scale;
  const power = (index: number): number => Math.min(2 ** (index * width), Number.MAX_VALUE);
  const above = ({ offset, counts }: { readonly offset: number; readonly counts: readonly number[] }): Bucket[] =>
    counts.flatMap((n, place) => (n > 0 ? [{ lo: power(offset + place), hi: power(offset + place + 1), n }] : []));
  const below = above(negative)
    .map(({ lo, hi, n }) => ({ lo: -hi, hi: -lo, n }))
    .toReversed();
  const zero = zeroCount > 0 ? [{ lo: below.length === 0 ? 0 : -zeroThreshold, hi: zeroThreshold, n: zeroCount }] : [];
  return [...below, ...zero, ...above(positive)];
}

/**
 * Quantiles of values that are known by their buckets alone, as if they lay evenly in each, and within min and max.
 *
 * @param buckets - Ascending.
 * @param quantiles - Of 0 to 1, shape (q,).
 * @returns Shape (q,), in the unit of the edges; empty when there are no buckets.
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantilesOf(buckets: readonly Bucket[], quantiles: readonly number[], { min, max }: Extremes): readonly number[] {
  const total = buckets.reduce((sum, { n }) => sum + n, 0);
  if (total === 0) return [];
  const within = (value: number): number => Math.min(Math.max(value, min ?? -Infinity), max ?? Infinity);
  return quantiles.map((quantile) => {
    const rank = quantile * total;
    let before = 0;
    let at = 0;
    for (; at < buckets.length - 1 && before + buckets[at]!.n < rank; at++) before += buckets[at]!.n;
    const { lo, hi, n } = buckets[at]!;
    const [from, to] = [within(lo), within(hi)];
    return from + (to - from) * Math.min(1, (rank - before) / n);
  });
}
