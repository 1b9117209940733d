import type { ConditionState, DataQuality } from "../../contract/alert.ts";
import type { RuleId } from "../../contract/ids.ts";
import type { CompositeCondition, Rule } from "../../contract/rule.ts";
import type { Evaluation } from "./step.ts";

/** A rule that is evaluated at times, by what others are then. */
export type CompositeRule = Extract<Rule, { kind: "composite" }>;

export type CompositeOperator = "all" | "any" | "not";

/** What a composite condition asks of the rules that it looks at. */
export function lookedAt(condition: CompositeCondition): { readonly operator: CompositeOperator; readonly rules: readonly RuleId[] } {
  const [[operator, rules]] = Object.entries(condition) as [[CompositeOperator, RuleId[]]];
  return { operator, rules };
}

/** A rule that a composite one looks at, as it stands. */
export interface Child {
  readonly id: RuleId;
  readonly name: string;
  /** A disabled rule knows nothing. */
  readonly enabled: boolean;
  readonly instances: readonly { readonly state: ConditionState; readonly data: DataQuality }[];
}

/** What a condition became something else from, and when, Unix ms. */
export interface PastCondition {
  readonly at: number;
  readonly from: ConditionState;
}

/** A condition at a time, by what it is now and what it was before each of its changes after that time, oldest first. */
export const stateAt = (now: ConditionState, changes: readonly PastCondition[], at: number): ConditionState =>
  changes.find((change) => change.at > at)?.from ?? now;

/** Why a child is neither true nor false. `missing`: there is no such rule. */
export type Unknown = "missing" | "disabled" | "no_data" | "error";

/** What a child says, and by how many instances. */
export interface ChildVerdict {
  readonly rule: RuleId;
  readonly name: string | null;
  readonly verdict: "true" | "false" | Unknown;
  /** Instances that fire or recover. */
  readonly firing: number;
  readonly instances: number;
}

/**
 * Whether all, any or not one of other rules are true. A rule is true while an instance of it fires or recovers; it is unknown while it is
 * missing or disabled, or while none of its instances has data. What is unknown decides nothing: `all` is false by one that is
 * false, `any` true by one that is true, and else, as `not`, there are no data.
 *
 * @param children - By id; those that are not there are missing.
 * @returns Its evidence names each child with its verdict; also where it has no data. The value is the number of children that are true.
 */
export function evaluateComposite(condition: CompositeCondition, children: ReadonlyMap<RuleId, Child>, at: number): Evaluation {
  const { operator, rules } = lookedAt(condition);
  const verdicts = rules.map((id) => verdictOf(id, children.get(id)));
  const isTrue = verdicts.filter(({ verdict }) => verdict === "true").length;
  const isFalse = verdicts.filter(({ verdict }) => verdict === "false").length;
  const evidence: CompositeEvidence = { kind: "composite", operator, children: verdicts };
  return { at, outcome: OUTCOME[operator](isTrue, isFalse, verdicts.length), value: isTrue, evidence: { ...evidence } };
}

/** The evidence of a composite alert: what each of its rules said. */
export interface CompositeEvidence {
  readonly kind: "composite";
  readonly operator: CompositeOperator;
  readonly children: readonly ChildVerdict[];
}

type Outcome = "true" | "false" | "no_data";
const OUTCOME: Readonly<Record<CompositeOperator, (isTrue: number, isFalse: number, all: number) => Outcome>> = {
  all: (isTrue, isFalse, all) => (isFalse > 0 ? "false" : isTrue === all ? "true" : "no_data"),
  any: (isTrue, isFalse, all) => (isTrue > 0 ? "true" : isFalse === all ? "false" : "no_data"),
  not: (isTrue, isFalse) => (isTrue > 0 ? "false" : isFalse > 0 ? "true" : "no_data"),
};

function verdictOf(rule: RuleId, child: Child | undefined): ChildVerdict {
  if (child === undefined) return { rule, name: null, verdict: "missing", firing: 0, instances: 0 };
  const { name, enabled, instances } = child;
  const firing = instances.filter(({ state }) => state === "firing" || state === "recovering").length;
  const said = { rule, name, firing, instances: instances.length };
  if (!enabled) return { ...said, verdict: "disabled" };
  if (firing > 0) return { ...said, verdict: "true" };
  const isUnknown = ({ data }: Child["instances"][number]) => data === "no_data" || data === "error";
  if (instances.length === 0 || !instances.every(isUnknown)) return { ...said, verdict: "false" };
  return { ...said, verdict: instances.some(({ data }) => data === "error") ? "error" : "no_data" };
}

/**
 * The way by which a composite rule would come back to itself, where there is one: from the rule to the rule, the rule at both ends.
 *
 * @param rule - The rule that is to be, with the rules that it looks at.
 * @param childrenOf - The rules that the others look at; of all but composite ones none.
 */
export function compositeCycle(
  rule: { readonly id: RuleId; readonly rules: readonly RuleId[] },
  childrenOf: (id: RuleId) => readonly RuleId[],
): readonly RuleId[] | null {
  const cameFrom = new Map<RuleId, RuleId>();
  const open = [rule.id];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const child of id === rule.id ? rule.rules : childrenOf(id)) {
      if (child === rule.id) return [...wayTo(id, cameFrom), child];
      if (cameFrom.has(child)) continue;
      cameFrom.set(child, id);
      open.push(child);
    }
  }
  return null;
}

/** The way to a rule from the one that none came from. */
function wayTo(rule: RuleId, cameFrom: ReadonlyMap<RuleId, RuleId>): readonly RuleId[] {
  const way: RuleId[] = [];
  for (let id: RuleId | undefined = rule; id !== undefined; id = cameFrom.get(id)) way.push(id);
  return way.toReversed();
}
