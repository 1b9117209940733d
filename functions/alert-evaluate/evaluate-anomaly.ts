import type { SeriesId } from "../../shared/contract/ids.ts";
import { advanceAnomalies } from "../../shared/core/alert/advance.ts";
import type { AnomalyRule } from "../../shared/core/alert/advance.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange, InstanceRecord, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { LATENESS_MS } from "../../shared/core/detect/arrivals.ts";
import { evaluateAnomalies } from "../../shared/core/alert/anomaly.ts";
import { progressOfRecord, warmUpOf } from "../../shared/core/detect/warm-up.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { instancesOf } from "./instances.ts";

/** While an instance is active the tick of each minute looks at it: its series may go silent, its patience ends. */
const TICK_MS = 60_000;

/** What the anomalies of some series change in a rule, since it last looked at them. */
export async function evaluateAnomalyRule(
  rule: AnomalyRule,
  series: readonly WatchedSeries[],
  now: number,
  tenant: OrgStore,
): Promise<InstanceChange[]> {
  if (series.length === 0) return [];
  const watched = await instancesOf(tenant, rule, series);
  // A rule looks at what happens from its own beginning on: it does not fire for what was over before.
  const since = ({ state }: InstanceRecord) => state.lastEvaluatedAt ?? rule.updatedAt;
  const after = watched.reduce((least, { instance }) => Math.min(least, since(instance)), Infinity);
  const ids = series.map(({ id }) => id);
  // An end may be known only after its time was evaluated.
  const anomalies = await tenant.anomalies.forSeries(ids, { after: after - LATENESS_MS });
  const scored = await tenant.detection.lastScored(ids);

  const settling = await settlingOf([...new Set(anomalies.map(({ series: of }) => of))], tenant);
  const changes: InstanceChange[] = [];
  for (const { series: own, instance } of watched) {
    const found = anomalies.filter(({ series: of }) => of === own.id);
    const known = scored.get(own.id);
    const timeline = evaluateAnomalies(rule.condition, found, {
      now,
      lastPointAt: known?.scoredTo ?? null,
      cadence: known?.cadenceMs ?? null,
      interval: rule.interval,
      lag: lagOf(found),
      severity: rule.severity,
      lastEvaluatedAt: null,
      ...(settling.has(own.id) ? { warming: true } : {}),
    });
    const advanced = advanceAnomalies(rule, instance.state, timeline, { since: since(instance), now });
    const isActive = advanced.after.state !== "inactive" || advanced.after.flapping !== undefined;
    const pace = { checkpoints: [], dueAt: isActive ? (Math.floor(now / TICK_MS) + 1) * TICK_MS : null };
    const isDue = instance.dueAt !== null && instance.dueAt <= now;
    const isNews = instance.version === 0 ? advanced.transitions.length > 0 : isDue || advanced.after !== instance.state;
    if (isNews) changes.push({ ...instanceChange(instance, advanced, rule, own), pace });
  }
  return changes;
}

/** The series that have scores, but too few points for all severities. */
async function settlingOf(series: readonly SeriesId[], { detection }: OrgStore): Promise<ReadonlySet<SeriesId>> {
  const states = series.length === 0 ? [] : await detection.states(series);
  return new Set(states.filter((record) => warmUpOf(progressOfRecord(record)).state === "settling").map(({ series: of }) => of));
}

/** How much later than its time the newest anomaly was found, ms. */
function lagOf(anomalies: readonly { readonly timestamp: number; readonly detectedAt: number; readonly historical: boolean }[]): number {
  const newest = anomalies.findLast(({ historical }) => !historical);
  return newest === undefined ? 0 : Math.max(0, newest.detectedAt - newest.timestamp);
}
