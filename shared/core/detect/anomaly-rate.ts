import type { SeriesId } from "../../contract/ids.ts";
import type { ScoredSpan } from "./scored-spans.ts";

/** When a series was anomalous: Unix ms, `to` exclusive. */
export interface AnomalousTime {
  readonly series: SeriesId;
  readonly from: number;
  readonly to: number;
}

/** Columns, one row a bucket. */
export interface AnomalyRate {
  /** Starts of the buckets, Unix ms. */
  readonly timestamps: number[];
  readonly anomalous: number[];
  readonly scored: number[];
  /** null where nothing was scored. */
  readonly rate: (number | null)[];
}

/**
 * The share of series that were anomalous at some time of a bucket.
 *
 * @param times - In any order, those of one series may overlap.
 * @param scored - Spans of one length; of those that meet a bucket the one with the most series counts.
 * @param options.from - The start of the first bucket, Unix ms.
 */
export function anomalyRate(
  times: readonly AnomalousTime[],
  scored: readonly ScoredSpan[],
  { from, step, buckets }: { readonly from: number; readonly step: number; readonly buckets: number },
): AnomalyRate {
  const bucketOf = (time: number) => Math.floor((time - from) / step);
  const timestamps = Array.from({ length: buckets }, (_, bucket) => from + bucket * step);

  const changes = new Float64Array(buckets + 1);
  for (const own of Map.groupBy(times, ({ series }) => series).values()) {
    let counted = -1;
    for (const { from: start, to: end } of own.toSorted((a, b) => a.from - b.from)) {
      const first = Math.max(counted + 1, bucketOf(start));
      const last = Math.min(buckets - 1, bucketOf(end - 1));
      if (last < first) continue;
      changes[first]! += 1;
      changes[last + 1]! -= 1;
      counted = last;
    }
  }
  let open = 0;
  const anomalous = timestamps.map((_, bucket) => (open += changes[bucket]!));

  const most = anomalous.slice();
  for (const { span, startsAt, n } of scored) {
    const last = Math.min(buckets - 1, bucketOf(startsAt + span - 1));
    for (let bucket = Math.max(0, bucketOf(startsAt)); bucket <= last; bucket++) most[bucket] = Math.max(most[bucket]!, n);
  }
  // A week may begin before 1970, which no time does.
  if (timestamps.length > 0) timestamps[0] = Math.max(0, timestamps[0]!);
  return { timestamps, anomalous, scored: most, rate: most.map((n, bucket) => (n === 0 ? null : anomalous[bucket]! / n)) };
}
