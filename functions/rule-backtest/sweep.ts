import { invalid } from "../../shared/contract/problem.ts";
import { isHarder } from "../../shared/contract/rule.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";
import { simulate } from "../../shared/core/alert/simulate.ts";
import type { SampledRule } from "../../shared/core/alert/sampled.ts";
import { chooseSetting, withSetting } from "../../shared/core/alert/sweep.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import { route } from "../../shared/runtime/route.ts";
import { Sweep, SweepRequest } from "./contract.ts";
import { histories, requireFewEvaluations, seriesOf, spanOf } from "./history.ts";
import { groundsOf, pointsIn, ruleOf, warningsOf } from "./run.ts";
import type { AnyRule, RanSeries } from "./run.ts";
import { labelledTimesOf, pastTellingOf, perWeek, summaryOf } from "./summary.ts";

export const sweepRule = route({
  method: "POST",
  path: "/api/v1/rules/sweep",
  summary: "Try a rule with other values and other patience on stored points, to pick a setting for at most so many pages a week",
  scope: "read",
  status: 200,
  input: SweepRequest,
  output: Sweep,
  problems: ["not-found"],

  async handle({ series: named, incidents, from, to, values, for: patiences, pagesPerWeek, ...asked }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const span = spanOf({ from, to }, clock.now());
    const rule = await ruleOf(tenant, asked, clock.now());
    requireValue(rule);
    requireSettable(rule, values);
    const series = await seriesOf(tenant, rule, named);
    requireFewEvaluations(rule.interval, span, series.length, values.length * patiences.length);

    const settings = values.flatMap((value) => patiences.map((patience) => ({ value, for: patience, ran: [] as RanSeries[] })));
    let points = 0;
    for await (const history of histories(tenant, rule, series, span)) {
      const own = { series: history, points: pointsIn(history.timestamps, span), grounds: groundsOf(rule, history, span) };
      for (const setting of settings) {
        const set = withSetting(rule, setting.value, setting.for);
        const ran = await inTurns(simulate(set, history, { from: span.from, until: span.to - 1 + rule.evalDelay }));
        setting.ran.push({ ...own, ...ran });
      }
      points += own.points;
    }
    const said = await labelledTimesOf(tenant, incidents, series, span);
    const telling = await pastTellingOf(tenant, rule, span);
    const tried = settings.map(({ value, for: patience, ran }) => {
      const summary = summaryOf(rule, ran, span, { said, ...telling });
      const answer = { value, for: formatDuration(patience), episodesPerWeek: perWeek(summary.episodeCount, span), ...summary };
      const { recall = null, messages } = summary;
      return { value, for: patience, pagesPerWeek: messages.pagesPerWeek, recall, answer };
    });
    const warnings = [...warningsOf(rule, settings[0]!.ran)];
    return {
      from: isoTime(span.from),
      to: isoTime(span.to),
      points,
      warnings,
      settings: tried.map(({ answer }) => answer),
      best: warnings.length > 0 ? null : (chooseSetting(tried, pagesPerWeek)?.answer ?? null),
    };
  },
});

/** Refuses a rule that has no value to try others for. @throws Problem validation-failed. */
function requireValue(rule: AnyRule): asserts rule is SampledRule {
  if (rule.kind !== "anomaly" && rule.kind !== "composite") return;
  const path = "rule.kind";
  throw invalid([{ path, message: `Expected a rule whose condition has a value; one of kind ${rule.kind} has none: backtest it` }]);
}

/** Refuses values that the rule could not be given. @throws Problem validation-failed. */
function requireSettable(rule: SampledRule, values: readonly number[]): void {
  const wrong = values.flatMap((value, n) => {
    const path = `values[${n}]`;
    if (rule.kind === "missing-data") return value < 1 ? [{ path, message: "Expected a grace of at least 1" }] : [];
    if (rule.kind === "forecast" || isHarder({ ...rule.condition, value })) return [];
    return [{ path, message: `Expected a value that is no harder to reach than the critical one, ${rule.condition.critical!.value}` }];
  });
  if (wrong.length > 0) throw invalid(wrong);
}
