import * as v from "valibot";
import type { Evidence } from "../../contract/alert.ts";
import type { Aggregate } from "../../contract/series.ts";
import { Aggregate as AggregateSchema } from "../../contract/series.ts";
import { RateUnit } from "../../contract/rule.ts";
import { formatDuration } from "../../contract/time.ts";
import { isSeries } from "../alert/alert-record.ts";
import type { AlertRecord } from "../alert/alert-record.ts";
import type { KnownForecast } from "../alert/forecast-breach.ts";
import { rateOf } from "../alert/rate-of-change.ts";
import type { Episode } from "../alert/step.ts";
import { readable } from "../detect/explanation.ts";
import type { PointScore } from "../detect/score-point.ts";
import { aggregateValues } from "../series/aggregate.ts";
import { within } from "../series/merge.ts";
import { comparedWith, levelIn, numberOf, rateUnitText } from "./evidence-lines.ts";
import { oneLine, seriesText } from "./plain-text.ts";
import { clockTimeText } from "./time-ticks.ts";

/** Columns of a drawn line, Unix ms, ascending; null breaks it. */
export interface ChartLine {
  readonly timestamps: readonly number[];
  readonly values: readonly (number | null)[];
}

/** What was expected of each point, and the range around it; nulls where that is not known. */
export interface ChartBand {
  /** What it is. */
  readonly text: string;
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
  /** Points of the window whose values are too large to be drawn. */
  readonly leftOut: number;
  /** The points behind a line of aggregates of the same scale. */
  readonly raw: ChartLine | null;
  readonly band: ChartBand | null;
  readonly limits: readonly ChartLimit[];
  readonly episode: Pick<Episode, "pendingAt" | "startedAt" | "resolvedAt">;
  /** Up to when it has fired: its end, or now. */
  readonly firedTo: number;
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
const DAY_MS = 24 * 60 * MINUTE_MS;
/** An episode that ended sooner is told to the second. */
const SHORT_MS = 2 * MINUTE_MS;
/** What is shown before an episode, in cadences; it is so many times what is shown after now, where nothing is forecast. */
const LEAD = 60;
/** A line has so many stretches at most, of each its lowest and its highest point. */
const STRETCHES = 240;
/** Evaluations of an aggregate that are drawn. */
const MOST_EVALUATIONS = 300;
/** The line breaks where points are further apart than so many of the usual distances. */
const GAP = 4;
/** Values beyond it leave no room for an axis. */
export const LARGEST = 1e300;
/** Aggregates on the scale of the values themselves. */
const OF_SCALE: readonly Aggregate[] = ["avg", "min", "max", "last", "p50", "p75", "p90", "p95", "p99"];
/** Kinds of evidence whose threshold is a level of the series. */
const LEVEL_KINDS: readonly unknown[] = ["threshold", "forecast"];
/** On which sides of zero a rate has the level of its rule. */
const SIDES: Readonly<Record<string, readonly number[]>> = { increase: [1], decrease: [-1], either: [1, -1] };

/**
 * The window that tells of an episode: its whole, enough before it to see what is usual, and a little after it.
 *
 * @param cadence - Between two points, ms; null where that is not known.
 * @param now - Unix ms; nothing later is shown, but for a little room and what is forecast.
 * @param forecastTo - Unix ms; null where nothing is forecast.
 * @returns Unix ms, `to` inclusive.
 */
export function chartWindow(
  { pendingAt, resolvedAt, evidence }: Pick<Episode, "pendingAt" | "resolvedAt" | "evidence">,
  cadence: number | null,
  now: number,
  forecastTo: number | null = null,
): { readonly from: number; readonly to: number } {
  const end = Math.min(now, resolvedAt ?? now);
  const [window, horizon] = [numberOf(evidence["window"]) ?? 0, numberOf(evidence["horizon"]) ?? 0];
  const wanted = Math.max(LEAD * (cadence ?? MINUTE_MS), 1.5 * (end - pendingAt), 3 * window, horizon);
  const lead = Math.min(Math.max(wanted, MINUTE_MS), 7 * DAY_MS);
  const room = lead / LEAD;
  const to =
    resolvedAt === null ? Math.max(now, pendingAt + Math.min(room, MINUTE_MS)) : Math.min(Math.max(now, end + room), end + lead / 3);
  return { from: Math.floor(pendingAt - lead), to: Math.ceil(Math.max(to, forecastTo ?? to)) };
}

/**
 * The chart of an alert.
 *
 * @param known.points - Of its series, or of all of its group: the window's, and those before it that its aggregate looks back to.
 * @param known.scores - What detection says of the window's points; empty where that is not asked, or not known.
 * @param known.forecast - What a rule on forecasts looked at; null where it is another, or that is gone.
 * @param known.isResetAware - The rule takes what falls for a counter that began anew.
 * @param known.now - Unix ms.
 * @param known.isThinned - Each point stands for a stretch of time already, as text: `hourly max`.
 */
export function alertChart(
  { episode, ruleName, series }: Pick<AlertRecord, "episode" | "ruleName" | "series">,
  known: {
    readonly window: { readonly from: number; readonly to: number };
    readonly points: Points;
    readonly scores: readonly PointScore[];
    readonly forecast: KnownForecast | null;
    readonly isResetAware: boolean;
    readonly now: number;
    readonly unit: string | null;
    readonly timezone: string | null;
    readonly isThinned: string | null;
  },
): AlertChart {
  const { evidence, severity, pendingAt, startedAt, resolvedAt } = episode;
  const { from, to } = known.window;
  const timezone = known.timezone ?? "UTC";
  const points = drawable(known.points);
  const shown = within(points, from, to + 1);
  const compared = known.isThinned === null ? comparedLine(evidence, points, known) : null;
  const line = compared?.line ?? shown;
  const state = resolvedAt !== null ? "Resolved" : severity === "critical" ? "Critical" : "Warning";
  return {
    title: drawnText(`${state}: ${ruleName}`),
    caption: drawnText(seriesText(series)),
    note: noteOf(episode, timezone),
    lineText: drawnText(`${known.isThinned ?? compared?.text ?? "value"}${unitText(known.unit, compared?.per ?? "")}`),
    timezone,
    from,
    to,
    line: drawnLine(line),
    leftOut: within(known.points, from, to + 1).values.length - shown.values.length,
    raw: compared?.ofScale === true && isSeries(series) ? drawnLine(shown) : null,
    band: known.forecast === null ? bandOf("expected", known.scores, known.window) : forecastBand(known.forecast, known.window),
    limits: limitsOf(evidence, known.isThinned !== null),
    episode: { pendingAt, startedAt, resolvedAt },
    firedTo: resolvedAt ?? Math.min(to, Math.max(known.now, startedAt)),
    severity,
    fired: firedPoint(line, evidence, startedAt),
  };
}

const unitText = (unit: string | null, per: string): string => {
  const words = `${unit === null ? "" : ` in ${oneLine(unit)}`}${per}`;
  return words === "" ? "" : `,${words}`;
};

function noteOf({ startedAt, resolvedAt }: Episode, timezone: string): string {
  const to = resolvedAt !== null && resolvedAt - startedAt < SHORT_MS ? "second" : "minute";
  const fired = clockTimeText(startedAt, timezone, to);
  if (resolvedAt === null) return `Fired ${fired}`;
  const [firedOn] = fired.split(", ");
  const ended = clockTimeText(resolvedAt, timezone, to);
  const [endedOn, endedAt] = ended.split(", ");
  return `Fired ${fired}, ended ${endedOn === firedOn ? endedAt! : ended}`;
}

/**
 * The levels that evidence names, each with its text on the side where the other is not; those of a rate on each side that its rule looks at.
 * @param isThinned - Rates are not drawn then, and neither are their levels.
 */
function limitsOf(evidence: Evidence, isThinned: boolean): ChartLimit[] {
  if (evidence["kind"] !== "rate-of-change") return LEVEL_KINDS.includes(evidence["kind"]) ? levelsOf(evidence) : [];
  if (isThinned) return [];
  const sides = SIDES[String(evidence["direction"])] ?? [1];
  const levels = levelsOf(evidence);
  const mirrored = levels.map((one) => ({
    ...one,
    value: -one.value,
    text: `${one.text} as a decrease`,
    isAbove: levels.length === 1 || !one.isAbove,
  }));
  return sides.flatMap((side) => (side > 0 ? levels : mirrored));
}

function levelsOf(evidence: Evidence): ChartLimit[] {
  const level = levelIn(evidence);
  if (level === null) return [];
  const { threshold, recover, how } = level;
  const isAbove = recover === null || recover <= threshold;
  const limits: ChartLimit[] = [{ kind: "threshold", value: threshold, text: `alerts ${how} ${readable(threshold)}`, isAbove }];
  if (recover !== null && recover !== threshold) {
    limits.push({ kind: "recover", value: recover, text: `recovers at ${readable(recover)}`, isAbove: !isAbove });
  }
  return limits.filter(({ value }) => Math.abs(value) <= LARGEST);
}

/** What a rule compares with its level, from the window of points before each time. */
interface Compared {
  readonly valueOf: (window: Points) => number;
  readonly text: string;
  /** What is added to the unit of the points, a space before it. */
  readonly per: string;
  readonly ofScale: boolean;
}

/** null where a rule compares the newest point by itself. */
function comparedBy(evidence: Evidence, size: number, isResetAware: boolean): Compared | null {
  const { kind, aggregate, unit } = evidence;
  if (kind === "rate-of-change" && v.is(RateUnit, unit)) {
    const valueOf = (window: Points) => rateOf(window, unit, isResetAware)?.value ?? NaN;
    return { valueOf, text: `change over ${formatDuration(size)}`, per: rateUnitText(evidence), ofScale: false };
  }
  if (kind !== "threshold" || !isAggregate(aggregate) || aggregate === "last") return null;
  const valueOf = ({ values }: Points) => aggregateValues(values, aggregate);
  return { valueOf, text: comparedWith(evidence)?.what ?? aggregate, per: "", ofScale: OF_SCALE.includes(aggregate) };
}

/** The line of what a rule compares; null where it is that of its points. */
function comparedLine(
  evidence: Evidence,
  points: Points,
  {
    window: { from, to },
    isResetAware,
  }: { readonly window: { readonly from: number; readonly to: number }; readonly isResetAware: boolean },
): (Compared & { readonly line: Points }) | null {
  const size = numberOf(evidence["window"]) ?? 0;
  const compared = size > 0 ? comparedBy(evidence, size, isResetAware) : null;
  if (compared === null) return null;
  // Series that are looked at together have points of the same time.
  const inWindow = within(points, from, to + 1).timestamps.filter((at, row, all) => at !== all[row - 1]);
  const every = Math.max(1, Math.ceil(inWindow.length / MOST_EVALUATIONS));
  const timestamps = inWindow.filter((_, row) => row % every === 0 || row === inWindow.length - 1);
  const values = timestamps.map((at) => compared.valueOf(within(points, at - size + 1, at + 1)));
  return { ...compared, line: drawable({ timestamps, values }) };
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
export function usualDistance(timestamps: Float64Array): number {
  if (timestamps.length < 3) return Infinity;
  const distances = timestamps.slice(1).map((timestamp, row) => timestamp - timestamps[row]!);
  return distances.toSorted()[distances.length >> 1]!;
}

/** The widest interval of a forecast, and its mean. */
function forecastBand(
  { timestamps, mean, intervals }: KnownForecast,
  window: { readonly from: number; readonly to: number },
): ChartBand | null {
  const widest = intervals.toSorted((a, b) => b.level - a.level)[0];
  const rows = timestamps.map((timestamp, step) => {
    const expected = mean[step]!;
    return { timestamp, expected, lo: widest?.lo[step] ?? expected, hi: widest?.hi[step] ?? expected };
  });
  return bandOf(widest === undefined ? "forecast" : `forecast, ${readable(widest.level)} %`, rows, window);
}

function bandOf(
  text: string,
  rows: readonly Pick<PointScore, "timestamp" | "expected" | "lo" | "hi">[],
  { from, to }: { readonly from: number; readonly to: number },
): ChartBand | null {
  const known = rows.filter(({ timestamp, lo, hi }) => timestamp >= from && timestamp <= to && isRange(lo, hi));
  if (known.length === 0) return null;
  const every = Math.ceil(known.length / STRETCHES);
  const kept = known.filter((_, row) => row % every === 0 || row === known.length - 1);
  return {
    text,
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
