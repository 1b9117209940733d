import type { Evidence } from "../../contract/alert.ts";
import type { Aggregate } from "../../contract/series.ts";
import { Aggregate as AggregateSchema } from "../../contract/series.ts";
import { isSeries } from "../alert/alert-record.ts";
import type { AlertRecord } from "../alert/alert-record.ts";
import type { Episode } from "../alert/step.ts";
import { readable } from "../detect/explanation.ts";
import type { PointScore } from "../detect/score-point.ts";
import { aggregateValues } from "../series/aggregate.ts";
import { within } from "../series/merge.ts";
import { comparedWith, numberOf } from "./evidence-lines.ts";
import { oneLine, seriesText } from "./plain-text.ts";
import { minuteText } from "./time-ticks.ts";

/** Columns of a drawn line, Unix ms, ascending; null breaks it. */
export interface ChartLine {
  readonly timestamps: readonly number[];
  readonly values: readonly (number | null)[];
}

/** What was expected of each point, and the range around it; nulls where that is not known. */
export interface ChartBand {
  readonly timestamps: readonly number[];
  readonly lo: readonly (number | null)[];
  readonly hi: readonly (number | null)[];
  readonly expected: readonly (number | null)[];
}

/** A level that the line is compared with. `isAbove`: there is more room for its text above than below it. */
export interface ChartLimit {
  readonly kind: "threshold" | "recover";
  readonly value: number;
  readonly text: string;
  readonly isAbove: boolean;
}

/** What a picture of an alert shows; how it looks is the renderer's affair. Times in Unix ms, texts without control characters. */
export interface AlertChart {
  readonly title: string;
  /** The series. */
  readonly caption: string;
  /** When it fired and ended. */
  readonly note: string;
  /** What the line is. */
  readonly lineText: string;
  /** Whose clock the axis shows, IANA. */
  readonly timezone: string;
  readonly from: number;
  readonly to: number;
  readonly line: ChartLine;
  /** The points behind a line of aggregates of the same scale. */
  readonly raw: ChartLine | null;
  readonly band: ChartBand | null;
  readonly limits: readonly ChartLimit[];
  readonly episode: Pick<Episode, "pendingAt" | "startedAt" | "resolvedAt">;
  readonly severity: Episode["severity"];
  /** The point that made it fire, where it is on the line. */
  readonly fired: { readonly at: number; readonly value: number } | null;
}

