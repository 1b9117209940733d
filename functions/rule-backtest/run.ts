import type { RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { SeriesReference } from "../../shared/contract/series.ts";
import type { Subject } from "../../shared/core/alert/alert-record.ts";
import { lookedAt } from "../../shared/core/alert/composite.ts";
import type { CompositeRule } from "../../shared/core/alert/composite.ts";
import { simulate, simulateComposite } from "../../shared/core/alert/simulate.ts";
import type { ScoredSeries, SimulatedEpisode, SimulatedRule } from "../../shared/core/alert/simulate.ts";
import type { Course, SimulatedChild } from "../../shared/core/alert/simulate-timed.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import { withRequiredSeries } from "../../shared/ports/required-series.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { BacktestRequest } from "./contract.ts";
import { histories, requireFewEvaluations, seriesOf } from "./history.ts";
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
