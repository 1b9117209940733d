import type { RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { SeriesReference } from "../../shared/contract/series.ts";
import type { Subject } from "../../shared/core/alert/alert-record.ts";
import { scoreEpisodes } from "../../shared/core/alert/backtest-score.ts";
import type { LabelledTime, LabelScore } from "../../shared/core/alert/backtest-score.ts";
import { lookedAt } from "../../shared/core/alert/composite.ts";
import type { CompositeRule } from "../../shared/core/alert/composite.ts";
import { simulate, simulateComposite } from "../../shared/core/alert/simulate.ts";
import type { ScoredSeries, SimulatedEpisode, SimulatedRule } from "../../shared/core/alert/simulate.ts";
import type { Fired } from "../../shared/core/alert/inhibition.ts";
import { pastSuppression } from "../../shared/core/alert/past-suppression.ts";
import type { FiredAlert } from "../../shared/core/alert/past-suppression.ts";
import { alertLabels, labelOf } from "../../shared/core/alert/policies.ts";
import type { Labels, Policies, Route } from "../../shared/core/alert/policies.ts";
import { notificationsOf } from "../../shared/core/alert/simulate-notifications.ts";
import type { Grouping } from "../../shared/core/alert/simulate-notifications.ts";
import type { Course, SimulatedChild } from "../../shared/core/alert/simulate-timed.ts";
import type { Episode } from "../../shared/core/alert/step.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import { withRequiredSeries } from "../../shared/ports/required-series.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Backtest, BacktestRequest } from "./contract.ts";
import { histories, idOf, requireFewEvaluations, seriesOf, verdictsOf } from "./history.ts";
import type { Span } from "./history.ts";

/** A rule of any kind. */
export type AnyRule = SimulatedRule | CompositeRule;

/** The rule that is asked for: a stored one, or a draft. @throws Problem not-found. */
export async function ruleOf(
  { rules, series, org }: OrgStore,
  { rule, ruleId }: Pick<BacktestRequest, "rule" | "ruleId">,
  now: number,
): Promise<AnyRule> {
  if (rule !== undefined) {
    const definition = await withRequiredSeries(rule, { series }, "rule.");
    return { ...definition, id: hashId<RuleId>("rul", [org, "draft"]), version: 1, createdAt: now, updatedAt: now };
  }
  const stored: Rule | null = await rules.get(ruleId!);
  if (stored === null) throw notFound();
  return stored;
}

/** A series or a group with what a rule made of it; of a composite rule there is one without a series. */
export interface RanSeries {
  readonly series: Subject | null;
  readonly points: number;
  /** As groundsOf. */
  readonly grounds: number;
  readonly episodes: readonly SimulatedEpisode[];
  readonly course: Course;
}

/** What a rule made of a time, and why that says nothing, where it does. */
interface Ran {
  readonly ran: readonly RanSeries[];
  readonly warnings: readonly string[];
}

/** How much a rule was decided by: forecasts, or points of the time; missing data also by a point before it, or by being required. */
export function groundsOf(rule: SimulatedRule, { timestamps, forecasts = [], requiredSince }: ScoredSeries, span: Span): number {
  if (rule.kind === "forecast") return forecasts.length;
  if (rule.kind === "missing-data") return timestamps.length + (requiredSince === undefined ? 0 : 1);
  return pointsIn(timestamps, span);
}

/** Why nothing follows from what was looked at, in sentences; none where something does. */
export function warningsOf({ kind }: SimulatedRule, looked: readonly Pick<RanSeries, "grounds">[]): readonly string[] {
  if (looked.length === 0) return ["No series matches the selector: nothing was tried"];
  if (looked.some(({ grounds }) => grounds > 0)) return [];
  return [`There are no stored ${kind === "forecast" ? "forecasts" : "points"} of this time: nothing was tried`];
}

/** Runs a rule of any kind over a time. @throws Problem validation-failed for more than one request may ask for. */
export async function runRule(tenant: OrgStore, rule: AnyRule, named: readonly SeriesReference[] | undefined, span: Span): Promise<Ran> {
  const time = { from: span.from, until: span.to - 1 + rule.evalDelay };
  if (rule.kind === "composite") {
    requireFewEvaluations(rule.interval, span, 1, 1);
    const warnings: string[] = [];
    const children = await runChildren(tenant, rule, span, [rule.id], { ran: new Map(), warnings });
    const { episodes, course } = await inTurns(simulateComposite(rule, tenant.org, children, time));
    return { ran: [{ series: null, points: 0, grounds: 0, episodes, course }], warnings };
  }
  const series = await seriesOf(tenant, rule, named);
  requireFewEvaluations(rule.interval, span, series.length, 1);
  const ran: RanSeries[] = [];
  for await (const history of histories(tenant, rule, series, span)) {
    const { episodes, course } = await inTurns(simulate(rule, history, time));
    ran.push({ series: history, points: pointsIn(history.timestamps, span), grounds: groundsOf(rule, history, span), episodes, course });
  }
  return { ran, warnings: warningsOf(rule, ran) };
}

