import type { SeriesId } from "../../shared/contract/ids.ts";
import { invalid } from "../../shared/contract/problem.ts";
import type { Series, SeriesReference } from "../../shared/contract/series.ts";
import type { Subject, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import type { LabelledTime } from "../../shared/core/alert/backtest-score.ts";
import { anomaliesIn } from "../../shared/core/alert/simulate.ts";
import type { ScoredSeries, SimulatedRule } from "../../shared/core/alert/simulate.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import { groupSeries } from "../../shared/core/alert/series-groups.ts";
import type { SampledRule } from "../../shared/core/alert/sampled.ts";
import { thresholdWindow } from "../../shared/core/alert/threshold.ts";
import { createDetector } from "../../shared/core/detect/detector.ts";
import { scoringOf } from "../../shared/core/detect/effective-settings.ts";
import { scoreParts, WARM_UP_POINTS } from "../../shared/core/detect/on-demand.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import { knownForecasts } from "../../shared/ports/known-forecasts.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { MOST_SERIES } from "./contract.ts";

/** Points of a history that are read, and those of them that are scored. */
const MOST_POINTS = 2_000_000;
const MOST_SCORED_POINTS = 200_000;
/** Evaluations of one request, over all its series and settings. */
const MOST_EVALUATIONS = 10_000_000;

/** What is asked for. Unix ms, `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The time asked for, up to now. @throws Problem validation-failed where it has not begun. */
export function spanOf({ from, to }: { readonly from: number; readonly to?: number | undefined }, now: number): Span {
  const end = Math.min(to ?? Infinity, now);
  if (from >= end) throw invalid([{ path: "from", message: "Expected a time before now" }]);
  return { from, to: end };
}

/** A series that is looked at: a stored one, or one that a missing-data rule requires. */
export type LookedAt = WatchedSeries & Pick<Series, "kind">;

/** The series named, or all that the rule selects or requires. @throws Problem validation-failed for one that is not there, or for more than may be. */
export async function seriesOf(
  { series }: Pick<OrgStore, "series">,
  rule: SimulatedRule,
  named: readonly SeriesReference[] | undefined,
): Promise<readonly LookedAt[]> {
  if (named !== undefined) {
    const ids = [...new Set(named.map((reference) => idOf(series, reference)))];
    const stored = new Map((await series.getMany(ids)).map((one) => [one.id, one]));
    const missing = named.flatMap((reference, n) => (stored.has(idOf(series, reference)) ? [] : [n]));
    if (missing.length > 0) throw invalid(missing.map((n) => ({ path: `series[${n}]`, message: "There is no such series" })));
    return ids.map((id) => stored.get(id)!);
  }
  const selected = await series.select(rule.selector, MOST_SERIES + 1);
  const known = new Set(selected.map(({ id }) => id));
  const unseen = requiredSeries(series, rule).filter(({ id }) => !known.has(id));
  if (selected.length + unseen.length > MOST_SERIES) {
    throw invalid([
      { path: "series", message: `Expected at most ${MOST_SERIES} series, and the rule selects more: name those to look at` },
    ]);
  }
  return [...selected, ...unseen];
}

/** The series that a missing-data rule requires, whether they were ever seen or not. */
function requiredSeries(series: OrgStore["series"], { selector: { metricKey }, ...rule }: SimulatedRule): readonly LookedAt[] {
  const required = rule.kind === "missing-data" ? (rule.condition.requireSeries ?? []) : [];
  return required.map(({ dimensions }) => ({ id: series.idOf(metricKey, dimensions), metricKey, dimensions, kind: null }));
}

export const idOf = (series: OrgStore["series"], reference: SeriesReference): SeriesId =>
  typeof reference === "string" ? reference : series.idOf(reference.metricKey, reference.dimensions);

/** Evaluation times of a span: about one an interval. */
export const timesIn = ({ from, to }: Span, interval: number): number => Math.ceil((to - from) / interval);

/** Refuses more evaluations than one request may make. @param runs - How often each series is evaluated. @throws Problem validation-failed. */
export function requireFewEvaluations(interval: number, span: Span, series: number, runs: number): void {
  const evaluations = timesIn(span, interval) * series * runs;
  if (evaluations <= MOST_EVALUATIONS) return;
  const message = `Expected at most ${MOST_EVALUATIONS} evaluations, and these would be ${evaluations}: take less time, or fewer series or settings`;
  throw invalid([{ path: "from", message }]);
}

/** Reads what a rule would have seen, series by series or group by group. @throws Problem validation-failed for too many points. */
export async function* histories(
  tenant: OrgStore,
  rule: SimulatedRule,
  series: readonly LookedAt[],
  span: Span,
): AsyncGenerator<ScoredSeries> {
  if (rule.groupBy.length === 0) return yield* ownHistories(tenant, rule, series, span);
  const all: ScoredSeries[] = [];
  for await (const one of ownHistories(tenant, rule, series, span)) all.push(one);
  yield* groupSeries(rule, all);
}

async function* ownHistories(tenant: OrgStore, rule: SimulatedRule, series: readonly LookedAt[], span: Span): AsyncGenerator<ScoredSeries> {
  const ids = series.map(({ id }) => id);
  const scored = await tenant.detection.lastScored(ids);
  let points = 0;
  for (const one of series) {
    const cadence = scored.get(one.id)?.cadenceMs ?? null;
    const history =
      rule.kind === "anomaly" ? await scoredHistory(tenant, one, span, cadence) : await rawHistory(tenant, rule, one, span, cadence);
    points += history.timestamps.length;
    const most = rule.kind === "anomaly" ? MOST_SCORED_POINTS : MOST_POINTS;
    if (points > most) throw invalid([{ path: "from", message: `Expected at most ${most} points: take less time, or fewer series` }]);
    yield history;
  }
}

/** The points of the time with those that its first windows reach back to, and the one before them. */
async function rawHistory(
  tenant: OrgStore,
  rule: SampledRule,
  series: LookedAt,
  { from, to }: Span,
  cadence: number | null,
): Promise<ScoredSeries> {
  const start = Math.max(0, from - lookBack(rule, cadence));
  const before = await tenant.points.newest(series.id, { before: start, limit: 1 });
  const window = await tenant.points.read(series.id, { from: start, to, limit: MOST_POINTS + 1, order: "asc" });
  const bare = { ...bareSeries(tenant, series, cadence), ...joinPoints(before, window) };
  if (rule.kind === "forecast") {
    return { ...bare, forecasts: await knownForecasts(tenant.forecasts, series.id, rule.condition.horizon, { from, to }) };
  }
  return requiredSeries(tenant.series, rule).some(({ id }) => id === series.id) ? { ...bare, requiredSince: from } : bare;
}

const bareSeries = ({ org }: OrgStore, { id, metricKey, dimensions }: LookedAt, cadence: number | null) => ({
  org,
  id,
  metricKey,
  dimensions,
  cadence,
  lo: [],
  hi: [],
  anomalies: [],
});

function lookBack(rule: SampledRule, cadence: number | null): number {
  if (rule.kind === "threshold") return thresholdWindow(rule.condition, rule.interval, cadence);
  return rule.kind === "rate-of-change" ? rule.condition.window : 0;
}

/** The points of the time, scored anew as live detection would have, from what came before them on; of a counter its rates. */
async function scoredHistory(tenant: OrgStore, series: LookedAt, { from, to }: Span, cadence: number | null): Promise<ScoredSeries> {
  const { id, kind } = series;
  const levels = tenant.points.levels(kind);
  const window = await levels.read(id, { from, to, limit: MOST_SCORED_POINTS + 1, order: "asc" });
  const bare = { ...bareSeries(tenant, series, cadence), ...window };
  // Too many: they are refused, not scored.
  if (window.timestamps.length > MOST_SCORED_POINTS) return bare;
  const { settings } = (await tenant.detectionSettings.effective([id]))(id);
  const verdicts = (await tenant.verdicts.ofSeries([id])).get(id);
  const options = { ...scoringOf(settings), verdicts, band: true };
  const detector = createDetector(options);
  await inTurns(scoreParts(detector, await levels.newest(id, { before: from, limit: WARM_UP_POINTS }), options));
  const scores = await inTurns(scoreParts(detector, window, options));
  return { ...bare, lo: scores.map(({ lo }) => lo), hi: scores.map(({ hi }) => hi), anomalies: anomaliesIn(scores, hasRate(kind)) };
}

/** What people said of the anomalies of some series. */
export async function verdictsOf({ verdicts }: OrgStore, series: readonly Subject[], { from, to }: Span): Promise<readonly LabelledTime[]> {
  const said = await verdicts.ofSeries(series.flatMap(({ id }) => id ?? []));
  return [...said].flatMap(([id, stretches]) =>
    stretches
      .filter((stretch) => stretch.from < to && stretch.to > from)
      .map(({ verdict, from: start, to: end }): LabelledTime => ({
        from: start,
        to: end,
        series: id,
        kind: verdict === "incident" ? "incident" : "no-incident",
      })),
  );
}
