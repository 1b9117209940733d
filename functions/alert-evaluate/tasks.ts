import type { InstanceId, OrgId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { Series } from "../../shared/contract/series.ts";
import { newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import type { Subject, WatchRecord } from "../../shared/core/alert/alert-record.ts";
import { subjectInstanceId } from "../../shared/core/alert/keys.ts";
import type { SampledRule } from "../../shared/core/alert/sampled.ts";
import { MADE_UP_MS } from "../../shared/core/alert/schedule.ts";
import { gridAt } from "../../shared/core/alert/watch.ts";

/** One instance of a rule that is to be looked at. Evaluations are named by their times, Unix ms. */
export interface Task {
  readonly rule: SampledRule;
  readonly of: Subject;
  readonly record: WatchRecord;
  /** The first evaluation that is to be made; it may not be due yet. */
  readonly first: number;
  /** The first evaluation made before that a late point is part of; null where no point was late. */
  readonly late: number | null;
}

/** What a pass has to look at, an instance once. */
export interface Tasks {
  /** Unix ms. */
  readonly now: number;
  readonly all: ReadonlyMap<InstanceId, Task>;
  instanceOf(rule: Rule, of: Subject): InstanceId;
  /** An instance that is due though nothing came in. */
  addDue(rule: SampledRule, of: Subject, record: WatchRecord): void;
  /** What a rule watches that is new or changed: it begins where its rule and its series did, or now where that was too long ago. */
  addUnseen(rule: SampledRule, of: Subject | Series, record: WatchRecord | null): void;
  /** @param oldest - The oldest of the points that came in, Unix ms. */
  addArrival(rule: SampledRule, of: Subject, record: WatchRecord | null, oldest: number): void;
}

/** Begins to gather what a pass has to look at. */
export function createTasks(org: OrgId, now: number): Tasks {
  const all = new Map<InstanceId, Task>();
  const instanceOf: Tasks["instanceOf"] = ({ id }, of) => subjectInstanceId(org, id, of);

  function add(rule: SampledRule, of: Subject, record: WatchRecord | null, { first, late }: Pick<Task, "first" | "late">): void {
    const { id: series, metricKey, dimensions } = of;
    const id = instanceOf(rule, of);
    const before = all.get(id);
    const known = before?.record ?? record ?? newWatchRecord(id, rule, series);
    const { lastEvaluatedAt } = known.state;
    // What is due is due, whichever way the pass came upon the instance.
    const overdue = known.dueAt !== null && known.dueAt <= now ? gridAt(known.dueAt - rule.evalDelay, rule) : Infinity;
    const asked = Math.min(first, overdue);
    const next = lastEvaluatedAt === null ? asked : Math.max(asked, lastEvaluatedAt + rule.interval);
    all.set(id, {
      rule,
      of: { id: series, metricKey, dimensions },
      record: known,
      first: Math.min(next, before?.first ?? Infinity),
      late: late === null ? (before?.late ?? null) : Math.min(late, before?.late ?? Infinity),
    });
  }

  return {
    now,
    all,
    instanceOf,
    addDue(rule, of, record) {
      add(rule, of, record, { first: gridAt(record.dueAt! - rule.evalDelay, rule), late: null });
    },
    addUnseen(rule, of, record) {
      const began = Math.max(rule.updatedAt, "createdAt" in of ? Date.parse(of.createdAt) : 0);
      // What began earlier than evaluations are made up is looked at from now on.
      const at = began < now - MADE_UP_MS ? now : began;
      add(rule, of, record, { first: gridBefore(at - rule.evalDelay, rule), late: null });
    },
    addArrival(rule, of, record, oldest) {
      const at = Math.max(gridAt(oldest, rule), gridBefore(rule.updatedAt - rule.evalDelay, rule));
      const last = record?.state.lastEvaluatedAt ?? null;
      add(rule, of, record, { first: at, late: last !== null && at <= last ? at : null });
    },
  };
}

const gridBefore = (time: number, { interval }: SampledRule): number => Math.floor(time / interval) * interval;
