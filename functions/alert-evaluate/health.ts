import type { Evidence } from "../../shared/contract/alert.ts";
import type { OrgId, RuleId } from "../../shared/contract/ids.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange, newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange, Subject, WatchRecord } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { newInstance, step } from "../../shared/core/alert/step.ts";
import type { Deps } from "../../shared/ports.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** What the evaluation of a rule changes in one instance. */
export interface RuleChange {
  readonly rule: Rule;
  readonly change: InstanceChange;
}

/** What may be wrong with a rule itself, of which an alert of its own tells: it leaves out series, or its evaluations fail. */
export type Ailment = "instances_limited" | "evaluation_error";

/** The instance of a rule that tells of what is wrong with it. */
export const healthId = (org: OrgId, { id }: Rule, ailment: Ailment) => instanceId(org, id, { health: ailment });

/** An instance that is due and watches no series. */
export interface DueHealth {
  readonly rule: Rule;
  readonly record: WatchRecord;
}

/**
 * What becomes of the alert that something is wrong with a rule.
 * @param found - null where nothing is wrong.
 * @param timing.for - How long it is wrong before people are told, ms; `again`: when it is looked at again, ms from now.
 */
export function healthChange(
  rule: Rule,
  record: WatchRecord,
  found: { readonly value: number; readonly evidence: Evidence } | null,
  timing: { readonly for: number; readonly again: number },
  now: number,
): RuleChange {
  const { instance: after, transitions } = step(
    record.state,
    { for: timing.for, keepFiringFor: 0, noData: "keep_last", severity: record.state.severity, interval: rule.interval },
    { at: now, outcome: found === null ? "false" : "true", ...found },
  );
  const pace = { checkpoints: [], dueAt: found === null ? null : now + timing.again };
  return { rule, change: { ...instanceChange(record, { after, transitions }, rule, null), pace } };
}

/** Some health instances as they are stored, or new. */
export async function healthRecords(
  rules: readonly Rule[],
  ailment: Ailment,
  due: readonly DueHealth[],
  { org, instances }: Pick<OrgStore, "org" | "instances">,
): Promise<ReadonlyMap<RuleId, WatchRecord>> {
  const records = new Map(due.map(({ record }) => [record.id, record]));
  const others = rules.map((rule) => healthId(org, rule, ailment)).filter((id) => !records.has(id));
  for (const record of others.length === 0 ? [] : await instances.getMany(others)) records.set(record.id, record);
  return new Map(
    rules.map((rule) => {
      const id = healthId(org, rule, ailment);
      return [rule.id, records.get(id) ?? newWatchRecord(id, { id: rule.id, severity: "warning" }, null)];
    }),
  );
}

/** What failed of each rule in a pass: the first error, and whether none of the instances that failed did so the last time. */
export type RuleErrors = Map<RuleId, { readonly rule: Rule; readonly error: unknown; readonly isFirst: boolean }>;

/**
 * Notes an error as its rule's own.
 * @param failed - The instances of which the evaluation failed; none where it was the rule's as a whole.
 * @throws The error, where what failed is the world around: that is tried again as a whole.
 */
export function noteError(errors: RuleErrors, rule: Rule, error: unknown, failed: readonly WatchRecord[] = []): void {
  if (error instanceof Unavailable) throw error;
  const before = errors.get(rule.id);
  const isFirst = failed.length > 0 && failed.every(({ version, state }) => version > 0 && state.data !== "error");
  errors.set(rule.id, { rule, error: before?.error ?? error, isFirst: isFirst && before?.isFirst !== false });
}

/** Instances of which the evaluation failed: each is what it was, but for its data, and is looked at again an interval later. */
export const failedChanges = (
  rule: Rule,
  instances: readonly { readonly record: WatchRecord; readonly of: Subject | null }[],
  now: number,
): RuleChange[] =>
  instances
    .filter(({ record }) => record.version > 0)
    .map(({ record, of }) => {
      const after = { ...record.state, data: "error" } as const;
      const pace = { checkpoints: record.checkpoints, dueAt: now + rule.interval };
      return { rule, change: { ...instanceChange(record, { after, transitions: [] }, rule, of), pace } };
    });

/** Evaluations in a row that fail before people are told. */
const ERRORS_IN_A_ROW = 3;

/**
 * What becomes of the alerts of rules whose evaluations fail, or failed and do no more. The instances of such a rule are left as they are.
 * @param due - Those of such alerts that are due.
 */
export async function errorChanges(
  errors: RuleErrors,
  due: readonly DueHealth[],
  tenant: Pick<OrgStore, "org" | "instances">,
  { warn }: Pick<Deps, "warn">,
  now: number,
): Promise<readonly RuleChange[]> {
  const rules = new Map(due.map(({ rule }) => [rule.id, rule]));
  for (const [id, { rule }] of errors) rules.set(id, rule);
  const records = await healthRecords([...rules.values()], "evaluation_error", due, tenant);
  const changes: RuleChange[] = [];
  for (const rule of rules.values()) {
    const failed = errors.get(rule.id);
    const known = records.get(rule.id)!;
    // What succeeded in between is no error in a row: they are counted anew.
    const isAnew = failed?.isFirst === true && known.state.state === "pending" && !(await isInError(rule, tenant, now));
    const record = isAnew ? { ...known, state: newInstance(known.id, known.state.severity) } : known;
    const patience = (ERRORS_IN_A_ROW - 1) * rule.interval;
    if (failed !== undefined && known.state.state === "inactive") warn("A rule cannot be evaluated", { rule: rule.id }, failed.error);
    const found = failed === undefined ? null : { value: 1, evidence: { kind: "evaluation_error", message: saidOf(failed.error) } };
    // As long as one evaluation follows another with an error, none of them says that it is over.
    changes.push(healthChange(rule, record, found, { for: patience, again: patience + rule.interval / 2 }, now));
  }
  return changes;
}

/** Has the alerts of rules tell of errors that are found outside of a pass; that they are over, a pass finds when their time has come. */
export async function tellErrors(
  errors: RuleErrors,
  tenant: Pick<OrgStore, "org" | "instances">,
  deps: Pick<Deps, "warn">,
  now: number,
): Promise<void> {
  if (errors.size === 0) return;
  for (const { rule, change } of await errorChanges(errors, [], tenant, deps, now)) {
    await tenant.instances.commit({ rule, changes: [change], at: now });
  }
}

/** Whether the last evaluation of any instance of a rule failed, as they are stored. */
const isInError = async ({ id }: Rule, { instances }: Pick<OrgStore, "instances">, now: number): Promise<boolean> =>
  (await instances.conditions([id], now)).some(({ data }) => data === "error");

/** What the people of an organisation may know of an error. */
const saidOf = (error: unknown): string =>
  error instanceof Problem ? error.detail : "something failed on our side, and the log says what";
