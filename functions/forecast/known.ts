import type { SeriesId } from "../../shared/contract/ids.ts";
import type { SeriesKind } from "../../shared/contract/series.ts";
import { inferFrequency } from "../../shared/core/forecast/frequency.ts";
import { isTooFineForAWeek, MOST_POINTS, NEWEST_POINTS, pointsThatCount } from "../../shared/core/forecast/look-back.ts";
import { endOfWholePeriods, hourlyRates, periodMeans, periodStart } from "../../shared/core/forecast/periods.ts";
import type { Periods } from "../../shared/core/forecast/periods.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import { HOUR_MS } from "../../shared/core/series/rollup.ts";
import type { Observations } from "../../shared/ports/forecasters.ts";
import type { PointColumns, PointStore } from "../../shared/ports/points.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** A grid of so many times a series' own spacing averages. */
const COARSE = 2;

/**
 * What was known of a stored series at the cutoff; of a counter its rates.
 *
 * A frequency of at least twice the series' own is answered with the means of whole UTC periods, stamped with their start: the newest that
 * was over at the cutoff and observed to its end, and 4,095 before it.
 * @param of.frequencyMs - The one that is asked for; the series' own when absent.
 * @returns ascending; at the series' own frequency what `pointsThatCount` says.
 */
export async function knownAt(
  { series, points }: OrgStore,
  of: { readonly series: SeriesId; readonly cutoff: number; readonly frequencyMs?: number | undefined },
): Promise<Observations> {
  const kind = (await series.get(of.series))?.kind ?? null;
  const newest = await points.levels(kind).newest(of.series, { before: of.cutoff + 1, limit: NEWEST_POINTS });
  const spacingMs = inferFrequency(newest.timestamps);
  if (spacingMs === null) return newest;

  const frequencyMs = of.frequencyMs ?? spacingMs;
  const looked: Looked = { points, series: of.series, kind, newest };
  if (frequencyMs < COARSE * spacingMs) {
    return isTooFineForAWeek(frequencyMs)
      ? newestPoints(looked, newest.timestamps.at(-1)! - frequencyMs * pointsThatCount(frequencyMs))
      : newest;
  }

  const end = endOfWholePeriods({ cutoff: of.cutoff, newest: newest.timestamps.at(-1)!, spacingMs, frequencyMs });
  const window = { frequencyMs, from: end - frequencyMs * pointsThatCount(frequencyMs), end };
  if (frequencyMs % HOUR_MS === 0 && kind !== "counter" && kind !== "delta") return meansOfPeriods(looked, window);
  // Where an hour has one point or none, what they come to by the hour is no better than they are.
  if (frequencyMs % HOUR_MS === 0 && COARSE * spacingMs <= HOUR_MS) return ratesOfPeriods(looked, window);
  return periodMeans(await newestPoints(looked, window.from - 1), window);
}

/** What is looked at: a series, and its newest points as levels. */
interface Looked {
  readonly points: PointStore;
  readonly series: SeriesId;
  readonly kind: SeriesKind | null;
  readonly newest: PointColumns;
}

interface Window {
  readonly frequencyMs: number;
  /** Unix ms, starts of periods. */
  readonly from: number;
  readonly end: number;
}

/** The newest points after a time, at most MOST_POINTS. */
async function newestPoints({ points, series, kind, newest }: Looked, after: number): Promise<PointColumns> {
  const before = newest.timestamps[0]!;
  if (newest.timestamps.length < NEWEST_POINTS || after + 1 >= before) return newest;
  const window = { from: after + 1, to: before, limit: MOST_POINTS - NEWEST_POINTS, order: "desc" } as const;
  const older = await points.levels(kind).read(series, window);
  return joinPoints(older, newest);
}

/** By the rollups: of weeks, which begin on Mondays, those of days. */
async function meansOfPeriods({ points, series }: Looked, { frequencyMs, from, end }: Window): Promise<Periods> {
  const step = frequencyMs % WEEK_MS === 0 ? DAY_MS : frequencyMs;
  const window = { from, to: end, step, aggregates: ["avg", "count"], limit: MOST_POINTS, order: "desc" } as const;
  const { timestamps, aggregates } = await points.buckets(series, window);
  return periodMeans({ timestamps, values: aggregates["avg"]!, weights: aggregates["count"]! }, { frequencyMs, end });
}

/** By the rollups of hours, whose rates follow from one another. */
async function ratesOfPeriods({ points, series, kind }: Looked, { frequencyMs, from, end }: Window): Promise<Periods> {
  const of = kind as "counter" | "delta";
  const hours = await points.buckets(series, {
    // An hour more: the first has no rate.
    from: Math.max(from, periodStart(end - MOST_POINTS * HOUR_MS, frequencyMs)) - HOUR_MS,
    to: end,
    step: HOUR_MS,
    aggregates: of === "counter" ? ["last", "min", "max"] : ["sum"],
    limit: MOST_POINTS + frequencyMs / HOUR_MS,
    order: "desc",
  });
  return periodMeans(hourlyRates(of, hours), { frequencyMs, end });
}
