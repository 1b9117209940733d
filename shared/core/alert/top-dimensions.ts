import type { TopDimension } from "../../contract/alert.ts";
import type { Dimensions } from "../../contract/series.ts";

/** Open episodes of a rule, and how many of them have which dimension; those that most have first. */
export interface FiringDimensions {
  readonly alerts: number;
  readonly dimensions: readonly { readonly name: string; readonly value: string; readonly alerts: number }[];
}

/** The series that a rule watches, and how many of them have each dimension that is asked for. */
export interface WatchedDimensions {
  readonly series: number;
  readonly dimensions: readonly { readonly name: string; readonly value: string; readonly series: number }[];
}

/** How many of some series have each of some dimensions. */
export function countDimensions(series: readonly Dimensions[], asked: FiringDimensions["dimensions"]): WatchedDimensions {
  const dimensions = asked.map(({ name, value }) => {
    const having = series.filter((own) => Object.hasOwn(own, name) && own[name] === value);
    return { name, value, series: having.length };
  });
  return { series: series.length, dimensions };
}

/** So many alerts make a picture of what they have in common. */
export const FEW_ALERTS = 3;
/** How many times as many of the alerts as of all series have what tells them apart. */
const LEAST_LIFT = 1.5;
const NAMED = 3;

/**
 * What the firing alerts of a rule have that its other series have not: dimensions of at least half of the alerts, each with a lift (its share
 * of the alerts by its share of all series) of LEAST_LIFT, those first whose shares lie farthest apart. Of one name there is one value.
 *
 * @returns None where few alerts fire, or the rule watches no others.
 */
export function topDimensions({ alerts, dimensions }: FiringDimensions, watched: WatchedDimensions): TopDimension[] {
  if (alerts < FEW_ALERTS || watched.series <= alerts) return [];
  const seriesOf = new Map(watched.dimensions.map(({ name, value, series }) => [JSON.stringify([name, value]), series]));
  const found = dimensions.flatMap(({ name, value, alerts: having }) => {
    // What an alert has one of the rule's series has, unless it is watched no longer.
    const series = Math.max(having, seriesOf.get(JSON.stringify([name, value])) ?? 0);
    const [share, usual] = [having / alerts, series / watched.series];
    if (share < 0.5 || share < LEAST_LIFT * usual) return [];
    return [{ apart: share - usual, top: { name, value, alerts: having, ofAlerts: alerts, series, ofSeries: watched.series } }];
  });
  const sorted = found.toSorted((a, b) => b.apart - a.apart || (a.top.name < b.top.name ? -1 : 1));
  return [...new Map(sorted.toReversed().map(({ top }) => [top.name, top])).values()].toReversed().slice(0, NAMED);
}
