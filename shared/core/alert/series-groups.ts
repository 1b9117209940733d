import type { Rule } from "../../contract/rule.ts";
import type { Dimensions } from "../../contract/series.ts";
import { canonicalJson } from "../hash-id.ts";
import { joinColumns } from "../series/merge.ts";
import type { Subject, WatchedSeries } from "./alert-record.ts";

interface Points {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What a rule watches of a series that it selects: the series itself, or the group that its `groupBy` puts the series into. */
export function subjectOf({ groupBy }: Pick<Rule, "groupBy">, series: Subject): Subject {
  if (groupBy.length === 0) return series;
  // A dimension that a series lacks equals the empty string.
  const shared = groupBy.flatMap((name): [string, string][] => {
    const value = Object.hasOwn(series.dimensions, name) ? series.dimensions[name]! : "";
    return value === "" ? [] : [[name, value]];
  });
  return { id: null, metricKey: series.metricKey, dimensions: Object.fromEntries(shared) };
}

/** Series by the group that a rule puts them into, found by what the group's series share. */
export function seriesByGroup<Series extends WatchedSeries>(
  rule: Pick<Rule, "groupBy">,
  series: readonly Series[],
): (dimensions: Dimensions) => readonly Series[] {
  const members = Map.groupBy(series, (one) => canonicalJson(subjectOf(rule, one).dimensions));
  return (dimensions) => members.get(canonicalJson(dimensions)) ?? [];
}

/**
 * The points of several series as if they were one's: ascending, each of them kept, those of one time in the order of their series.
 * @param columns - Of each series, ascending.
 */
export function mergeSeries(columns: readonly Points[]): Points {
  if (columns.length === 1) return columns[0]!;
  const timestamps = joinColumns(columns.map((one) => one.timestamps));
  const values = joinColumns(columns.map((one) => one.values));
  const rows = Uint32Array.from(timestamps.keys()).toSorted((a, b) => timestamps[a]! - timestamps[b]! || a - b);
  return { timestamps: Float64Array.from(rows, (row) => timestamps[row]!), values: Float64Array.from(rows, (row) => values[row]!) };
}

/** Series as a rule looks at them: each by itself, or the points of each group together. */
export function groupSeries<Series extends Subject & Points & { readonly cadence: number | null }>(
  rule: Pick<Rule, "groupBy">,
  series: readonly Series[],
): readonly Series[] {
  if (rule.groupBy.length === 0) return series;
  const groups = Map.groupBy(series, (one) => canonicalJson(subjectOf(rule, one).dimensions));
  return [...groups.values()].map((members) => ({
    ...members[0]!,
    ...subjectOf(rule, members[0]!),
    ...mergeSeries(members),
    cadence: slowestOf(members.map(({ cadence }) => cadence)),
  }));
}

/** The slowest of several times between points, ms; null where none is known. */
export const slowestOf = (cadences: readonly (number | null)[]): number | null =>
  cadences.reduce((slowest, cadence) => (slowest === null || (cadence ?? 0) > slowest ? cadence : slowest), null);