export const pointsIn = (timestamps: Float64Array, { from }: Span): number => timestamps.length - firstAtOrAfter(timestamps, from);

function firstAtOrAfter(timestamps: Float64Array, from: number): number {
  const first = timestamps.findIndex((timestamp) => timestamp >= from);
  return first < 0 ? timestamps.length : first;
}

/** The rules below a composite one that were run already, and what is to be said of them. */
interface Below {
  readonly ran: Map<RuleId, SimulatedChild>;
  readonly warnings: string[];
}

/** A composite rule may look at so many rules in a backtest, those that its rules look at included. */
const MOST_CHILDREN = 50;

/**
 * The rules that a composite one looks at, run as they are now, each once.
 * @param way - From the first rule to this one.
 * @param below - Gets each that is run.
 */
async function runChildren(
  tenant: OrgStore,
  { condition }: CompositeRule,
  span: Span,
  way: readonly RuleId[],
  below: Below,
): Promise<ReadonlyMap<RuleId, SimulatedChild>> {
  const children = new Map<RuleId, SimulatedChild>();
  const { operator, rules } = lookedAt(condition);
  const path = way.length === 1 ? `rule.condition.${operator}` : "rule.condition";
  for (const id of rules) {
    if (way.includes(id)) throw invalid([{ path, message: "Expected rules that do not look at this one" }]);
    const known = below.ran.get(id);
    if (known !== undefined) {
      children.set(id, known);
      continue;
    }
    const child: AnyRule | null = await tenant.rules.get(id);
    if (child === null) continue;
    if (below.ran.size >= MOST_CHILDREN) {
      throw invalid([{ path, message: `Expected at most ${MOST_CHILDREN} rules below this one, over others too` }]);
    }
    const { name, enabled } = child;
    const simulated = { name, enabled, courses: enabled ? await coursesOf(tenant, child, span, [...way, id], below) : [] };
    below.ran.set(id, simulated);
    children.set(id, simulated);
  }
  return children;
}

async function coursesOf(tenant: OrgStore, rule: AnyRule, span: Span, way: readonly RuleId[], below: Below): Promise<readonly Course[]> {
  if (rule.kind !== "composite") {
    const { ran, warnings } = await runRule(tenant, rule, undefined, span);
    below.warnings.push(...warnings.map((warning) => `${rule.name}: ${warning}`));
    return ran.map(({ course }) => course);
  }
  requireFewEvaluations(rule.interval, span, 1, 1);
  const children = await runChildren(tenant, rule, span, way, below);
  const time = { from: span.from, until: span.to - 1 + rule.evalDelay };
  return [(await inTurns(simulateComposite(rule, tenant.org, children, time))).course];
}

/** Every incident that the request names, or else what people said of anomalies; null where neither says anything. */
export async function labelsOf(
  tenant: OrgStore,
  incidents: BacktestRequest["incidents"],
  series: readonly Subject[],
  span: Span,
): Promise<{ readonly labels: readonly LabelledTime[]; readonly isComplete: boolean } | null> {
  if (incidents !== undefined) {
    const labels = incidents.map(({ from, to, series: reference }): LabelledTime => ({
      from,
      to,
      series: reference === undefined ? null : idOf(tenant.series, reference),
      kind: "incident",
    }));
    return { labels, isComplete: true };
  }
  const labels = await verdictsOf(tenant, series, span);
  return labels.length === 0 ? null : { labels, isComplete: false };
}

const WEEK_MS = 7 * 86_400_000;
const MINUTE_MS = 60_000;

export const perWeek = (n: number, { from, to }: Span): number => (n * WEEK_MS) / (to - from);

/** What an organisation said of telling at a time, and what else fired then. */
export interface Telling {
  readonly policies: Policies;
  /** The alerts of other rules; none where nothing is inhibited. */
  readonly others: readonly FiredAlert[];
}

/** How people would have been told of a rule's alerts: silences of the time too, which have ended since. */
export async function tellingOf({ alertPolicies, alerts }: OrgStore, { id }: Pick<AnyRule, "id">, span: Span): Promise<Telling> {
  const policies = await alertPolicies.inForce(span.from);
  const fired = policies.inhibitions.length === 0 ? [] : await alerts.firedDuring(span);
  return { policies, others: fired.filter(({ rule }) => rule !== id) };
}

