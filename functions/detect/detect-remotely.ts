import type { Detection } from "../../shared/contract/anomaly.ts";
import type { EffectiveSettings } from "../../shared/contract/detection-settings.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";
import { contextAround } from "../../shared/core/detect/context.ts";
import { explain } from "../../shared/core/detect/explanation.ts";
import { levelAt, regularFrom } from "../../shared/core/detect/remote-level.ts";
import { isWanted } from "../../shared/core/detect/score-point.ts";
import { daysAtSensitivity, scoreOf, severityOf } from "../../shared/core/detect/severity.ts";
import { inferFrequency } from "../../shared/core/forecast/frequency.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import type { Forecasters } from "../../shared/ports/forecasters.ts";
import type { PointColumns } from "../../shared/ports/points.ts";
import { refuseTooMany } from "./answer-size.ts";

interface Asked {
  readonly points: PointColumns;
  /** What came before them: the backend begins with these, as far back as none is missing. */
  readonly before: PointColumns;
  readonly settings: Pick<EffectiveSettings, "sensitivity" | "direction" | "minAbsolute" | "minRelative">;
  /** Points of context on either side. */
  readonly context: number;
  /** They are a counter's rates. */
  readonly perSecond: boolean;
}

const METHOD = "timegpt";
/** One point by itself says nothing. */
const LEAST_POINTS = 2;

/**
 * Has TimeGPT find the anomalies of some points. It says whether a point is one, not how rare: score and severity are those of the rarity that the sensitivity asks for.
 *
 * @throws Problem backend-unavailable, series-too-short, validation-failed where points are missing, unavailable when it does not answer.
 */
export async function detectRemotely(
  { points, before, settings, context, perSecond }: Asked,
  forecasters: Forecasters,
): Promise<Detection> {
  const n = points.timestamps.length;
  const { observations, frequencyMs } = regularOf(points, before);
  const level = levelAt(settings.sensitivity, frequencyMs);
  const found = await forecasters.detect(METHOD, observations, { frequencyMs, level }).catch(tellWhy);
  const days = daysAtSensitivity(settings.sensitivity);
  const score = scoreOf(days);
  const severity = severityOf(days, { consensus: false, effect: null, warmingUp: false });

  /** What was answered of a row; null of those that it begins with. */
  const rowOf = (column: Float64Array, index: number): number | null => column[column.length - n + index] ?? null;
  const scores: number[] = [];
  const anomalies: Detection["anomalies"] = [];
  for (const [index, value] of points.values.entries()) {
    const expected = rowOf(found.expected, index);
    const isOutside = found.anomalous[found.anomalous.length - n + index] === 1;
    const isAnomalous = expected !== null && isOutside && isWanted(value - expected, expected, settings);
    scores.push(isAnomalous ? score : 0);
    if (!isAnomalous) continue;
    refuseTooMany(anomalies.length + 1, context, points);
    const methods = { [METHOD]: { score, weight: 1 } };
    const band = { lo: rowOf(found.lo, index), hi: rowOf(found.hi, index) };
    const finding = { value, expected, ...band, daysPerFalseAlarm: null, goesOn: false, perSecond, methods };
    anomalies.push({
      index,
      timestamp: points.timestamps[index]!,
      ...finding,
      score,
      severity,
      late: false,
      direction: value > expected ? "above" : value < expected ? "below" : null,
      explanation: explain(finding),
      consensus: 1,
      context: context === 0 ? null : contextAround(points, index, context),
    });
  }
  const column = (of: Float64Array) => Array.from({ length: n }, (_, index) => rowOf(of, index));
  return {
    timestamps: [...points.timestamps],
    values: [...points.values],
    scores,
    expected: column(found.expected),
    lo: column(found.lo),
    hi: column(found.hi),
    late: Array.from({ length: n }, () => 0 as const),
    warmingUp: null,
    anomalies,
  };
}

/** No other backend steps in, so that whoever asked is told why. */
function tellWhy(error: unknown): never {
  throw error instanceof Unavailable ? new Problem("unavailable", error.message, { cause: error }) : error;
}

/** The points, and those before them that they follow on without a gap. */
function regularOf(points: PointColumns, before: PointColumns): { observations: PointColumns; frequencyMs: number } {
  const joined = joinPoints(before, points);
  const { timestamps, values } = joined;
  const frequencyMs = inferFrequency(timestamps);
  if (points.timestamps.length === 0 || frequencyMs === null) {
    const got = points.timestamps.length === 0 ? 0 : timestamps.length;
    throw new Problem("series-too-short", `${LEAST_POINTS} points are needed, and there are ${got}.`, {
      members: { needed: LEAST_POINTS, got },
    });
  }
  const from = regularFrom(timestamps, frequencyMs);
  const first = before.timestamps.length;
  if (from <= first) return { observations: { timestamps: timestamps.subarray(from), values: values.subarray(from) }, frequencyMs };
  const [last, next] = [timestamps[from - 1]!, timestamps[from]!];
  const message = `TimeGPT takes points that are equally spaced, without gaps: after ${isoTime(last)} comes ${isoTime(next)}, not one ${formatDuration(frequencyMs)} later`;
  throw new Problem("validation-failed", `${message}.`, { errors: [{ path: "backend", message }] });
}
