import type { InstanceId, OrgId, SeriesId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { isSeries } from "../../shared/core/alert/alert-record.ts";
import type { Subject } from "../../shared/core/alert/alert-record.ts";
import { indexRules } from "../../shared/core/alert/rule-index.ts";
import type { RuleIndex } from "../../shared/core/alert/rule-index.ts";
import { subjectOf } from "../../shared/core/alert/series-groups.ts";
import { isSampled } from "../../shared/core/alert/sampled.ts";
import type { SampledRule } from "../../shared/core/alert/sampled.ts";
import type { Deps } from "../../shared/ports.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { oldestArrivals } from "./arrivals.ts";
import { evaluateAnomalyRule } from "./evaluate-anomaly.ts";
import { evaluateTasks } from "./evaluate-sampled.ts";
import { errorChanges, failedChanges, healthId, noteError } from "./health.ts";
import type { DueHealth, RuleErrors } from "./health.ts";
import { withinRoom } from "./room.ts";
import { createTasks } from "./tasks.ts";
import type { Tasks } from "./tasks.ts";

/** A pass holds so many points of the write log in memory, or those of one row. */
const POINTS_A_PASS = 200_000;
/** A pass takes up so many instances for which nothing has come in, and so many rules that are new. */
const DUE_A_PASS = 5_000;
const UNSEEN_A_PASS = 100;
/** A batch writes so many instances. */
const INSTANCES_A_BATCH = 1_000;
/** Series that are looked at for new instances: more than may have one, since some have long been silent. */
const MOST_SERIES = 10_000;

/** `lost`: somebody else has written meanwhile, and this is to be done again. */
export type PassOutcome = "evaluated" | "nothing" | "lost";

/**
 * Evaluates what has changed in an organisation: the series that points came in for, the instances that are due without any, and the
 * series of rules that are new or changed.
 */
export async function evaluatePass(org: OrgId, { store, warn }: Pick<Deps, "store" | "warn">, now: number): Promise<PassOutcome> {
  const tenant = store.forOrg(org);
  const index = indexOf(await tenant.rules.enabled());
  const from = await tenant.cursor("alert-evaluate");
  const rows = await tenant.points.after(from, { maxPoints: POINTS_A_PASS });
  const [due, unseen] = await Promise.all([tenant.instances.due(now, DUE_A_PASS), tenant.rules.unseen(UNSEEN_A_PASS)]);
  if (rows.length === 0 && due.length === 0 && unseen.length === 0) return "nothing";

  const tasks = createTasks(org, now);
  for (const { of, ...record } of due) {
    const rule = index.get(record.rule);
    if (isSampled(rule) && of !== null) tasks.addDue(rule, of, record);
  }
  for (const rule of unseen) if (isSampled(rule) && !index.broken.has(rule.id)) await addUnseen(tasks, rule, tenant);
  await addArrivals(tasks, index, oldestArrivals(rows), tenant);

  const errors: RuleErrors = new Map();
  const found = [...(await evaluateTasks(tasks, errors, tenant))];
  for (const [id, own] of Map.groupBy(due, ({ rule }) => rule)) {
    const rule = index.get(id);
    if (rule?.kind !== "anomaly") continue;
    const series = own.map(({ of }) => of).filter(isSeries);
    try {
      for (const change of await evaluateAnomalyRule(rule, series, now, tenant)) found.push({ rule, change });
    } catch (error) {
      const instances = own.map(({ of, ...record }) => ({ record, of })).filter(({ of }) => isSeries(of));
      noteError(
        errors,
        rule,
        error,
        instances.map(({ record }) => record),
      );
      found.push(...failedChanges(rule, instances, now));
    }
  }
  const health = due.flatMap(({ of, ...record }): DueHealth[] => {
    const rule = index.get(record.rule);
    return of === null && rule !== undefined ? [{ rule, record }] : [];
  });
  const [limits, failures] = (["instances_limited", "evaluation_error"] as const).map((ailment) =>
    health.filter(({ rule, record }) => record.id === healthId(org, rule, ailment)),
  );
  for (const rule of [...unseen, ...failures!.map((one) => one.rule)]) {
    if (index.broken.has(rule.id)) noteError(errors, rule, new Error("A stored rule has a bad pattern"));
  }
  const changes = [...(await withinRoom(found, limits!, tenant, now)), ...(await errorChanges(errors, failures!, tenant, { warn }, now))];
  const to = rows.reduce((last, { seq }) => Math.max(last, seq), from);
  for (let start = 0; start === 0 || start < changes.length; start += INSTANCES_A_BATCH) {
    const isLast = start + INSTANCES_A_BATCH >= changes.length;
    const evaluations = Map.groupBy(changes.slice(start, start + INSTANCES_A_BATCH), ({ rule }) => rule);
    const committed = await tenant.instances.commitPass({
      evaluations: [...evaluations].map(([rule, own]) => ({ rule, changes: own.map(({ change }) => change) })),
      // What is evaluated twice is the same: the cursor moves with the last batch.
      cursor: { from, to: isLast ? to : from },
      seen: isLast ? unseen : [],
      at: now,
    });
    if (!committed) return "lost";
  }
  return "evaluated";
}

/** The rules as they were indexed last; rules that have not changed come as the same array. */
const indexes = new WeakMap<readonly Rule[], RuleIndex>();

/** The index of some rules. */
export function indexOf(rules: readonly Rule[]): RuleIndex {
  const present = indexes.get(rules);
  if (present !== undefined) return present;
  const index = indexRules(rules);
  indexes.set(rules, index);
  return index;
}

/** A rule that is new or changed: every instance that it has, and the series that it selects beside them. */
async function addUnseen(tasks: Tasks, rule: SampledRule, { instances, series }: OrgStore): Promise<void> {
  const stored = await instances.ofRule(rule.id);
  for (const { of, ...record } of stored) if (of !== null) tasks.addUnseen(rule, of, record);
  if (stored.filter(({ of }) => of !== null).length >= rule.maxInstances) return;
  const known = new Set(stored.map(({ id }) => id));
  const { metricKey } = rule.selector;
  const required = rule.kind === "missing-data" ? (rule.condition.requireSeries ?? []) : [];
  // Series that were never seen have no row of their own.
  const named = required.map(({ dimensions }) => ({ id: series.idOf(metricKey, dimensions), metricKey, dimensions }));
  for (const one of [...(await series.select(rule.selector, MOST_SERIES)), ...named]) {
    const of = subjectOf(rule, one);
    if (!known.has(tasks.instanceOf(rule, of))) tasks.addUnseen(rule, of, null);
  }
}

async function addArrivals(
  tasks: Tasks,
  index: RuleIndex,
  arrivals: ReadonlyMap<SeriesId, number>,
  { instances, series }: OrgStore,
): Promise<void> {
  if (arrivals.size === 0) return;
  const selected: { rule: SampledRule; of: Subject; oldest: number }[] = [];
  for (const one of await series.getMany([...arrivals.keys()])) {
    const oldest = arrivals.get(one.id)!;
    for (const rule of index.selecting(one)) if (isSampled(rule)) selected.push({ rule, of: subjectOf(rule, one), oldest });
  }
  const ids = selected.map(({ rule, of }) => tasks.instanceOf(rule, of));
  const stored = new Map((await instances.getMany(ids)).map((record) => [record.id, record]));
  for (const [place, { rule, of, oldest }] of selected.entries()) {
    tasks.addArrival(rule, of, stored.get(ids[place] as InstanceId) ?? null, oldest);
  }
}
