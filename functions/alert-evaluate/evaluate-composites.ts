import type { OrgId, RuleId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange, newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import { lookedAt } from "../../shared/core/alert/composite.ts";
import type { Child, CompositeRule } from "../../shared/core/alert/composite.ts";
import { evaluate, NOTHING_KNOWN } from "../../shared/core/alert/evaluate.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { step } from "../../shared/core/alert/step.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/**
 * Evaluates composite rules of which an evaluation is due, by what the rules that they look at are now; those that others of them look at
 * come first. What was due while nothing ran is not made up: what the others were then is not known.
 *
 * @param rules - Every enabled rule.
 */
export async function evaluateComposites(org: OrgId, rules: readonly Rule[], tenant: OrgStore, now: number): Promise<void> {
  const composites = inOrder(rules.filter((rule): rule is CompositeRule => rule.kind === "composite"));
  if (composites.length === 0) return;
  const ids = composites.map(({ id }) => instanceId(org, id, {}));
  const stored = new Map((await tenant.instances.getMany(ids)).map((record) => [record.id, record]));
  const enabled = new Map(rules.map((rule) => [rule.id, rule]));
  for (const [place, rule] of composites.entries()) {
    const at = Math.floor((now - rule.evalDelay) / rule.interval) * rule.interval;
    const record = stored.get(ids[place]!) ?? newWatchRecord(ids[place]!, rule, null);
    if (at < 0 || at <= (record.state.lastEvaluatedAt ?? -1)) continue;
    const children = await childrenOf(rule, enabled, tenant);
    const { instance: after, transitions } = step(record.state, rule, evaluate(rule, at, { ...NOTHING_KNOWN, children }));
    const change = { ...instanceChange(record, { after, transitions }, rule, null), pace: { checkpoints: [], dueAt: null } };
    // Who loses against another worker, or somebody who changed the rule, leaves it to the next evaluation.
    await tenant.instances.commit({ rule, changes: [change], at: now });
  }
}

/** The rules that a composite one looks at, as they stand. */
async function childrenOf(
  { condition }: CompositeRule,
  enabled: ReadonlyMap<RuleId, Rule>,
  { instances, rules }: OrgStore,
): Promise<ReadonlyMap<RuleId, Child>> {
  const { rules: ids } = lookedAt(condition);
  const conditions = Map.groupBy(await instances.conditions(ids), ({ rule }) => rule);
  const children = new Map<RuleId, Child>();
  for (const id of ids) {
    const rule = enabled.get(id) ?? (await rules.get(id));
    if (rule === null) continue;
    const own = (conditions.get(id) ?? []).flatMap(({ state, data, instances: n }) => Array.from({ length: n }, () => ({ state, data })));
    children.set(id, { id, name: rule.name, enabled: rule.enabled, instances: own });
  }
  return children;
}

/** Those that look at others of them after these. */
function inOrder(composites: readonly CompositeRule[]): readonly CompositeRule[] {
  const byId = new Map(composites.map((rule) => [rule.id, rule]));
  const ordered = new Set<CompositeRule>();
  const begun = new Set<RuleId>();
  const add = (rule: CompositeRule): void => {
    // Two rules that were changed at the same time may look at each other: each is evaluated once all the same.
    if (begun.has(rule.id)) return;
    begun.add(rule.id);
    for (const id of lookedAt(rule.condition).rules) if (byId.has(id)) add(byId.get(id)!);
    ordered.add(rule);
  };
  for (const rule of composites) add(rule);
  return [...ordered];
}
