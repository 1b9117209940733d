import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Dimensions } from "../contract/series.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";

export interface ResolvedSeries {
  readonly series: SeriesId;
  /** Canonical JSON. */
  readonly dimensions: string;
}

/** What leads on from here: by a dimension's name, then its value. */
interface Node {
  readonly names: Map<string, Map<string, Node>>;
  found: ResolvedSeries | null;
}

/** Series that a process has worked out, by organisation, metric and dimensions in the order they were written. */
export interface SeriesResolver {
  resolve(org: OrgId, metricKey: string, dimensions: Dimensions): ResolvedSeries;
}

const newNode = (): Node => ({ names: new Map(), found: null });

/**
 * Remembers series in a tree of maps, which costs a fifth of making a text to look one up by.
 * @param most - So many are remembered; then all are forgotten, at the cost of a hash each.
 */
export function createSeriesResolver(most = 200_000): SeriesResolver {
  const orgs = new Map<OrgId, Map<string, Node>>();
  let remembered = 0;
  return {
    resolve(org, metricKey, dimensions) {
      const metrics = getOrAdd(orgs, org, () => new Map<string, Node>());
      let node = getOrAdd(metrics, metricKey, newNode);
      for (const name in dimensions) {
        const values = getOrAdd(node.names, name, () => new Map<string, Node>());
        node = getOrAdd(values, dimensions[name]!, newNode);
      }
      if (node.found !== null) return node.found;
      const canonical = canonicalDimensions(dimensions);
      node.found = { series: seriesId(org, metricKey, canonical), dimensions: canonical };
      remembered += 1;
      if (remembered >= most) {
        orgs.clear();
        remembered = 0;
      }
      return node.found;
    },
  };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
