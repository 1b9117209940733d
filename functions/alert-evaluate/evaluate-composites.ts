import type { OrgId, RuleId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange, newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import { lookedAt, stateAt } from "../../shared/core/alert/composite.ts";
import type { Child, CompositeRule } from "../../shared/core/alert/composite.ts";
import { evaluate, NOTHING_KNOWN } from "../../shared/core/alert/evaluate.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { step } from "../../shared/core/alert/step.ts";
import type { Transition } from "../../shared/core/alert/step.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/ports.ts";
import { noteError, tellErrors } from "./health.ts";
import type { RuleErrors } from "./health.ts";

/**
 * Evaluates composite rules of which evaluations are due, by what the rules that they look at were then; those that others of them look at
 * come first. One that fails holds up no other, and tells of it as every rule does.
 *
 * @param rules - Every enabled rule.
 */
export async function evaluateComposites(
  org: OrgId,
  rules: readonly Rule[],
  tenant: OrgStore,
  now: number,
  deps: Pick<Deps, "warn">,
): Promise<void> {
  const composites = inOrder(rules.filter((rule): rule is CompositeRule => rule.kind === "composite"));
  if (composites.length === 0) return;
  const ids = composites.map(({ id }) => instanceId(org, id, {}));
  const stored = new Map((await tenant.instances.getMany(ids)).map((record) => [record.id, record]));
  const enabled = new Map(rules.map((rule) => [rule.id, rule]));
  const errors: RuleErrors = new Map();
  for (const [place, rule] of composites.entries()) {
    const record = stored.get(ids[place]!) ?? newWatchRecord(ids[place]!, rule, null);
    const times = dueEvaluations(record.state.lastEvaluatedAt, now, rule);
    if (times.length === 0) continue;
    let after = record.state;
    const transitions: Transition[] = [];
    try {
      const childrenAt = await loadChildren(rule, enabled, times[0]!, tenant);
      for (const at of times) {
        const next = step(after, rule, evaluate(rule, at, { ...NOTHING_KNOWN, children: childrenAt(at) }));
        after = next.instance;
        transitions.push(...next.transitions);
      }
    } catch (error) {
      noteError(errors, rule, error, [record]);
      if (record.version === 0 || record.state.data === "error") continue;
      [after, transitions.length] = [{ ...record.state, data: "error" }, 0];
    }
    const change = { ...instanceChange(record, { after, transitions }, rule, null), pace: { checkpoints: [], dueAt: null } };
    // Who loses against another worker, or somebody who changed the rule, leaves it to the next evaluation.
    await tenant.instances.commit({ rule, changes: [change], at: now });
  }
  await tellErrors(errors, tenant, deps, now);
}

/** The rules that a composite one looks at, as they stood at times from one on, Unix ms. The quality of their data is as it is now. */
async function loadChildren(
  { condition }: CompositeRule,
  enabled: ReadonlyMap<RuleId, Rule>,
  from: number,
  { instances, rules }: OrgStore,
): Promise<(at: number) => ReadonlyMap<RuleId, Child>> {
  const { rules: ids } = lookedAt(condition);
  const conditions = Map.groupBy(await instances.conditions(ids, from), ({ rule }) => rule);
  const known: Rule[] = [];
  for (const id of ids) {
    const rule = enabled.get(id) ?? (await rules.get(id));
    if (rule !== null) known.push(rule);
  }
  const childAt = ({ id, name, enabled: isEnabled }: Rule, at: number): Child => {
    const own = (conditions.get(id) ?? []).map(({ state, data, changes }) => ({ state: stateAt(state, changes, at), data }));
    return { id, name, enabled: isEnabled, instances: own };
  };
  return (at) => new Map(known.map((rule) => [rule.id, childAt(rule, at)]));
}

/** Those that look at others of them after these. */
function inOrder(composites: readonly CompositeRule[]): readonly CompositeRule[] {
  const byId = new Map(composites.map((rule) => [rule.id, rule]));
  const ordered = new Set<CompositeRule>();
  const begun = new Set<CompositeRule>();
  const open = [...composites];
  for (let rule = open.at(-1); rule !== undefined; rule = open.at(-1)) {
    // Two rules that were changed at the same time may look at each other: each is evaluated once all the same.
    const before = begun.has(rule) ? [] : lookedAt(rule.condition).rules.flatMap((id) => byId.get(id) ?? []);
    begun.add(rule);
    const first = before.filter((other) => !begun.has(other));
    if (first.length > 0) open.push(...first);
    else ordered.add(open.pop()!);
  }
  return [...ordered];
}
