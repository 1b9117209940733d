import { LATEST_MS } from "../../contract/time.ts";
import type { DetectorState } from "./detector.ts";
import { cadenceOf, pointsLearned, SPACINGS, WARM_UP_POINTS } from "./learned.ts";
import type { Learned } from "./learned.ts";
import { SETTLED_POINTS } from "./score-point.ts";
import { isOfAnotherKind } from "./series-detection.ts";
import type { DetectorRecord } from "./series-detection.ts";
import { decodeState } from "./state-codec.ts";

/** How far a detector has come. */
export interface DetectorProgress {
  /** Learned, or waiting to be. */
  readonly points: number;
  /** Timestamp of the newest of them, Unix ms; null before the first. */
  readonly newest: number | null;
  /** The learned time between them, ms; null until there is one. */
  readonly cadence: number | null;
}

/** What is still missing. */
export interface WarmUp {
  /** There is no score yet; severity is capped at medium; neither. */
  readonly state: "warming-up" | "settling" | "ready";
  readonly points: number;
  /** Until the next state; 0 in the last. */
  readonly pointsLeft: number;
  /** When the last of these comes, Unix ms, if they come at the learned cadence; null where none is missing, while that is not known, and beyond the year 9999. */
  readonly readyAt: number | null;
}

const UNKNOWN: DetectorProgress = { points: 0, newest: null, cadence: null };

/**
 * How the next point of a series will be scored, and what is missing until it is scored better.
 * @param now - Unix ms: what is missing comes from then on. Without it, right after what came.
 */
export function warmUpOf({ points, newest, cadence }: DetectorProgress, now = -Infinity): WarmUp {
  if (points >= SETTLED_POINTS) return { state: "ready", points, pointsLeft: 0, readyAt: null };
  const [state, needed] = points < WARM_UP_POINTS ? (["warming-up", WARM_UP_POINTS] as const) : (["settling", SETTLED_POINTS] as const);
  const pointsLeft = needed - points;
  const readyAt = newest === null || cadence === null ? null : Math.max(newest + cadence, now) + (pointsLeft - 1) * cadence;
  return { state, points, pointsLeft, readyAt: readyAt === null || readyAt > LATEST_MS ? null : readyAt };
}

/** How far a detector has come. */
export const progressOf = ({ learned, waiting, newest }: DetectorState): DetectorProgress => ({
  points: pointsLearned(learned) + waiting.length,
  newest: newest < 0 ? null : newest,
  cadence: learned.cadence ?? cadenceWith(learned, waiting),
});

/** The cadence by the points that wait too: the first points of a series wait for it. */
function cadenceWith({ n, learnedTo, spacings, spacingCount }: Learned, waiting: DetectorState["waiting"]): number | null {
  const times = [...(n === 0 ? [] : [learnedTo]), ...waiting.map(({ timestamp }) => timestamp)];
  const all = [...spacings.subarray(0, spacingCount), ...times.slice(1).map((time, row) => time - times[row]!)];
  return cadenceOf({ spacings: Float32Array.from(all.slice(-SPACINGS)), spacingCount: all.length });
}

/** How far live detection has come with a series: nowhere where it will learn it anew, because its state is of no use. */
export function progressOfRecord(record: DetectorRecord): DetectorProgress {
  if (record.state.length === 0 || isOfAnotherKind(record)) return UNKNOWN;
  const decoded = decodeState(record.state);
  return decoded.ok ? progressOf(decoded.value) : UNKNOWN;
}
