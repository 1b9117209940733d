import type { RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import type { Rule, RuleDefinition, WrittenRule } from "../../shared/contract/rule.ts";
import { compositeCycle, lookedAt } from "../../shared/core/alert/composite.ts";
import { ruleConsequences } from "../../shared/core/alert/rule-change.ts";
import { unknownMethods } from "../../shared/core/detect/effective-settings.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import { withRequiredSeries } from "../../shared/ports/required-series.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { requireTemplates } from "./require-templates.ts";
import { ruleAnswer } from "./rule-answer.ts";

/** Refuses what no schema sees: patterns that RE2 does not take, methods that there are none of. @throws Problem validation-failed. */
export function requirePatterns(definition: WrittenRule): void {
  if (definition.kind === "composite") return;
  const compiled = compileMatchers(definition.selector.matchers);
  if (!compiled.ok) throw invalid([{ path: `selector.matchers[${compiled.error.index}].value`, message: compiled.error.message }]);
  const wrong = definition.kind === "anomaly" ? unknownMethods(definition.condition.methods ?? [], "condition.methods") : [];
  if (wrong.length > 0) throw invalid(wrong);
}

/**
 * Refuses a composite rule that looks at a rule which is not there, or that would come back to itself.
 * @param id - The rule's; null of one that is to be, at which none can look.
 * @throws Problem validation-failed.
 */
export async function requireChildren(rule: RuleDefinition, id: RuleId | null, { rules }: Pick<OrgStore, "rules">): Promise<void> {
  if (rule.kind !== "composite") return;
  const children = new Map<RuleId, readonly RuleId[]>();
  const { operator, rules: own } = lookedAt(rule.condition);
  const open = [...own];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (children.has(next)) continue;
    const child = await rules.get(next);
    const wanted = own.indexOf(next);
    if (child === null && wanted >= 0) throw invalid([{ path: `condition.${operator}[${wanted}]`, message: "There is no such rule" }]);
    const below = child?.kind === "composite" ? lookedAt(child.condition).rules : [];
    children.set(next, below);
    open.push(...below);
  }
  const cycle = id === null ? null : compositeCycle({ id, rules: own }, (child) => children.get(child) ?? []);
  if (cycle === null) return;
  throw invalid([{ path: `condition.${operator}`, message: `Expected no rule that looks at this one: ${cycle.join(" looks at ")}` }]);
}

const definitionOf = ({ id: _id, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...definition }: Rule): RuleDefinition =>
  definition;

/**
 * Gives a rule another definition, with everything that this ends; the same definition again changes nothing.
 * @throws Problem not-found, precondition-failed, validation-failed, conflict.
 */
export async function changeRule(
  id: RuleId,
  edit: (present: RuleDefinition) => WrittenRule,
  { rules, instances, series }: Pick<OrgStore, "rules" | "instances" | "series">,
  { requireMatch, actor }: Pick<TenantContext, "requireMatch" | "actor">,
  now: number,
): Promise<Rule> {
  return untilWon("The rule, or what it watches, is", async () => {
    const before = await rules.get(id);
    if (before === null) throw notFound();
    requireMatch(ruleAnswer(before));

    const present = definitionOf(before);
    const written = edit(present);
    requirePatterns(written);
    const definition = await withRequiredSeries(written, { series });
    requireTemplates(definition, present);
    await requireChildren(definition, id, { rules });
    if (canonicalJson(definition) === canonicalJson(present)) return before;

    const after: Rule = { ...definition, id, version: before.version + 1, createdAt: before.createdAt, updatedAt: now };
    const consequences = ruleConsequences(before, after, await instances.ofRule(id), now);
    return (await rules.replace(after, { ...consequences, at: now }, actor)) ? after : null;
  });
}

/**
 * Deletes a rule and ends what it has open.
 * @throws Problem not-found, precondition-failed, conflict.
 */
export async function removeRule(
  id: RuleId,
  { rules, instances }: Pick<OrgStore, "rules" | "instances">,
  { requireMatch, actor }: Pick<TenantContext, "requireMatch" | "actor">,
  now: number,
): Promise<void> {
  await untilWon("The rule, or what it watches, is", async () => {
    const rule = await rules.get(id);
    if (rule === null) throw notFound();
    requireMatch(ruleAnswer(rule));

    const { changes } = ruleConsequences(rule, null, await instances.ofRule(id), now);
    return (await rules.remove(id, rule.version, { changes, at: now }, actor)) ? rule : null;
  });
}
