import type { RuleId, SeriesId } from "../../shared/contract/ids.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import type { Series } from "../../shared/contract/series.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { correctedTransitions } from "../../shared/core/alert/correction.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { expiresAfter } from "../../shared/core/alert/expiry.ts";
import { sampledWindow } from "../../shared/core/alert/sampled.ts";
import type { SampledRule, SampledSeries } from "../../shared/core/alert/sampled.ts";
import { mergeSeries, seriesByGroup, slowestOf } from "../../shared/core/alert/series-groups.ts";
import { newInstance } from "../../shared/core/alert/step.ts";
import { rewind, runWatch } from "../../shared/core/alert/watch.ts";
import type { Span, Watch } from "../../shared/core/alert/watch.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import type { PointColumns } from "../../shared/ports/points.ts";
import type { InstancesStore } from "../../shared/ports/alerting.ts";
import { knownForecasts } from "../../shared/ports/known-forecasts.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { failedChanges, noteError } from "./health.ts";
import type { RuleChange, RuleErrors } from "./health.ts";
import type { Task, Tasks } from "./tasks.ts";

/** One read takes in the days of so many series: where the window is long, those of a few, so that memory does not grow with both. */
const SERIES_DAYS_A_READ = 500;
const DAY_MS = 86_400_000;
/** Nearly every series that has a newest point has one within this before. */
const JUST_BEFORE_MS = 15 * 60_000;
/** After so many evaluations others get their turn in this process. */
const TASKS_A_TURN = 1_000;
/** Series that a rule may put into groups. */
const MAX_GROUPED_SERIES = 5_000;
/** A group is read as a whole: the days of so many series, or a few of them would take all memory, of everybody. */
const MAX_GROUPED_SERIES_DAYS = 1_000;
const NO_POINTS: PointColumns = { timestamps: new Float64Array(), values: new Float64Array() };

/** A task with the series that there are of what it watches, by id. */
interface SeriesTask extends Task {
  readonly members: readonly SeriesId[];
  /** The time between their points, ms: the slowest one's. null where none has learned it. */
  readonly cadence: number | null;
}

/** A task of which evaluations are due. */
interface Due extends SeriesTask {
  readonly watch: Watch;
  readonly span: Span;
  /** The window's start of the first evaluation, Unix ms. */
  readonly reach: number;
}

/** What is stored of an instance since the state that a late point leads back to. */
type Since = Awaited<ReturnType<InstancesStore["since"]>>;

/**
 * Runs the evaluations that are due; of the others it is noted when they will be.
 * @param errors - Takes what fails of a rule; its instances stay what they are, and are evaluated again an interval later.
 */
