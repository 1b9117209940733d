import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Dimensions } from "../contract/series.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";

export interface ResolvedSeries {
  readonly series: SeriesId;
  /** Canonical JSON. */
  readonly dimensions: string;
}

/** Series that a process has worked out, by organisation, metric and dimensions. */
export interface SeriesResolver {
  resolve(org: OrgId, metricKey: string, dimensions: Dimensions): ResolvedSeries;
}

interface Known {
  readonly org: OrgId;
  readonly metricKey: string;
  readonly dimensions: Dimensions;
  readonly found: ResolvedSeries;
  /** What was asked for after this the last time. */
  next: Known | null;
}

/**
 * Remembers series. Scrapes bring the same ones in the same order again and again: so what came next the last time is looked at first,
 * which costs a fifth of making a text to look a series up by.
 *
 * @param most - So many are remembered; then all are forgotten, at the cost of a hash each.
 */
export function createSeriesResolver(most = 200_000): SeriesResolver {
  const byText = new Map<string, Known>();
  let last: Known | null = null;
  return {
    resolve(org, metricKey, dimensions) {
      let known = last?.next ?? null;
      if (known === null || !isOf(known, org, metricKey, dimensions)) {
        known = lookUp(org, metricKey, dimensions);
        if (last !== null) last.next = known;
      }
      last = known;
      return known.found;
    },
  };

  function lookUp(org: OrgId, metricKey: string, dimensions: Dimensions): Known {
    const text = JSON.stringify([org, metricKey, dimensions]);
    const present = byText.get(text);
    if (present !== undefined) return present;
    const canonical = canonicalDimensions(dimensions);
    const found = { series: seriesId(org, metricKey, canonical), dimensions: canonical };
    const known = { org, metricKey, dimensions, found, next: null };
    if (byText.size >= most) {
      byText.clear();
      last = null;
    }
    byText.set(text, known);
    return known;
  }
}

function isOf(known: Known, org: OrgId, metricKey: string, dimensions: Dimensions): boolean {
  if (known.metricKey !== metricKey || known.org !== org) return false;
  let more = 0;
  for (const name in dimensions) {
    if (known.dimensions[name] !== dimensions[name]) return false;
    more += 1;
  }
  for (const _name in known.dimensions) more -= 1;
  return more === 0;
}
