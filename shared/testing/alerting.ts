import * as v from "valibot";
import type { AlertId, OrgId, RuleId } from "../contract/ids.ts";
import { RuleDefinition } from "../contract/rule.ts";
import type { Rule, SelectingRule } from "../contract/rule.ts";
import { instanceChange } from "../core/alert/alert-record.ts";
import type { InstanceRecord } from "../core/alert/alert-record.ts";
import { instanceId } from "../core/alert/keys.ts";
import { newInstance, step } from "../core/alert/step.ts";
import type { Evaluation } from "../core/alert/step.ts";
import type { Notification } from "../core/message/alert-message.ts";
import type { Harness } from "./harness.ts";

/** What a message says that only needs to be told from others, by its time. */
export const testNotification = (at: number): Notification => ({
  kind: "test",
  reason: null,
  at,
  groupKey: null,
  alerts: [],
});

/** A threshold rule over `cpu`, or what `changes` make of it. */
export const ruleDefinition = (changes: Record<string, unknown> = {}): RuleDefinition =>
  v.parse(RuleDefinition, {
    name: "CPU is high",
    kind: "threshold",
    ...(changes["kind"] === "composite" ? {} : { selector: { metricKey: "cpu" } }),
    condition: { operator: "gt", value: 90 },
    ...changes,
  });

/** Stores a rule over series as its creation would. */
export async function storeRule(harness: Harness, changes: Record<string, unknown> = {}, org: OrgId = harness.org): Promise<SelectingRule> {
  const now = harness.clock.now();
  const rule: Rule = {
    ...ruleDefinition(changes),
    id: harness.deps.newId<RuleId>("rul"),
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  if (!(await harness.deps.store.forOrg(org).rules.insert(rule))) throw new Error("The organisation is full");
  return rule as SelectingRule;
}

function metricKeyOf(rule: Rule): string {
  if (rule.kind === "composite") throw new Error("It looks at no series");
  return rule.selector.metricKey;
}

/** An instance of a rule before its first evaluation. */
export function unstoredInstance(harness: Harness, rule: Rule, dimensions: Record<string, string> = {}): InstanceRecord {
  const series = harness.deps.store.forOrg(harness.org).series.idOf(metricKeyOf(rule), dimensions);
  const id = instanceId(harness.org, rule.id, series);
  return { id, rule: rule.id, series, version: 0, state: newInstance(id, rule.severity) };
}

/** Evaluates one instance of a rule as alert-evaluate would, and returns its open episode, and whether the write won. */
export async function evaluate(
  harness: Harness,
  rule: Rule,
  evaluation: Omit<Evaluation, "at"> & { at?: number },
  dimensions: Record<string, string> = {},
): Promise<{ alert: AlertId | null; instance: InstanceRecord; won: boolean }> {
  const at = evaluation.at ?? harness.clock.now();
  const { instances } = harness.deps.store.forOrg(harness.org);
  const series = await harness.store(metricKeyOf(rule), [[at, evaluation.value ?? 0]], dimensions);
  const loaded = (await instances.find(rule.id, series)) ?? unstoredInstance(harness, rule, dimensions);
  const { instance: after, transitions } = step(loaded.state, rule, { ...evaluation, at });
  const change = instanceChange(loaded, { after, transitions }, rule, { id: series, metricKey: metricKeyOf(rule), dimensions });
  const won = await instances.commit({ rule, changes: [change], at });
  return { alert: after.episode?.id ?? null, instance: { ...loaded, version: loaded.version + 1, state: after }, won };
}

/** Fires a rule that looks at other rules, as a composite one does: of no series. */
export async function fireComposite(harness: Harness): Promise<AlertId> {
  const child = await storeRule(harness);
  const rule: Rule = await storeRule(harness, { kind: "composite", condition: { any: [child.id] } });
  const id = instanceId(harness.org, rule.id, {});
  const loaded: InstanceRecord = { id, rule: rule.id, series: null, version: 0, state: newInstance(id, rule.severity) };
  const at = harness.clock.now();
  const { instance: after, transitions } = step(loaded.state, rule, { at, outcome: "true", value: 1 });
  const change = instanceChange(loaded, { after, transitions }, rule, null);
  if (!(await harness.deps.store.forOrg(harness.org).instances.commit({ rule, changes: [change], at }))) throw new Error("It did not fire");
  return after.episode!.id;
}

/** Fires one instance of a rule. */
export async function fire(
  harness: Harness,
  rule: Rule,
  more: { at?: number; severity?: "warning" | "critical"; dimensions?: Record<string, string> } = {},
): Promise<AlertId> {
  const { dimensions, ...evaluation } = more;
  const { alert, won } = await evaluate(harness, rule, { outcome: "true", value: 95, ...evaluation }, dimensions);
  if (alert === null || !won) throw new Error("It did not fire");
  return alert;
}
