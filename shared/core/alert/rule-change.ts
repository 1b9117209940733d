import type { ResolveReason } from "../../contract/alert.ts";
import type { InstanceId } from "../../contract/ids.ts";
import type { Rule } from "../../contract/rule.ts";
import { canonicalJson } from "../hash-id.ts";
import { compileMatchers } from "../series/matchers.ts";
import { instanceChange } from "./alert-record.ts";
import type { InstanceChange, InstanceRecord, Subject } from "./alert-record.ts";
import { endEpisode } from "./step.ts";

/** What a changed rule ends, and which of its instances go on. */
export interface RuleConsequences {
  readonly changes: readonly InstanceChange[];
  readonly keeps: readonly InstanceId[];
}

/**
 * Decides what becomes of a rule's instances when the rule changes: they all end when it is deleted, disabled, of another kind or grouped in
 * another way, and those whose series it no longer picks end too. The others go on with their episodes, and the new rule decides at the next evaluation.
 *
 * @param after - The rule as it will be; null when it is deleted.
 * @param at - Unix ms.
 */
export function ruleConsequences(
  before: Rule,
  after: Rule | null,
  instances: readonly (InstanceRecord & { readonly of: Subject | null })[],
  at: number,
): RuleConsequences {
  const changes: InstanceChange[] = [];
  const keeps: InstanceId[] = [];
  const picks = after === null ? null : subjectPredicate(after);
  for (const loaded of instances) {
    const reason = endOf(before, after, picks?.(loaded.of) ?? false);
    if (reason === null) {
      keeps.push(loaded.id);
      continue;
    }
    const { instance, transitions } = endEpisode(loaded.state, at, reason);
    if (transitions.length > 0) changes.push(instanceChange(loaded, { after: instance, transitions }, after ?? before, loaded.of));
  }
  return { changes, keeps };
}

function endOf(
  before: Rule,
  after: Rule | null,
  picked: boolean,
): Extract<ResolveReason, "rule_deleted" | "rule_disabled" | "rule_changed"> | null {
  if (after === null) return "rule_deleted";
  if (!after.enabled) return "rule_disabled";
  const isAlike = before.kind === after.kind && canonicalJson(before.groupBy) === canonicalJson(after.groupBy);
  return picked && isAlike ? null : "rule_changed";
}

/**
 * Whether a rule picks what an instance watches; a composite one picks none, and keeps its one instance. A group of which no series is
 * picked any more is silent from then on, and expires.
 * @throws on a pattern that RE2 refuses: such a rule is never stored.
 */
function subjectPredicate(rule: Rule): (subject: Subject | null) => boolean {
  if (rule.kind === "composite") return () => true;
  const { selector } = rule;
  const compiled = compileMatchers(selector.matchers);
  if (!compiled.ok) throw new Error(`A stored rule has a bad pattern: ${compiled.error.message}`);
  return (subject) =>
    subject !== null && subject.metricKey === selector.metricKey && (subject.id === null || compiled.value(subject.dimensions));
}
