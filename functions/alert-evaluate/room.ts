import type { RuleId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { healthChange, healthRecords } from "./health.ts";
import type { DueHealth, RuleChange } from "./health.ts";

/** Once no series had to be left out for so long, it is over that a rule is full. */
const FULL_FOR_MS = 10 * 60_000;

/**
 * The changes without those new instances that would be more than a rule may have: the stored ones go on. People are told of a rule that is
 * full by an alert of its own, which says how many series it leaves out.
 *
 * @param due - The instances of such alerts that are due.
 * @param now - Unix ms.
 */
export async function withinRoom(
  changes: readonly RuleChange[],
  due: readonly DueHealth[],
  tenant: Pick<OrgStore, "org" | "instances">,
  now: number,
): Promise<readonly RuleChange[]> {
  const isNew = ({ change }: RuleChange) => change.instance.version === 0;
  const grown = new Map(changes.filter(isNew).map(({ rule }) => [rule.id, rule]));
  if (grown.size === 0 && due.length === 0) return changes;
  const counts = await tenant.instances.counts([...grown.keys()]);
  // A rule may have more than that from when its limit was higher.
  const room = new Map([...grown].map(([id, rule]): [RuleId, number] => [id, Math.max(0, mostOf(rule) - (counts.get(id) ?? 0))]));
  const kept = changes.filter((one) => {
    if (!isNew(one)) return true;
    const left = room.get(one.rule.id)!;
    room.set(one.rule.id, left - 1);
    return left > 0;
  });
  for (const { rule } of due) grown.set(rule.id, rule);
  const records = await healthRecords([...grown.values()], "instances_limited", due, tenant);
  const limits = [...grown.values()].flatMap((rule) => {
    const record = records.get(rule.id)!;
    const leftOut = Math.max(0, -(room.get(rule.id) ?? 0));
    if (leftOut === 0 && record.state.state === "inactive") return [];
    const found = leftOut === 0 ? null : { value: leftOut, evidence: { kind: "instances_limited", most: mostOf(rule), leftOut } };
    return [healthChange(rule, record, found, { for: 0, again: FULL_FOR_MS }, now)];
  });
  return [...kept, ...limits];
}

/** A composite rule has one instance. */
const mostOf = (rule: Rule): number => (rule.kind === "composite" ? 1 : rule.maxInstances);
