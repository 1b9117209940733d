import type { AnomalySeverity, Direction } from "../../contract/anomaly.ts";
import { statisticOf } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";
import { calibrationOf, createLearned, jointRarity, learn, raritiesOf, readAll, WARM_UP_POINTS } from "./learned.ts";
import type { Learned, Lesson } from "./learned.ts";
import type { Observation, Reading } from "./method.ts";
import { METHODS } from "./methods.ts";
import { daysAtSensitivity, scoreOf, severityOf } from "./severity.ts";
import { cloneLearned } from "./state-codec.ts";
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

/** What decides beside the points what is anomalous. */
export interface DetectOptions {
  /** 0..1: see daysAtSensitivity. */
  readonly sensitivity: number;
  /** Of methods, by name; the default is each method's own. 0 leaves it out. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly direction?: Direction | undefined;
  /** The least distance from what was expected, in the series' unit. */
  readonly minAbsolute?: number | undefined;
  /** The least distance from what was expected, as a share of it: 0.1 is ten percent. */
  readonly minRelative?: number | undefined;
  /** The least weighted share of methods that agree, 0..1. */
  readonly consensus?: number | undefined;
  /** Days on the wall clock, as `2026-12-25`. */
  readonly holidays?: ReadonlySet<string> | undefined;
  /** What people said of stretches of the series. Of two that meet the later counts. */
  readonly verdicts?: readonly Verdict[] | undefined;
}

/**
 * What somebody said of a stretch: `expected` makes what it shows known at once; of an `incident` and of `bad-data` nothing is learned, so that it
 * stays news when it is met again.
 */
export interface Verdict {
  /** Unix ms, inclusive. */
  readonly from: number;
  /** Unix ms, exclusive. */
  readonly to: number;
  readonly verdict: "expected" | "incident" | "bad-data";
}

/** What is said of one point. */
export interface PointScore {
  /** Unix ms. */
  readonly timestamp: number;
  readonly value: number;
  /** 0..1. */
  readonly score: number;
  readonly expected: number | null;
  /** The band at the sensitivity: a value outside of it is anomalous by what was expected alone. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly anomalous: boolean;
  /** How severe it would be; null while there is no score. */
  readonly severity: AnomalySeverity | null;
  readonly direction: "above" | "below" | null;
  readonly daysPerFalseAlarm: number | null;
  readonly methods: Readonly<Record<string, { readonly score: number; readonly weight: number }>>;
  /** The weighted share of methods that agree, 0..1. */
  readonly consensus: number;
  /** Behind the watermark: scored, not learned. */
  readonly late: boolean;
  /** There is no score yet, or severity is capped at medium. */
  readonly warmingUp: boolean;
}

/** Values beyond this are taken for it: their differences would overflow. */
const LARGEST = 1e150;
const LONGEST_LAG_MS = 15 * 60_000;
/** Until a cadence is learned a fast series would wait with too many points. */
const MOST_WAITING = 96;
/** Below so many points severity is capped at medium. */
const SETTLED_POINTS = 200;
/** Two methods agree where each finds the point at least so rare. */
const AGREE_RARITY = Math.log10(10);
const STREAK_FOR_CONSENSUS = 3;
/** The mean absolute error of a normal distribution in standard deviations, inverted. */
const SCALE_TO_DEVIATION = 1.2533;

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
  let live: Learned | null = null;
  for (let row = 0; row < timestamps.length; row++) {
    const [timestamp, value] = [timestamps[row]!, values[row]!];
    const point = observe(state, timestamp, value, options);

    if (timestamp <= Math.max(state.learned.learnedTo, state.newest - lagOf(state.learned))) {
      scores.push(scorePoint(state.learned, point, readAll(state.learned, point), value, options, true));
      continue;
    }
    const inOrder = timestamp > state.newest;
    const before: Learned = inOrder ? (live ?? liveOf(state, Infinity, options)) : liveOf(state, timestamp, options);
    const readings = readAll(before, point);
    scores.push(scorePoint(before, point, readings, value, options, false));
    insert(state, timestamp, value);
    state.newest = Math.max(state.newest, timestamp);
    if (inOrder) learn(before, point, readings, lessonOf(point, options));
    // What came out of order changes everything behind it: the live state is made again when it is needed.
    live = inOrder ? before : null;
    passWatermark(state, options);
  }
  return scores;
}

/** The time between the points of the series, ms; null until it is learned. */
export const detectorCadence = ({ learned }: DetectorState): number | null => learned.cadence;