/** What a rule's episodes come to: how many, how long, what people would have been told, and how right they were. */
export function summaryOf(
  rule: Pick<AnyRule, "id" | "name" | "labels" | "repeatInterval" | "evalDelay">,
  ran: readonly Pick<RanSeries, "series" | "episodes">[],
  span: Span,
  { said, policies, others }: Telling & { readonly said: Awaited<ReturnType<typeof labelsOf>> },
) {
  const episodes = ran.flatMap(({ series, episodes: own }) => own.map(({ episode }) => ({ ...episode, series: series?.id ?? null })));
  const { repeatInterval, evalDelay } = rule;
  const all = ran.flatMap((one) => one.episodes);
  const known = labelsOfAll(rule, ran);
  const hides = hidesOf(known, policies, [...firedOf(all, known, evalDelay), ...others.map((other) => firedAs(other, evalDelay))]);
  const told = groupsOf(all, known, policies).flatMap(({ route, episodes: own }) => {
    const { timers, sendResolved } = route;
    const until = span.to - 1 + evalDelay;
    const grouping = { repeatInterval: route.repeatInterval ?? repeatInterval, evalDelay, until, timers, ...(hides && { hides }) };
    return notificationsOf(own, grouping).filter(({ kind }) => kind === "firing" || sendResolved);
  });
  const firing = told.filter(({ kind }) => kind === "firing").length;
  return {
    episodeCount: episodes.length,
    firingMinutes: firingMinutes(all, span),
    notifications: told.length,
    messages: { firing, resolved: told.length - firing, pagesPerWeek: perWeek(firing, span) },
    ...rightness(said === null ? null : scoreEpisodes(episodes, said.labels, said)),
  };
}

/** How right they were, as it is answered: shares of nothing are left out. */
function rightness(score: LabelScore | null): Pick<Backtest, "labels" | "precision" | "recall"> {
  if (score === null) return { labels: null };
  const { precision, recall, ...labels } = score;
  return { labels, ...(precision === null ? {} : { precision }), ...(recall === null ? {} : { recall }) };
}

/** The labels of each episode that would have been told, as it was then. */
function labelsOfAll(
  { id: rule, name: ruleName, labels }: Pick<AnyRule, "id" | "name" | "labels">,
  ran: readonly Pick<RanSeries, "series" | "episodes">[],
): ReadonlyMap<Episode, Labels> {
  const known = new Map<Episode, Labels>();
  for (const { series, episodes } of ran) {
    // Of a composite rule there is no series.
    const of = series ?? { metricKey: "", dimensions: {} };
    for (const { episode } of episodes.flatMap(({ told }) => told)) {
      known.set(episode, alertLabels({ id: episode.id, rule, ruleName, series: of, severity: episode.severity, labels }));
    }
  }
  return known;
}

/** The episodes that would have been told together, by the first route that takes each as it began; without those that nobody is told of. */
function groupsOf(
  episodes: readonly SimulatedEpisode[],
  known: ReadonlyMap<Episode, Labels>,
  { routes }: Policies,
): readonly { readonly route: Route; readonly episodes: readonly SimulatedEpisode[] }[] {
  const groups = new Map<string, { readonly route: Route; readonly episodes: SimulatedEpisode[] }>();
  for (const one of episodes) {
    const labels = one.told[0] === undefined ? undefined : known.get(one.told[0].episode);
    const route = labels && routes.find(labels)[0];
    if (labels === undefined || route === undefined || route.channels?.length === 0) continue;
    const key = JSON.stringify([route.key, ...route.groupBy.map((name) => labelOf(labels, name))]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { route, episodes: [one] });
    else group.episodes.push(one);
  }
  return [...groups.values()];
}

/** What hid the alerts of a rule at a time; undefined where nothing could. */
function hidesOf(known: ReadonlyMap<Episode, Labels>, policies: Policies, fired: readonly Fired[]): Grouping["hides"] {
  const hides = pastSuppression(policies, [...known.values()], fired);
  if (hides === undefined) return undefined;
  return (at) => {
    const suppressionOf = hides(at);
    return suppressionOf && ((alert) => suppressionOf(known.get(alert)!));
  };
}

/** The alerts of a backtest as they fired, with the labels that each had at a time. @param evalDelay - So long after its time it is known, ms. */
const firedOf = (episodes: readonly SimulatedEpisode[], known: ReadonlyMap<Episode, Labels>, evalDelay: number): readonly Fired[] =>
  episodes.flatMap(({ episode: { resolvedAt }, told }) =>
    told.flatMap(({ at, episode }, n): Fired[] => {
      if (episode.resolvedAt !== null) return [];
      const to = told[n + 1]?.at ?? resolvedAt ?? Infinity;
      return [{ labels: known.get(episode)!, from: at + evalDelay, to: to + evalDelay }];
    }),
  );

/** A stored alert as one that was known as late as those of the backtest. */
const firedAs = ({ startedAt, resolvedAt, ...alert }: FiredAlert, evalDelay: number): Fired => ({
  labels: alertLabels(alert),
  from: startedAt + evalDelay,
  to: (resolvedAt ?? Infinity) + evalDelay,
});

/** How long episodes were firing by the end of the time. */
export const firingMinutes = (episodes: readonly SimulatedEpisode[], { to }: Span): number =>
  episodes.reduce((sum, { episode: { startedAt, resolvedAt } }) => sum + ((resolvedAt ?? to) - startedAt), 0) / MINUTE_MS;
