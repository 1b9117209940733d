import type { Aggregate } from "../../contract/series.ts";

/**
 * One number for the values of a window.
 *
 * @param values - In time order, n >= 1. Percentiles interpolate linearly between order statistics (Hyndman and Fan's type 7).
 * @returns In the values' unit (`count`: points); not finite where a value is not.
 */
export function aggregateValues(values: Float64Array, name: Aggregate): number {
  switch (name) {
    case "count":
      return values.length;
    case "last":
      return values.at(-1)!;
    case "min":
      return values.reduce((least, value) => Math.min(least, value), Infinity);
    case "max":
      return values.reduce((most, value) => Math.max(most, value), -Infinity);
    case "sum":
      return sum(values);
    case "avg":
      return mean(values);
    default:
      return percentile(values, Number(name.slice(1)));
  }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

function mean(values: Float64Array): number {
  const total = sum(values);
  // Huge values overflow their sum, not their mean.
  return Number.isFinite(total) ? total / values.length : values.reduce((part, value) => part + value / values.length, 0);
}

function percentile(values: Float64Array, p: number): number {
  if (!values.every(Number.isFinite)) return NaN;
  const sorted = values.toSorted();
  const place = ((sorted.length - 1) * p) / 100;
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low === high ? low : low + (high - low) * (place - below);
}
