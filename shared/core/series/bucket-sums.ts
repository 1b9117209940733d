import type { Aggregate } from "../../contract/series.ts";
import type { Buckets } from "./bucket.ts";
import type { Partials } from "./rollup.ts";

/** Aggregates of a whole that follow from those of its parts. */
const SUMMED = ["avg", "min", "max", "sum", "count", "last"] as const satisfies readonly Aggregate[];
export type SummedAggregate = (typeof SUMMED)[number];

export const areSummed = (aggregates: readonly Aggregate[]): aggregates is readonly SummedAggregate[] =>
  aggregates.every((name) => SUMMED.includes(name as SummedAggregate));

/** Huge values are summed on this scale too, where their sum is finite. */
const SMALLER = 2 ** -64;

interface Sum {
  n: number;
  sum: number;
  /** Of SMALLER times the values. */
  scaled: number;
  min: number;
  max: number;
  last: number;
  /** Unix ms that the last came at, or its part began at. */
  at: number;
}

/** Buckets, at multiples of a step since 1970 in UTC, that add up from parts which have no point in common. */
export interface BucketSums {
  /** @param points - Ascending. */
  addPoints(points: { readonly timestamps: Float64Array; readonly values: Float64Array }): void;
  /** @param at - Unix ms that the part begins at: no point of another part lies between its first and its last. */
  addPartials(partials: Partials, at: number): void;
  /** How many buckets lie wholly before a time, or from it on. */
  count(side: "before" | "from", time: number): number;
  /** The buckets that lie wholly in [from, to), ascending. */
  buckets(aggregates: readonly SummedAggregate[], from: number, to: number): Buckets;
}

/** @param step - Milliseconds; partials need whole hours. */
export function openBucketSums(step: number): BucketSums {
  const sums = new Map<number, Sum>();
  const sumOf = (start: number): Sum => {
    let sum = sums.get(start);
    if (sum === undefined) {
      sum = { n: 0, sum: 0, scaled: 0, min: Infinity, max: -Infinity, last: NaN, at: -Infinity };
      sums.set(start, sum);
    }
    return sum;
  };
  return {
    addPoints({ timestamps, values }) {
      for (let row = 0; row < timestamps.length;) {
        const start = Math.floor(timestamps[row]! / step) * step;
        const bucket = sumOf(start);
        for (const end = start + step; row < timestamps.length && timestamps[row]! < end; row++) {
          const value = values[row]!;
          add(bucket, 1, value, value, value, value, timestamps[row]!);
        }
      }
    },
    addPartials({ starts, counts, sums: added, mins, maxs, lasts }, at) {
      for (let row = 0; row < starts.length; row++) {
        const bucket = sumOf(Math.floor(starts[row]! / step) * step);
        add(bucket, counts[row]!, added[row]!, mins[row]!, maxs[row]!, lasts[row]!, at);
      }
    },
    count(side, time) {
      let n = 0;
      for (const start of sums.keys()) if (side === "before" ? start + step <= time : start >= time) n += 1;
      return n;
    },
    buckets(aggregates, from, to) {
      const timestamps = [...sums.keys()].filter((start) => start >= from && start + step <= to).toSorted((a, b) => a - b);
      const columns = aggregates.map((name) => [name, timestamps.map((start) => aggregateOf(sums.get(start)!, name))] as const);
      return { timestamps, aggregates: Object.fromEntries(columns) };
    },
  };
}

function add(to: Sum, n: number, sum: number, min: number, max: number, last: number, at: number): void {
  to.n += n;
  to.sum += sum;
  to.scaled += sum * SMALLER;
  to.min = Math.min(to.min, min);
  to.max = Math.max(to.max, max);
  if (at < to.at) return;
  to.at = at;
  to.last = last;
}

function aggregateOf(sum: Sum, name: SummedAggregate): number {
  if (name === "count") return sum.n;
  if (name !== "avg") return sum[name];
  // Huge values overflow their sum, not their mean.
  return Number.isFinite(sum.sum) ? sum.sum / sum.n : sum.scaled / sum.n / SMALLER;
}
