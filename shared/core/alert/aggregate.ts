import type { Aggregate } from "../../contract/series.ts";
import { quantile } from "../forecast/intervals.ts";

const QUANTILES = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 } as const;

/**
 * One number for the points of a window.
 *
 * @param values - In time order, shape (n,), n >= 1.
 * @returns In the values' unit (`count`: points). Not finite where a value is not, or where a sum overflows. Quantiles interpolate linearly.
 * @see R `quantile`, type 7.
 */
export function aggregateValues(aggregate: Aggregate, values: Float64Array): number {
  switch (aggregate) {
    case "last":
      return values.at(-1)!;
    case "count":
      return values.length;
    case "sum":
      return sum(values);
    case "avg":
      return sum(values) / values.length;
    case "min":
      return values.reduce((least, value) => Math.min(least, value), Infinity);
    case "max":
      return values.reduce((most, value) => Math.max(most, value), -Infinity);
    default:
      return values.every(Number.isFinite) ? quantile(values.toSorted(), QUANTILES[aggregate]) : NaN;
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
