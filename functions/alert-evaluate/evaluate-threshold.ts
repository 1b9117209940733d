import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { Series } from "../../shared/contract/series.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange, InstanceRecord } from "../../shared/core/alert/alert-record.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { endEpisode, step } from "../../shared/core/alert/step.ts";
import type { Instance, Transition } from "../../shared/core/alert/step.ts";
import { evaluateThreshold, heldSeverity, thresholdWindow } from "../../shared/core/alert/threshold.ts";
import type { LastScored } from "../../shared/ports/detection.ts";
import type { PointColumns } from "../../shared/ports/points.ts";
import type { Deps } from "../../shared/ports.ts";
import { instancesOf } from "./instances.ts";

export type ThresholdRule = Extract<Rule, { kind: "threshold" }>;

/** A series that is silent for so long has expired: its instance ends, and it is not said to have recovered. */
const EXPIRES_MS = 86_400_000;
const NO_POINTS: PointColumns = { timestamps: new Float64Array(), values: new Float64Array() };

/** What the evaluations of a threshold rule change that are due by now, over all series that it selects. */
export async function evaluateThresholdRule(org: OrgId, rule: ThresholdRule, now: number, { store }: Deps): Promise<InstanceChange[]> {
  const tenant = store.forOrg(org);
  const watched = await instancesOf(tenant, rule, await tenant.series.select(rule.selector, MOST_SERIES));
  const due = watched.flatMap(({ series, instance }) => {
    const times = dueEvaluations(instance.state.lastEvaluatedAt, now, rule);
    return times.length === 0 ? [] : [{ series, instance, times }];
  });
  if (due.length === 0) return [];

  const scored = await tenant.detection.lastScored(due.map(({ series }) => series.id));
  const points = await tenant.points.readMany(
    due.map(({ series }) => series.id),
    reachOf(rule, due, scored),
  );
  const changes: InstanceChange[] = [];
  for (const { series, instance, times } of due) {
    const known = scored.get(series.id);
    const own = points.get(series.id) ?? NO_POINTS;
    const lastPointAt = own.timestamps.at(-1) ?? known?.scoredTo ?? (await newestPoint(tenant.points, series.id, now));
    const after = advance(rule, instance.state, times, own, { cadence: known?.cadenceMs ?? null, lastPointAt });
    if (after !== null) changes.push(changeOf(rule, series, instance, after));
  }
  return changes;
}

/** One more than a rule may have: so an overflow shows. */
const MOST_SERIES = 501;

interface Known {
  readonly cadence: number | null;
  readonly lastPointAt: number | null;
}

interface Advanced {
  readonly after: Instance;
  readonly transitions: readonly Transition[];
  readonly expired: boolean;
}

/** Runs the evaluations of one instance; null where a series has been silent since before the rule watched it. */
function advance(
  rule: ThresholdRule,
  before: Instance,
  times: readonly number[],
  points: PointColumns,
  { cadence, lastPointAt }: Known,
): Advanced | null {
  let after = before;
  const transitions: Transition[] = [];
  for (const at of times) {
    if (lastPointAt === null || lastPointAt < at - EXPIRES_MS) {
      if (before.lastEvaluatedAt === null) return null;
      const ended = endEpisode(after, at, "expired");
      return { after: ended.instance, transitions: [...transitions, ...ended.transitions], expired: true };
    }
    const { interval, severity } = rule;
    const context = { at, severity, previous: heldSeverity(after), interval, cadence, lastPointAt: Math.min(lastPointAt, at) };
    const next = step(after, rule, evaluateThreshold(rule.condition, points, context));
    after = next.instance;
    transitions.push(...next.transitions);
  }
  return { after, transitions, expired: false };
}

function changeOf(
  rule: ThresholdRule,
  series: Series,
  instance: InstanceRecord,
  { after, transitions, expired }: Advanced,
): InstanceChange {
  const change = instanceChange(instance, { after, transitions }, rule, series);
  return expired ? { ...change, forget: true } : change;
}

/** The points that the due evaluations look at: from the oldest window's start to the newest evaluation. */
function reachOf(
  rule: ThresholdRule,
  due: readonly { readonly series: Series; readonly times: readonly number[] }[],
  scored: ReadonlyMap<SeriesId, LastScored>,
): { from: number; to: number } {
  let [from, to] = [Infinity, 0];
  for (const { series, times } of due) {
    const window = thresholdWindow(rule.condition, rule.interval, scored.get(series.id)?.cadenceMs ?? null);
    from = Math.min(from, times[0]! - window + 1);
    to = Math.max(to, times.at(-1)! + 1);
  }
  return { from, to };
}

async function newestPoint(
  points: { newest(series: SeriesId, window: { before: number; limit: number }): Promise<PointColumns> },
  series: SeriesId,
  now: number,
) {
  const { timestamps } = await points.newest(series, { before: now + 1, limit: 1 });
  return timestamps.at(-1) ?? null;
}
