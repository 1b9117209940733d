import { demandIntervals } from "./croston.ts";
import { fitEts } from "./ets.ts";
import { runningMean } from "./mean.ts";

/**
 * The rate of a demand that comes now and then: its sums over buckets as long as the mean time between two demands, smoothed
 * exponentially, and shared out evenly.
 *
 * Buckets end at the newest point; what is too little for one at the start is left out.
 * @param y - Demand a step, oldest first, >= 0, shape (n,), n >= 1. No NaN.
 * @returns shape (horizon,), the same for all steps; zeros where there never was any demand.
 * @see Nikolopoulos et al. (2011), An aggregate-disaggregate intermittent demand approach (ADIDA) to forecasting.
 */
export function adidaForecast(y: Float64Array, horizon: number): Float64Array {
  const ahead = new Float64Array(horizon);
  const intervals = demandIntervals(y);
  if (intervals.length === 0) return ahead;
  const length = Math.round(runningMean(intervals));
  const buckets = new Float64Array(Math.floor(y.length / length));
  const start = y.length - buckets.length * length;
  for (let t = start; t < y.length; t++) buckets[Math.floor((t - start) / length)]! += y[t]!;
  const fit = fitEts(buckets, { trend: "N", season: "N" }, { seasonLength: 1 });
  const ofBucket = fit.ok ? fit.value.mean(1)[0]! : runningMean(buckets);
  return ahead.fill(Math.max(0, ofBucket) / length);
}
