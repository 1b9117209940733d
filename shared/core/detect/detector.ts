import { clone } from "./clone.ts";
import { createLearned, learn, lookAt } from "./learned.ts";
import type { Learned, Lesson } from "./learned.ts";
import type { Observation } from "./method.ts";
import { scorePoint } from "./score-point.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";
import { wallClock } from "./wall-clock.ts";

/** The streaming detector of one series between two batches. `advance` changes it in place. */
export interface DetectorState {
  /** IANA name. */
  readonly timezone: string;
  readonly learned: Learned;
  /** Points that the watermark has not passed, ascending, no timestamp twice. */
  readonly waiting: { timestamp: number; value: number }[];
  /** The newest timestamp seen, Unix ms; -1 before the first. */
  newest: number;
}

/** Values beyond this are taken for it: what is learned is kept in 32 bits. */
const LARGEST = 1e30;
/** A point is learned at most so long after the newest that was seen. */
export const LONGEST_LAG_MS = 15 * 60_000;
/** Until a cadence is learned a fast series would wait with too many points. */
const MOST_WAITING = 12;

/** A detector before the first point. */
export const createDetector = ({ timezone = "UTC" }: { timezone?: string } = {}): DetectorState => ({
  timezone,
  learned: createLearned(),
  waiting: [],
  newest: -1,
});

/**
 * Scores a batch of points, each on its arrival against what was learned up to then and the earlier points that still wait, and learns
 * those that the watermark has passed: two cadences behind the newest, at most 15 minutes. For points in time order every way of
 * splitting them into batches gives the same scores and the same state, bit for bit.
 *
 * @param state - Changed in place.
 * @param points - Unix ms and finite values, shape (n,), in the order they came.
 * @throws RangeError for a value or timestamp that is not finite, before anything is changed: the doors refuse them.
 */
export function advance(
  state: DetectorState,
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  options: DetectOptions,
): PointScore[] {
  if (!timestamps.every(Number.isFinite) || !values.every(Number.isFinite)) throw new RangeError("A point is not finite");
  if (timestamps.length !== values.length) throw new RangeError("A point needs a timestamp and a value");
  const scores: PointScore[] = [];
  for (let row = 0; row < timestamps.length;) {
    let end = row;
    while (end < timestamps.length && timestamps[end]! > (end === row ? state.newest : timestamps[end - 1]!)) end += 1;
    if (end > row) {
      const run = Array.from(timestamps.subarray(row, end), (timestamp, at) => ({ timestamp, value: values[row + at]! }));
      for (const score of advanceInOrder(state, run, options)) scores.push(score);
      row = end;
      continue;
    }
    scores.push(advanceOutOfOrder(state, timestamps[row]!, values[row]!, options));
    row += 1;
  }
  return scores;
}

/** A point by itself. */
type Point = DetectorState["waiting"][number];

/** Scores points that are newer than all before and than each other. What the watermark has passed at their end is learned once, and for good. */
function advanceInOrder(state: DetectorState, run: readonly Point[], options: DetectOptions): PointScore[] {
  const { learned, waiting } = state;
  const points = [...waiting, ...run];
  const newest = run.at(-1)!.timestamp;
  const scores: PointScore[] = [];
  const take = (known: Learned, place: number) => {
    const { timestamp, value } = points[place]!;
    const point = observe(state, timestamp, value, options);
    const look = lookAt(known, point);
    if (place >= waiting.length) scores.push(scorePoint(known, look, value, options, false));
    return () => learn(known, look, lessonOf(point, options));
  };
  let place = 0;
  while (place < points.length && isPassed(points[place]!, points.length - place, newest, learned)) take(learned, place++)();
  const rest = points.slice(place);
  const live = rest.length > 1 ? clone(learned) : learned;
  for (; place < points.length; place++) {
    const learnIt = take(live, place);
    // Nothing is scored after the last.
    if (place < points.length - 1) learnIt();
  }
  waiting.splice(0, waiting.length, ...rest);
  state.newest = newest;
  return scores;
}

