import type { RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound, Problem } from "../../shared/contract/problem.ts";
import type { Rule, RuleDefinition } from "../../shared/contract/rule.ts";
import { ruleConsequences } from "../../shared/core/alert/rule-change.ts";
import { unknownMethods } from "../../shared/core/detect/effective-settings.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { ruleAnswer } from "./rule-answer.ts";

/** How often a write is tried anew that lost against an evaluation. */
const TRIES = 5;

/** Refuses what no schema sees: patterns that RE2 does not take, methods that there are none of. @throws Problem validation-failed. */
export function requirePatterns(definition: RuleDefinition): void {
  const { selector } = definition;
  const compiled = compileMatchers(selector.matchers);
  if (!compiled.ok) throw invalid([{ path: `selector.matchers[${compiled.error.index}].value`, message: compiled.error.message }]);
  const wrong = definition.kind === "anomaly" ? unknownMethods(definition.condition.methods ?? [], "condition.methods") : [];
  if (wrong.length > 0) throw invalid(wrong);
}

const definitionOf = ({ id: _id, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...definition }: Rule): RuleDefinition =>
  definition;

/**
 * Gives a rule another definition, with everything that this ends; the same definition again changes nothing.
 * @throws Problem not-found, precondition-failed, validation-failed, conflict.
 */
export async function changeRule(
  id: RuleId,
  edit: (present: RuleDefinition) => RuleDefinition,
  { rules, instances }: Pick<OrgStore, "rules" | "instances">,
  { requireMatch }: Pick<TenantContext, "requireMatch">,
  now: number,
): Promise<Rule> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await rules.get(id);
    if (before === null) throw notFound();
    requireMatch(ruleAnswer(before));

    const present = definitionOf(before);
    const definition = edit(present);
    requirePatterns(definition);
    if (canonicalJson(definition) === canonicalJson(present)) return before;

    const after: Rule = { ...definition, id, version: before.version + 1, createdAt: before.createdAt, updatedAt: now };
    const consequences = ruleConsequences(before, after, await instances.ofRule(id), now);
    if (await rules.replace(after, { ...consequences, at: now })) return after;
  }
  throw busy();
}

/**
 * Deletes a rule and ends what it has open.
 * @throws Problem not-found, precondition-failed, conflict.
 */
export async function removeRule(
  id: RuleId,
  { rules, instances }: Pick<OrgStore, "rules" | "instances">,
  { requireMatch }: Pick<TenantContext, "requireMatch">,
  now: number,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const rule = await rules.get(id);
    if (rule === null) throw notFound();
    requireMatch(ruleAnswer(rule));

    const { changes } = ruleConsequences(rule, null, await instances.ofRule(id), now);
    if (await rules.remove(id, rule.version, { changes, at: now })) return;
  }
  throw busy();
}

const busy = () => new Problem("conflict", "The rule is being changed or evaluated all the time. Send the request again.");