export async function evaluateTasks(tasks: Tasks, errors: RuleErrors, tenant: OrgStore): Promise<readonly RuleChange[]> {
  const changes: RuleChange[] = [];
  const fail = (task: Task, error: unknown): void => {
    noteError(errors, task.rule, error, [task.record]);
    changes.push(...failedChanges(task.rule, [task], tasks.now));
  };
  const due: Due[] = [];
  for (const task of await withMembers([...tasks.all.values()], fail, tenant)) {
    const one = dueOf(task, tasks.now);
    if (one === null) changes.push(...awaited(task, tasks.now));
    else if (isTooLong(one, tasks.now)) fail(task, tooLong());
    else due.push(one);
  }
  const since = await tenant.instances.since(
    due.filter(isRerun).map(({ record, watch }) => ({ id: record.id, at: watch.instance.lastEvaluatedAt ?? -1 })),
  );
  let looked = 0;
  const evaluatePart = async (part: readonly Due[]): Promise<void> => {
    let read: Awaited<ReturnType<typeof readPart>>;
    try {
      read = await readPart(part, tenant);
    } catch (error) {
      // What cannot be read is the error of those that need it: each is read by itself.
      if (part.length === 1 || error instanceof Unavailable) fail(part[0]!, error);
      else for (const one of part) await evaluatePart([one]);
      return;
    }
    for (const one of part) {
      const { rule, span, of, members, cadence } = one;
      try {
        const forecasts = rule.kind === "forecast" ? await knownForecasts(tenant.forecasts, of.id!, rule.condition.horizon, span) : [];
        const before = members.reduce((last: number | null, id) => later(last, read.newest.get(id) ?? null), null);
        const known = { cadence, before, requiredSince: requiredSince(one), forecasts };
        const columns = mergeSeries(members.map((id) => read.points.get(id) ?? NO_POINTS));
        changes.push(...evaluated(one, columns, known, since));
      } catch (error) {
        fail(one, error);
      }
      looked += 1;
      if (looked % TASKS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  for (const part of parts(due, tasks.now)) await evaluatePart(part);
  return changes;
}

/** The points that some tasks look at, and of each series the newest before them where that is needed. */
async function readPart(part: readonly Due[], tenant: OrgStore) {
  const from = part[0]!.reach;
  const points = await tenant.points.readMany([...new Set(part.flatMap(({ members }) => members))], { from, to: Number.MAX_SAFE_INTEGER });
  return { points, newest: await newestBefore(part, points, from, tenant) };
}

const later = (a: number | null, b: number | null): number | null => (a === null || b === null ? (a ?? b) : Math.max(a, b));

/** Tasks with the series of what they watch: of a group, those that its rule selects now and that share the group's dimensions. */
async function withMembers(
  tasks: readonly Task[],
  fail: (task: Task, error: unknown) => void,
  { series, detection }: OrgStore,
): Promise<readonly SeriesTask[]> {
  // A rule is asked once a pass, also where that fails: it may have thousands of groups.
  const groups = new Map<RuleId, Promise<ReturnType<typeof seriesByGroup>>>();
  const all: Omit<SeriesTask, "cadence">[] = [];
  for (const task of tasks) {
    const { rule, of } = task;
    if (of.id !== null) {
      all.push({ ...task, members: [of.id] });
      continue;
    }
    const grouping = groups.get(rule.id) ?? groupedBy(rule, series).then((selected) => seriesByGroup(rule, selected));
    groups.set(rule.id, grouping);
    try {
      const members = await grouping;
      all.push({ ...task, members: members(of.dimensions).map(({ id }) => id) });
    } catch (error) {
      fail(task, error);
    }
  }
  const scored = await detection.lastScored([...new Set(all.flatMap(({ members }) => members))]);
  return all.map((task) => ({ ...task, cadence: slowestOf(task.members.map((id) => scored.get(id)?.cadenceMs ?? null)) }));
}

/** @throws Problem limit-reached. */
async function groupedBy(rule: SampledRule, series: OrgStore["series"]): Promise<readonly Series[]> {
  const selected = await series.select(rule.selector, MAX_GROUPED_SERIES + 1);
  if (selected.length <= MAX_GROUPED_SERIES) return selected;
  throw new Problem("limit-reached", `The rule selects more than ${MAX_GROUPED_SERIES} series, the most that may be grouped.`);
}

/** The evaluations of a task that are due by now; null where none is. */
function dueOf(task: SeriesTask, now: number): Due | null {
  const { rule, record, late, cadence } = task;
  const { state: instance, checkpoints } = record;
  const present: Watch = { instance, isWatched: instance.lastEvaluatedAt !== null, checkpoints };
  const back = late === null ? null : rewind(present, late, rule);
  const first = back === null ? task.first : Math.min(back.from, task.first);
  const times = dueEvaluations(first - 1, now, rule);
  if (times.length === 0) return null;
  const span = { from: times[0]!, to: times.at(-1)! };
  const watch = back !== null && span.from <= (instance.lastEvaluatedAt ?? -1) ? back : present;
  const reach = span.from - sampledWindow(rule, cadence) + 1;
  return { ...task, watch, span, reach };
}

/** Whether the windows of a group's series are more than is read at once. */
const isTooLong = ({ members, reach }: Due, now: number): boolean =>
  members.length > 1 && members.length * (now - reach) > MAX_GROUPED_SERIES_DAYS * DAY_MS;

const tooLong = () =>
  new Problem(
    "limit-reached",
    `A group's series times the days of its window are more than ${MAX_GROUPED_SERIES_DAYS}, the most that is looked at together.`,
  );

/** Whether evaluations are made again that were made before. */
const isRerun = ({ record, span }: Due): boolean => span.from <= (record.state.lastEvaluatedAt ?? -1);

/** An instance of which no evaluation is due yet, where it does not know of the next one. */
function awaited({ rule, of, record, first }: Task, now: number): RuleChange[] {
  const dueAt = first + rule.evalDelay;
  // One that was made due at once, by an act or a forecast, is not due before there is something to evaluate.
  const knows = record.dueAt === dueAt || (record.dueAt !== null && record.dueAt > now && record.dueAt <= dueAt);
  if (knows) return [];
  const change = instanceChange(record, { after: record.state, transitions: [] }, rule, of);
  return [{ rule, change: { ...change, pace: { checkpoints: record.checkpoints, dueAt } } }];
}

function evaluated(
  one: Due,
  points: PointColumns,
  known: Pick<SampledSeries, "cadence" | "before" | "requiredSince" | "forecasts">,
  since: Since,
): RuleChange[] {
  const { rule, of, record, watch, span } = one;
  const { instance, isWatched, checkpoints, nextAt, ...run } = runWatch(rule, watch, { ...points, ...known }, span);
  const isAwaited = !isWatched && nextAt < Infinity;
  if (!isWatched && !isAwaited && record.version === 0) return [];
  // A series that has expired, or had no point so far, begins anew with its next one.
  const after = isAwaited ? newInstance(record.id, rule.severity) : instance;
  const stored = isRerun(one) ? since.get(record.id) : undefined;
  const transitions =
    stored === undefined
      ? run.transitions
      : correctedTransitions(
          { from: watch.instance, instance: after, transitions: run.transitions },
          { stored: stored.episodes, recorded: stored.transitions, at: span.to },
        );
  const pace = { checkpoints, dueAt: nextAt === Infinity ? null : nextAt + rule.evalDelay };
  const before = { state: record.state, checkpoints: record.checkpoints, dueAt: record.dueAt };
  if (transitions.length === 0 && (isWatched || isAwaited) && canonicalJson({ state: after, ...pace }) === canonicalJson(before)) return [];
  const change = { ...instanceChange(record, { after, transitions }, rule, of), pace };
  return [{ rule, change: isWatched || isAwaited ? change : { ...change, forget: true } }];
}

/**
 * Since when a missing-data rule requires a series, Unix ms: since it was last changed, or, where its alert is open, since when that says. null
 * where it does not.
 */
function requiredSince({ rule, of, record }: Task): number | null {
  if (rule.kind !== "missing-data") return null;
  const wanted = canonicalJson(of.dimensions);
  const isRequired = rule.condition.requireSeries?.some(({ dimensions }) => canonicalJson(dimensions) === wanted) ?? false;
  if (!isRequired) return null;
  const { episode } = record.state;
  // A rule that is renamed is no series that has come back.
  const silentSince = episode === null || episode.firingValue === null ? Infinity : episode.startedAt - episode.firingValue * 1_000;
  return Math.min(rule.updatedAt, silentSince);
}

/** Those that are read together: the farthest back first, so that long windows do not make the reads of short ones long. */
function* parts(due: readonly Due[], now: number): Generator<readonly Due[]> {
  const sorted = due.toSorted((a, b) => a.reach - b.reach);
  for (let start = 0; start < sorted.length;) {
    const most = Math.max(1, Math.floor((SERIES_DAYS_A_READ * DAY_MS) / (now - sorted[start]!.reach)));
    let [end, series] = [start + 1, sorted[start]!.members.length];
    while (end < sorted.length && (series += sorted[end]!.members.length) <= most) end += 1;
    yield sorted.slice(start, end);
    start = end;
  }
}

/** The newest point before what was read, Unix ms, of those series whose columns do not reach back to their first evaluation. */
async function newestBefore(
  part: readonly Due[],
  read: ReadonlyMap<SeriesId, PointColumns>,
  from: number,
  { points }: OrgStore,
): Promise<ReadonlyMap<SeriesId, number>> {
  const short = part.flatMap(({ members, span, ...one }) =>
    members.filter((id) => (read.get(id)?.timestamps[0] ?? Infinity) > span.from).map((id) => ({ ...one, id })),
  );
  if (short.length === 0) return new Map();
  const silent = short.filter(({ id }) => !read.has(id)).map(({ id }) => id);
  const others = short.filter(({ id }) => read.has(id)).map(({ id }) => id);
  const newest = new Map<SeriesId, number>();
  for (const [id, { timestamp }] of silent.length === 0 ? [] : await points.last([...new Set(silent)])) newest.set(id, timestamp);
  // What is older than the most patient rule is has expired.
  const patience = short.reduce((most, { rule, cadence }) => Math.max(most, expiresAfter(rule, cadence)), 0);
  for (const back of [Math.min(JUST_BEFORE_MS, patience), patience]) {
    const open = [...new Set(others)].filter((id) => !newest.has(id));
    const atOnce = Math.floor((SERIES_DAYS_A_READ * DAY_MS) / back);
    for (let start = 0; start < open.length; start += atOnce) {
      const before = await points.readMany(open.slice(start, start + atOnce), { from: from - back, to: from });
      for (const [id, { timestamps }] of before) newest.set(id, timestamps.at(-1)!);
    }
  }
  return newest;
}
