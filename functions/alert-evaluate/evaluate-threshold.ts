import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import type { Series } from "../../shared/contract/series.ts";
import { advanceThreshold } from "../../shared/core/alert/advance.ts";
import type { KnownSeries, ThresholdRule } from "../../shared/core/alert/advance.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange } from "../../shared/core/alert/alert-record.ts";
import type { EffectiveDetection } from "../../shared/core/detect/effective-settings.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { thresholdWindow } from "../../shared/core/alert/threshold.ts";
import type { LastScored } from "../../shared/ports/detection.ts";
import type { PointColumns } from "../../shared/ports/points.ts";
import type { Deps } from "../../shared/ports.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { instancesOfRule } from "./instances.ts";
import type { Watched } from "./instances.ts";

/** What began earlier than this before now is looked at from now on: so far back evaluations are made up. */
const MADE_UP_MS = 3_600_000;
/** One read takes in the days of so many series: where the window is long, those of a few, so that memory does not grow with both. */
const SERIES_DAYS_A_READ = 500;
const DAY_MS = 86_400_000;
/** After evaluations over so many points others get their turn in this process. */
const POINTS_A_TURN = 100_000;
const NO_POINTS: PointColumns = { timestamps: new Float64Array(), values: new Float64Array() };

interface Due extends Watched {
  /** Unix ms, ascending, at least one. */
  readonly times: readonly number[];
}

/** What the evaluations of a threshold rule change that are due by now, over all series that it selects. */
export async function evaluateThresholdRule(org: OrgId, rule: ThresholdRule, now: number, { store }: Deps): Promise<InstanceChange[]> {
  const tenant = store.forOrg(org);
  const { stored, more } = await instancesOfRule(tenant, rule);
  const due: Due[] = [
    ...stored.map((watched) => ({ ...watched, times: dueEvaluations(watched.instance.state.lastEvaluatedAt, now, rule) })),
    ...more.map((watched) => ({ ...watched, times: dueEvaluations(beginning(rule, watched.series, now), now, rule) })),
  ].filter(({ times }) => times.length > 0);
  if (due.length === 0) return [];

  const ids = due.map(({ series }) => series.id);
  const scored = await tenant.detection.lastScored(ids);
  const reach = reachOf(rule, due, scored);
  const seriesARead = Math.max(1, Math.floor((SERIES_DAYS_A_READ * DAY_MS) / (reach.to - reach.from)));
  const newestBefore = newestPoints(tenant, ids);
  const changes: InstanceChange[] = [];
  let looked = 0;
  for (let start = 0; start < due.length; start += seriesARead) {
    const points = await tenant.points.readMany(ids.slice(start, start + seriesARead), reach);
    for (const one of due.slice(start, start + seriesARead)) {
      const known = scored.get(one.series.id);
      const own = points.get(one.series.id) ?? NO_POINTS;
      const reachesBack = (own.timestamps[0] ?? Infinity) <= one.times[0]!;
      const before = reachesBack ? null : await newestBefore(one.series.id, reach.from, known?.scoredTo ?? null);
      const change = advance(rule, one, own, { cadence: known?.cadenceMs ?? null, before });
      if (change !== null) changes.push(change);
      looked += own.timestamps.length * one.times.length;
      if (looked < POINTS_A_TURN) continue;
      looked = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return changes;
}

/**
 * What stands for the last evaluation of a new instance: whenever it is first looked at, it begins where its rule and its series did;
 * null where that was too long ago.
 */
function beginning({ updatedAt, evalDelay, interval }: ThresholdRule, { createdAt }: Series, now: number): number | null {
  const at = Math.max(updatedAt, Date.parse(createdAt));
  return at < now - MADE_UP_MS ? null : Math.floor((at - evalDelay) / interval) * interval - 1;
}

/** Runs the evaluations of one instance; null where there is none to store, because its series is silent. */
function advance(rule: ThresholdRule, { series, instance, times }: Due, points: PointColumns, known: KnownSeries): InstanceChange | null {
  const watched = { instance: instance.state, isWatched: instance.version > 0 };
  const { after, transitions, isWatched } = advanceThreshold(rule, watched, points, times, known);
  if (!isWatched && instance.version === 0) return null;
  const change = instanceChange(instance, { after, transitions }, rule, series);
  return isWatched ? change : { ...change, forget: true };
}

/** The points that the due evaluations look at: from the oldest window's start to the newest evaluation. */
function reachOf(rule: ThresholdRule, due: readonly Due[], scored: ReadonlyMap<SeriesId, LastScored>): { from: number; to: number } {
  let [from, to] = [Infinity, 0];
  for (const { series, times } of due) {
    const window = thresholdWindow(rule.condition, rule.interval, scored.get(series.id)?.cadenceMs ?? null);
    from = Math.min(from, times[0]! - window + 1);
    to = Math.max(to, times.at(-1)! + 1);
  }
  return { from, to };
}

/** Finds the newest point of some series before a time. Where detection has seen no later one, it knows, unless it does not look at the series. */
function newestPoints({ points, detectionSettings }: OrgStore, ids: readonly SeriesId[]) {
  let effective: ((series: SeriesId) => EffectiveDetection) | null = null;
  return async (series: SeriesId, time: number, scoredTo: number | null): Promise<number | null> => {
    if (scoredTo !== null && scoredTo < time) {
      effective ??= await detectionSettings.effective(ids);
      if (effective(series).settings.enabled) return scoredTo;
    }
    const { timestamps } = await points.newest(series, { before: time, limit: 1 });
    return timestamps.at(-1) ?? null;
  };
}