function observe({ timezone }: DetectorState, timestamp: number, value: number, { holidays }: DetectOptions): Observation {
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

/** What would be known if all points that wait before a time were learned. */
function liveOf(state: DetectorState, before: number, options: DetectOptions): Learned {
  const live = cloneLearned(state.learned);
  for (const { timestamp, value } of state.waiting) {
    if (timestamp >= before) break;
    const point = observe(state, timestamp, value, options);
    learn(live, point, readAll(live, point), lessonOf(point, options));
  }
  return live;
}

function insert({ waiting }: DetectorState, timestamp: number, value: number): void {
  let place = waiting.length;
  while (place > 0 && waiting[place - 1]!.timestamp > timestamp) place -= 1;
  if (place > 0 && waiting[place - 1]!.timestamp === timestamp) waiting[place - 1]!.value = value;
  else waiting.splice(place, 0, { timestamp, value });
}

function passWatermark(state: DetectorState, options: DetectOptions): void {
  const { learned, waiting, newest } = state;
  while (waiting.length > 0 && (waiting[0]!.timestamp <= newest - lagOf(learned) || waiting.length > MOST_WAITING)) {
    const { timestamp, value } = waiting.shift()!;
    const point = observe(state, timestamp, value, options);
    learn(learned, point, readAll(learned, point), lessonOf(point, options));
  }
}

function scorePoint(
  learned: Learned,
  point: Observation,
  readings: readonly Reading[],
  value: number,
  { sensitivity, weights = {}, direction = "either", minAbsolute = 0, minRelative = 0, consensus = 0 }: DetectOptions,
  late: boolean,
): PointScore {
  const { timestamp } = point;
  const expectation = readings.find(({ expected }) => expected !== null);
  const expected = expectation?.expected ?? null;
  if (learned.n < WARM_UP_POINTS) {
    const nothing = {
      score: 0,
      lo: null,
      hi: null,
      anomalous: false,
      severity: null,
      direction: null,
      daysPerFalseAlarm: null,
      methods: {},
      consensus: 0,
    };
    return { timestamp, value, expected, ...nothing, late, warmingUp: true };
  }
  const calibration = calibrationOf(learned);
  const rarities = raritiesOf(readings, calibration, weights);
  const days = 10 ** jointRarity(rarities, calibration);
  const off = expected === null ? 0 : point.value - expected;
  const side = off > 0 ? "above" : off < 0 ? "below" : null;
  const large = expected === null || (Math.abs(off) >= minAbsolute && Math.abs(off) >= minRelative * Math.abs(expected));
  const agreed = agreementOf(rarities, weights);
  const wanted = (direction === "either" || side === direction) && large && agreed >= consensus;
  const band = bandOf(learned, readings, calibration, sensitivity);
  const warmingUp = learned.n < SETTLED_POINTS;
  const agreeing = rarities.filter((rarity) => rarity >= AGREE_RARITY).length;
  const confirmed = agreeing >= 2 || learned.streak + 1 >= STREAK_FOR_CONSENSUS;
  const scale = expectation?.scale ?? null;
  const effect = scale === null ? null : scale === 0 ? (off === 0 ? 0 : Infinity) : Math.abs(off) / (SCALE_TO_DEVIATION * scale);
  return {
    timestamp,
    value,
    score: wanted ? scoreOf(days) : 0,
    expected,
    ...band,
    anomalous: wanted && days >= daysAtSensitivity(sensitivity),
    severity: severityOf(days, { consensus: confirmed, effect, warmingUp }),
    direction: side,
    daysPerFalseAlarm: days,
    methods: Object.fromEntries(
      rarities.map((rarity, m) => {
        const { name, weight } = METHODS[m]!;
        return [name, { score: scoreOf(10 ** rarity), weight: weights[name] ?? weight }];
      }),
    ),
    consensus: agreed,
    late,
    warmingUp,
  };
}

/** The weighted share of the methods that find a point rare. */
function agreementOf(rarities: readonly number[], weights: Readonly<Record<string, number>>): number {
  let [agreeing, total] = [0, 0];
  for (const [m, rarity] of rarities.entries()) {
    const { name, weight } = METHODS[m]!;
    const own = weights[name] ?? weight;
    total += own;
    if (rarity >= AGREE_RARITY) agreeing += own;
  }
  return total === 0 ? 0 : agreeing / total;
}

/** Where a method that expects something would start to call a point anomalous by itself. */
function bandOf(
  { states }: Learned,
  readings: readonly Reading[],
  calibration: Calibration,
  sensitivity: number,
): { lo: number | null; hi: number | null } {
  for (const [m, { expected }] of readings.entries()) {
    const { name, familiar } = METHODS[m]!;
    if (expected === null || familiar === undefined) continue;
    const combined = Math.log10(statisticOf(calibration.joint, Math.log10(daysAtSensitivity(sensitivity))));
    const errors = familiar(states[m], statisticOf(calibration.methods[name]!, combined));
    if (errors !== null) return { lo: expected + errors[0], hi: expected + errors[1] };
  }
  return { lo: null, hi: null };
}
