import type { RuleId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange, newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange, WatchRecord } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { step } from "../../shared/core/alert/step.ts";
import { MAX_INSTANCES } from "../../shared/ports/alerting.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** What the evaluation of a rule changes in one instance. */
export interface RuleChange {
  readonly rule: Rule;
  readonly change: InstanceChange;
}

/** Once no series had to be left out for so long, it is over that a rule is full. */
const FULL_FOR_MS = 10 * 60_000;
const TIMING = { for: 0, keepFiringFor: 0, noData: "keep_last", severity: "warning" } as const;

/**
 * The changes without those new instances that would be more than a rule may have: the stored ones go on. People are told of a rule that is
 * full by an alert of its own, which says how many series it leaves out.
 *
 * @param due - The instances of such alerts that are due.
 * @param now - Unix ms.
 */
export async function withinRoom(
  changes: readonly RuleChange[],
  due: readonly { readonly rule: Rule; readonly record: WatchRecord }[],
  tenant: Pick<OrgStore, "org" | "instances">,
  now: number,
): Promise<readonly RuleChange[]> {
  const isNew = ({ change }: RuleChange) => change.instance.version === 0;
  const grown = new Map(changes.filter(isNew).map(({ rule }) => [rule.id, rule]));
  if (grown.size === 0 && due.length === 0) return changes;
  const counts = await tenant.instances.counts([...grown.keys()]);
  const room = new Map([...grown.keys()].map((id): [RuleId, number] => [id, MAX_INSTANCES - (counts.get(id) ?? 0)]));
  const kept = changes.filter((one) => {
    if (!isNew(one)) return true;
    const left = room.get(one.rule.id)!;
    room.set(one.rule.id, left - 1);
    return left > 0;
  });
  for (const { rule } of due) grown.set(rule.id, rule);
  const stored = new Map(due.map(({ rule, record }) => [rule.id, record]));
  const others = [...grown.values()].filter(({ id }) => !stored.has(id));
  for (const record of await tenant.instances.getMany(others.map((rule) => idOf(tenant, rule)))) stored.set(record.rule, record);
  return [
    ...kept,
    ...[...grown.values()].flatMap((rule) => limitChange(rule, Math.max(0, -(room.get(rule.id) ?? 0)), stored, tenant, now)),
  ];
}

/** What becomes of the alert that a rule is full. @param leftOut - How many series had no room. */
function limitChange(
  rule: Rule,
  leftOut: number,
  stored: ReadonlyMap<RuleId, WatchRecord>,
  tenant: Pick<OrgStore, "org">,
  now: number,
): RuleChange[] {
  const id = idOf(tenant, rule);
  const record = stored.get(rule.id);
  if (leftOut === 0 && record === undefined) return [];
  const evidence = { kind: "instances_limited", most: MAX_INSTANCES, leftOut };
  const before = record ?? newWatchRecord(id, { id: rule.id, severity: TIMING.severity }, null);
  const outcome = leftOut > 0 ? "true" : "false";
  const { instance: after, transitions } = step(
    before.state,
    { ...TIMING, interval: rule.interval },
    { at: now, outcome, value: leftOut, evidence },
  );
  const pace = { checkpoints: [], dueAt: leftOut > 0 ? now + FULL_FOR_MS : null };
  return [{ rule, change: { ...instanceChange(before, { after, transitions }, rule, null), pace } }];
}

const idOf = ({ org }: Pick<OrgStore, "org">, { id }: Rule) => instanceId(org, id, { health: "instances_limited" });