/** Ascending columns. */
interface Points {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A line has so many stretches at most, of each its lowest and its highest point. */
const STRETCHES = 240;
/** Evaluations of an aggregate that are drawn. */
const MOST_EVALUATIONS = 300;
/** The line breaks where points are further apart than so many of the usual distances. */
const GAP = 4;
/** Values beyond it leave no room for an axis. */
const LARGEST = 1e300;
/** Aggregates on the scale of the values themselves. */
const OF_SCALE: readonly Aggregate[] = ["avg", "min", "max", "last", "p50", "p75", "p90", "p95", "p99"];
/** Kinds of evidence whose threshold is a level of the series. */
const LEVEL_KINDS: readonly unknown[] = ["threshold", "forecast"];

/**
 * The window that tells of an episode: its whole, enough before it to see what is usual, and a little after it.
 *
 * @param cadence - Between two points, ms; null where that is not known.
 * @param now - Unix ms; nothing later is shown, but for some room after an episode that has just ended.
 * @returns Unix ms, `to` inclusive.
 */
export function chartWindow(
  { pendingAt, resolvedAt, evidence }: Pick<Episode, "pendingAt" | "resolvedAt" | "evidence">,
  cadence: number | null,
  now: number,
): { readonly from: number; readonly to: number } {
  const end = Math.min(now, resolvedAt ?? now);
  const wanted = Math.max(60 * (cadence ?? MINUTE_MS), 1.5 * (end - pendingAt), 3 * (numberOf(evidence["window"]) ?? 0));
  const lead = Math.min(Math.max(wanted, HOUR_MS), 7 * DAY_MS);
  const to = resolvedAt === null ? Math.max(now, pendingAt + MINUTE_MS) : Math.min(Math.max(now, end + lead / 6), end + lead / 3);
  return { from: Math.floor(pendingAt - lead), to: Math.ceil(to) };
}

/**
 * The chart of an alert.
 *
 * @param known.points - Of its series, or of all of its group: the window's, and those before it that its aggregate looks back to.
 * @param known.scores - What detection says of the window's points; empty where that is not asked, or not known.
 * @param known.isThinned - Each point stands for a stretch of time already, as text: `hourly max`.
 */
export function alertChart(
  { episode, ruleName, series }: Pick<AlertRecord, "episode" | "ruleName" | "series">,
  known: {
    readonly window: { readonly from: number; readonly to: number };
    readonly points: Points;
    readonly scores: readonly PointScore[];
    readonly unit: string | null;
    readonly timezone: string | null;
    readonly isThinned: string | null;
  },
): AlertChart {
  const { evidence, severity, pendingAt, startedAt, resolvedAt } = episode;
  const { from, to } = known.window;
  const timezone = known.timezone ?? "UTC";
  const shown = within(drawable(known.points), from, to + 1);
  const aggregated = known.isThinned === null ? aggregateLine(evidence, drawable(known.points), known.window) : null;
  const line = aggregated?.line ?? shown;
  const unit = known.unit === null ? "" : `, in ${oneLine(known.unit)}`;
  return {
    title: drawnText(`${severity === "critical" ? "Critical" : "Warning"}: ${ruleName}`),
    caption: drawnText(seriesText(series)),
    note: noteOf(episode, timezone),
    lineText: drawnText(`${known.isThinned ?? aggregated?.text ?? "value"}${unit}`),
    timezone,
    from,
    to,
    line: drawnLine(line),
    raw: aggregated?.ofScale === true && isSeries(series) ? drawnLine(shown) : null,
    band: bandOf(known.scores, known.window),
    limits: limitsOf(evidence),
    episode: { pendingAt, startedAt, resolvedAt },
    severity,
    fired: firedPoint(line, evidence, startedAt),
  };
}

function noteOf({ startedAt, resolvedAt }: Episode, timezone: string): string {
  const fired = minuteText(startedAt, timezone);
  if (resolvedAt === null) return `Fired ${fired}`;
  const [firedOn] = fired.split(", ");
  const ended = minuteText(resolvedAt, timezone);
  const [endedOn, endedAt] = ended.split(", ");
  return `Fired ${fired}, ended ${endedOn === firedOn ? endedAt! : ended}`;
}

/** The levels that evidence names, each with its text on the side where the other is not. */
function limitsOf(evidence: Evidence): ChartLimit[] {
  const compared = LEVEL_KINDS.includes(evidence["kind"]) ? comparedWith(evidence) : null;
  if (compared === null) return [];
  const { threshold, recover, how } = compared;
  const isAbove = recover === null || recover <= threshold;
  const limits: ChartLimit[] = [{ kind: "threshold", value: threshold, text: `alerts ${how} ${readable(threshold)}`, isAbove }];
  if (recover !== null && recover !== threshold) {
    limits.push({ kind: "recover", value: recover, text: `recovers at ${readable(recover)}`, isAbove: !isAbove });
  }
  return limits.filter(({ value }) => Math.abs(value) <= LARGEST);
}

/** The aggregate that a rule compares, over the window before each time; null where it is the newest point by itself. */
function aggregateLine(
  evidence: Evidence,
  points: Points,
  { from, to }: { readonly from: number; readonly to: number },
): { readonly line: Points; readonly text: string; readonly ofScale: boolean } | null {
  const { aggregate } = evidence;
  const size = numberOf(evidence["window"]);
  if (evidence["kind"] !== "threshold" || !isAggregate(aggregate) || aggregate === "last" || size === null || size <= 0) return null;
  // Series that are looked at together have points of the same time.
  const inWindow = within(points, from, to + 1).timestamps.filter((at, row, all) => at !== all[row - 1]);
  const every = Math.max(1, Math.ceil(inWindow.length / MOST_EVALUATIONS));
  const timestamps = inWindow.filter((_, row) => row % every === 0 || row === inWindow.length - 1);
  const values = timestamps.map((at) => aggregateValues(within(points, at - size + 1, at + 1).values, aggregate));
  return { line: drawable({ timestamps, values }), text: comparedWith(evidence)?.what ?? aggregate, ofScale: OF_SCALE.includes(aggregate) };
}

/** Where on the line the alert fired: at the point that it rests on, or the newest one by then. */
function firedPoint({ timestamps, values }: Points, evidence: Evidence, startedAt: number): AlertChart["fired"] {
  const at = numberOf(evidence["timestamp"]) ?? numberOf(evidence["lastPointAt"]) ?? startedAt;
  const row = timestamps.findLastIndex((timestamp) => timestamp <= at);
  return row < 0 || evidence["kind"] === "no_data" ? null : { at: timestamps[row]!, value: values[row]! };
}

/** What can be drawn: finite values that leave room for an axis. */
function drawable({ timestamps, values }: Points): Points {
  const isDrawn = (row: number) => Math.abs(values[row]!) <= LARGEST;
  if (values.every((_, row) => isDrawn(row))) return { timestamps, values };
  return { timestamps: timestamps.filter((_, row) => isDrawn(row)), values: values.filter((_, row) => isDrawn(row)) };
}

/** A line of not too many points that still has every extreme, broken where points are missing. */
function drawnLine({ timestamps, values }: Points): ChartLine {
  const usual = usualDistance(timestamps);
  const stretch = Math.max(1, ((timestamps.at(-1) ?? 0) - (timestamps[0] ?? 0)) / STRETCHES);
  const drawn: { timestamps: number[]; values: (number | null)[] } = { timestamps: [], values: [] };
  let row = 0;
  while (row < timestamps.length) {
    if (row > 0 && timestamps[row]! - timestamps[row - 1]! > GAP * usual) {
      drawn.timestamps.push(timestamps[row - 1]! + 1);
      drawn.values.push(null);
    }
    let [end, least, most] = [row + 1, row, row];
    while (
      end < timestamps.length &&
      timestamps[end]! < timestamps[row]! + stretch &&
      timestamps[end]! - timestamps[end - 1]! <= GAP * usual
    ) {
      if (values[end]! < values[least]!) least = end;
      if (values[end]! > values[most]!) most = end;
      end += 1;
    }
    for (const kept of new Set([row, Math.min(least, most), Math.max(least, most), end - 1])) {
      drawn.timestamps.push(timestamps[kept]!);
      drawn.values.push(values[kept]!);
    }
    row = end;
  }
  return drawn;
}

/** The median distance of points; infinite where there are fewer than three. */
function usualDistance(timestamps: Float64Array): number {
  if (timestamps.length < 3) return Infinity;
  const distances = timestamps.slice(1).map((timestamp, row) => timestamp - timestamps[row]!);
  return distances.toSorted()[distances.length >> 1]!;
}

function bandOf(scores: readonly PointScore[], { from, to }: { readonly from: number; readonly to: number }): ChartBand | null {
  const known = scores.filter(({ timestamp, lo, hi }) => timestamp >= from && timestamp <= to && isRange(lo, hi));
  if (known.length === 0) return null;
  const every = Math.ceil(known.length / STRETCHES);
  const kept = known.filter((_, row) => row % every === 0 || row === known.length - 1);
  return {
    timestamps: kept.map(({ timestamp }) => timestamp),
    lo: kept.map(({ lo }) => lo),
    hi: kept.map(({ hi }) => hi),
    expected: kept.map(({ expected }) => expected),
  };
}

const isRange = (lo: number | null, hi: number | null): boolean =>
  lo !== null && hi !== null && lo <= hi && lo >= -LARGEST && hi <= LARGEST;

const isAggregate = (name: unknown): name is Aggregate => (AggregateSchema.options as readonly unknown[]).includes(name);

/** One line that XML takes. */
const drawnText = (text: string): string => oneLine(text).replaceAll(/[\uFFFE\uFFFF]/g, " ");
