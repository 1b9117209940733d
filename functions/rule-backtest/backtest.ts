import { isoTime, isoTimeOrNull } from "../../shared/contract/time.ts";
import { isSeries } from "../../shared/core/alert/alert-record.ts";
import { evidenceAnswer } from "../../shared/core/alert/evidence-answer.ts";
import { route } from "../../shared/runtime/route.ts";
import { Backtest, BacktestRequest, MOST_EPISODES } from "./contract.ts";
import { spanOf, timesIn } from "./history.ts";
import { ruleOf, runRule } from "./run.ts";
import type { RanSeries } from "./run.ts";
import { firingMinutes, labelledTimesOf, pastTellingOf, summaryOf } from "./summary.ts";

export const backtestRule = route({
  method: "POST",
  path: "/api/v1/rules/backtest",
  summary: "Try a rule on stored points, before it is enabled: its alerts, what people would have been told, and how right it was",
  scope: "read",
  status: 200,
  input: BacktestRequest,
  output: Backtest,
  problems: ["not-found"],

  async handle({ series: named, incidents, from, to, ...asked }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const span = spanOf({ from, to }, clock.now());
    const rule = await ruleOf(tenant, asked, clock.now());
    const { ran, warnings } = await runRule(tenant, rule, named, span);
    const series = ran.flatMap((one) => (one.series === null ? [] : [{ ...one, series: one.series }]));
    const said = await labelledTimesOf(
      tenant,
      incidents,
      series.map((one) => one.series),
      span,
    );
    const telling = await pastTellingOf(tenant, rule, span);
    const points = ran.reduce((sum, one) => sum + one.points, 0);
    return {
      from: isoTime(span.from),
      to: isoTime(span.to),
      recomputed: rule.kind === "anomaly",
      points,
      warnings: [...warnings],
      // Anomalies come when points do.
      evaluations: rule.kind === "anomaly" ? points : timesIn(span, rule.interval) * ran.length,
      ...summaryOf(rule, ran, span, { said, ...telling }),
      series: series.map(({ series: { id, metricKey, dimensions }, points: own, episodes }) => ({
        id,
        metricKey,
        dimensions,
        points: own,
        episodeCount: episodes.length,
        firingMinutes: firingMinutes(episodes, span),
      })),
      episodes: episodesOf(ran),
    };
  },
});

/** The newest episodes of all series, oldest first. */
function episodesOf(ran: readonly RanSeries[]): Backtest["episodes"] {
  return ran
    .flatMap(({ series, episodes }) => episodes.map((one) => ({ ...one, series })))
    .toSorted((a, b) => a.episode.startedAt - b.episode.startedAt)
    .slice(-MOST_EPISODES)
    .map(({ series, episode, peak }) => ({
      series: series?.id ?? null,
      group: series === null || isSeries(series) ? null : series.dimensions,
      severity: episode.severity,
      pendingAt: isoTime(episode.pendingAt),
      startedAt: isoTime(episode.startedAt),
      resolvedAt: isoTimeOrNull(episode.resolvedAt),
      reason: episode.reason,
      firingValue: episode.firingValue,
      peak: peak === null ? null : { timestamp: isoTime(peak.timestamp), value: peak.value },
      evidence: evidenceAnswer(episode.evidence),
    }));
}
