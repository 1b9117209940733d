import type { Subject } from "../../shared/core/alert/alert-record.ts";
import { scoreEpisodes } from "../../shared/core/alert/backtest-score.ts";
import type { LabelledTime, LabelScore } from "../../shared/core/alert/backtest-score.ts";
import type { SimulatedEpisode } from "../../shared/core/alert/simulate.ts";
import type { Fired } from "../../shared/core/alert/inhibition.ts";
import { pastSuppression } from "../../shared/core/alert/past-suppression.ts";
import type { FiredAlert } from "../../shared/core/alert/past-suppression.ts";
import { alertLabels, labelOf } from "../../shared/core/alert/policies.ts";
import type { Labels, Policies, Route } from "../../shared/core/alert/policies.ts";
import { notificationsOf } from "../../shared/core/alert/simulate-notifications.ts";
import type { Grouping } from "../../shared/core/alert/simulate-notifications.ts";
import type { Episode } from "../../shared/core/alert/step.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Backtest, BacktestRequest } from "./contract.ts";
import { idOf, verdictsOf } from "./history.ts";
import type { Span } from "./history.ts";
import type { AnyRule, RanSeries } from "./run.ts";

/** Every incident that the request names, or else what people said of anomalies; null where neither says anything. */
export async function labelledTimesOf(
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
export interface PastTelling {
  readonly policies: Policies;
  /** The alerts of other rules; none where nothing is inhibited. */
  readonly others: readonly FiredAlert[];
}

/** How people would have been told of a rule's alerts: silences of the time too, which have ended since. */
export async function pastTellingOf({ alertPolicies, alerts }: OrgStore, { id }: Pick<AnyRule, "id">, span: Span): Promise<PastTelling> {
  const policies = await alertPolicies.inForce(span.from);
  const fired = policies.inhibitions.length === 0 ? [] : await alerts.firedDuring(span);
  return { policies, others: fired.filter(({ rule }) => rule !== id) };
}

/** What a rule's episodes come to: how many, how long, what people would have been told, and how right they were. */
export function summaryOf(
  rule: Pick<AnyRule, "id" | "name" | "labels" | "repeatInterval" | "evalDelay">,
  ran: readonly Pick<RanSeries, "series" | "episodes">[],
  span: Span,
  { said, policies, others }: PastTelling & { readonly said: Awaited<ReturnType<typeof labelledTimesOf>> },
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