/** Scores a point that is not newer than all before: against those that are older, and not learned where the watermark has passed it. */
function advanceOutOfOrder(state: DetectorState, timestamp: number, value: number, options: DetectOptions): PointScore {
  const [score] = scoreBehind(state, [{ timestamp, value }], options);
  if (!score!.late) {
    insert(state, timestamp, value);
    passWatermark(state, options);
  }
  return score!;
}

/**
 * Scores points that are not newer than all before, each against those that are older, and learns none of them.
 * @param state - Left as it is.
 */
export function scoreBehind(state: DetectorState, points: Iterable<Point>, options: DetectOptions): PointScore[] {
  const { learned, waiting, newest } = state;
  const watermark = Math.max(learned.learnedTo, newest - lagOf(learned));
  // What is known before each of the waiting points: learned once for all that come there.
  const known = new Map([[0, learned]]);
  return Array.from(points, ({ timestamp, value }) => {
    const late = timestamp <= watermark;
    const place = late ? 0 : waiting.filter((before) => before.timestamp < timestamp).length;
    const own = known.get(place) ?? learnedWith(state, waiting.slice(0, place), options);
    known.set(place, own);
    return scorePoint(own, lookAt(own, observe(state, timestamp, value, options), false), value, options, late);
  });
}

/** What would be known once some points are learned too. */
function learnedWith(state: DetectorState, points: readonly Point[], options: DetectOptions): Learned {
  const learned = clone(state.learned);
  for (const { timestamp, value } of points) {
    const point = observe(state, timestamp, value, options);
    learn(learned, lookAt(learned, point), lessonOf(point, options));
  }
  return learned;
}

/** The time between the points of the series, ms; null until it is learned. */
export const detectorCadence = ({ learned }: DetectorState): number | null => learned.cadence;

function observe(
  { timezone }: Pick<DetectorState, "timezone">,
  timestamp: number,
  value: number,
  { holidays }: DetectOptions,
): Observation {
  const bounded = Math.max(-LARGEST, Math.min(LARGEST, value));
  const localTime = wallClock(timestamp, timezone);
  const holiday = holidays !== undefined && holidays.size > 0 && holidays.has(new Date(localTime).toISOString().slice(0, 10));
  return { timestamp, localTime, holiday, value: bounded };
}

function lessonOf({ timestamp }: Observation, { verdicts = [] }: DetectOptions): Lesson {
  const said = verdicts.findLast(({ from, to }) => from <= timestamp && timestamp < to);
  return said === undefined ? "usual" : said.verdict === "expected" ? "accept" : "skip";
}

function lagOf(learned: Learned): number {
  return Math.min(LONGEST_LAG_MS, 2 * (learned.cadence ?? Infinity));
}

function insert({ waiting }: DetectorState, timestamp: number, value: number): void {
  let place = waiting.length;
  while (place > 0 && waiting[place - 1]!.timestamp > timestamp) place -= 1;
  if (place > 0 && waiting[place - 1]!.timestamp === timestamp) waiting[place - 1]!.value = value;
  else waiting.splice(place, 0, { timestamp, value });
}

function passWatermark({ learned, waiting, newest, timezone }: DetectorState, options: DetectOptions): void {
  while (waiting.length > 0 && isPassed(waiting[0]!, waiting.length, newest, learned)) {
    const { timestamp, value } = waiting.shift()!;
    const point = observe({ timezone }, timestamp, value, options);
    learn(learned, lookAt(learned, point), lessonOf(point, options));
  }
}

/** Whether a point, with so many that wait from it on, is to be learned, once all before it are. */
const isPassed = ({ timestamp }: Point, waiting: number, newest: number, learned: Learned): boolean =>
  timestamp <= newest - lagOf(learned) || waiting > MOST_WAITING;
