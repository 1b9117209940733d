import { Detection, DetectionRequest } from "../../shared/contract/anomaly.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { isoTimeOrNull } from "../../shared/contract/time.ts";
import { contextAround } from "../../shared/core/detect/context.ts";
import { createDetector } from "../../shared/core/detect/detector.ts";
import type { DetectorState } from "../../shared/core/detect/detector.ts";
import type { PointScore } from "../../shared/core/detect/score-point.ts";
import { DEFAULT_SETTINGS, scoringOf, unknownWeights } from "../../shared/core/detect/effective-settings.ts";
import { explain } from "../../shared/core/detect/explanation.ts";
import { scoreParts, WARM_UP_POINTS } from "../../shared/core/detect/on-demand.ts";
import { progressOf, warmUpOf } from "../../shared/core/detect/warm-up.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import type { PointColumns } from "../../shared/ports/points.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { route } from "../../shared/runtime/route.ts";
import { refuseTooMany } from "./answer-size.ts";
import { detectRemotely } from "./detect-remotely.ts";

const MOST_POINTS = 100_000;
/** A window without a start is so long. */
const NEWEST_POINTS = 10_000;

export const createDetection = route({
  method: "POST",
  path: "/api/v1/detections",
  summary: "Score the points of a stored series, or points that come with the request, as live detection would",
  scope: "read",
  input: DetectionRequest,
  output: Detection,
  problems: ["not-found", "series-too-short", "backend-unavailable"],

  async handle(request, { org }, { store, clock, forecasters }) {
    const { series: _series, from: _from, to: _to, input, context, backend, ...said } = request;
    const wrong = unknownWeights(said.weights ?? {}, "weights");
    if (wrong.length > 0) throw invalid(wrong);
    const tenant = store.forOrg(org);
    const stored = input === undefined ? await readWindow(tenant, request, clock.now()) : null;
    const points = stored?.points ?? columnsOf(input!);
    const settings =
      stored === null ? DEFAULT_SETTINGS : (await tenant.detectionSettings.effective([stored.series]))(stored.series).settings;
    const named = stored === null ? {} : { series: stored.series };
    if (backend === "timegpt") {
      const asked = {
        points,
        before: stored?.before ?? NONE,
        settings: { ...settings, ...said },
        context,
        perSecond: stored?.perSecond ?? false,
      };
      return { ...named, ...(await detectRemotely(asked, forecasters)) };
    }
    const verdicts = stored === null ? undefined : (await tenant.verdicts.ofSeries([stored.series])).get(stored.series);
    const options = { ...scoringOf({ ...settings, ...said }), verdicts, band: true };

    const detector = createDetector(options);
    if (stored !== null) await inTurns(scoreParts(detector, stored.before, options));
    const scores = await inTurns(scoreParts(detector, points, options));
    return {
      ...named,
      timestamps: [...points.timestamps],
      values: [...points.values],
      scores: scores.map(({ score }) => score),
      expected: scores.map(({ expected }) => expected),
      lo: scores.map(({ lo }) => lo),
      hi: scores.map(({ hi }) => hi),
      late: scores.map(({ late }) => (late ? 1 : 0)),
      warmingUp: warmUpAfter(detector),
      anomalies: anomaliesOf(scores, points, { k: context, perSecond: stored?.perSecond ?? false }),
    };
  },
});

const NONE: PointColumns = { timestamps: new Float64Array(), values: new Float64Array() };

const columnsOf = ({ timestamps, values }: { timestamps: number[]; values: number[] }): PointColumns => ({
  timestamps: Float64Array.from(timestamps),
  values: Float64Array.from(values),
});

/** The points asked for, and those before them; of a counter its rates. Points ahead of now are left out unless they are asked for. */
async function readWindow({ series, points }: OrgStore, { series: reference, from, to }: DetectionRequest, now: number) {
  // The contract asks for a series where there is no input.
  const asked = reference!;
  const id = typeof asked === "string" ? asked : series.idOf(asked.metricKey, asked.dimensions);
  const stored = await series.get(id);
  if (stored === null) throw notFound();
  const levels = points.levels(stored.kind);
  const perSecond = hasRate(stored.kind);

  const end = to ?? Math.max(now + 1, (from ?? 0) + 1);
  if (from === undefined) {
    const newest = await levels.newest(id, { before: end, limit: NEWEST_POINTS + WARM_UP_POINTS });
    const start = Math.max(0, newest.timestamps.length - NEWEST_POINTS);
    return { series: id, perSecond, points: rowsOf(newest, start, Infinity), before: rowsOf(newest, 0, start) };
  }
  const window = await levels.read(id, { from, to: end, limit: MOST_POINTS + 1, order: "asc" });
  if (window.timestamps.length > MOST_POINTS) {
    throw invalid([{ path: "to", message: `Expected a window of at most ${MOST_POINTS} points` }]);
  }
  return { series: id, perSecond, points: window, before: await levels.newest(id, { before: from, limit: WARM_UP_POINTS }) };
}

const rowsOf = ({ timestamps, values }: PointColumns, start: number, end: number): PointColumns => ({
  timestamps: timestamps.subarray(start, end),
  values: values.subarray(start, end),
});

function warmUpAfter(detector: DetectorState): Detection["warmingUp"] {
  const { state, readyAt, ...progress } = warmUpOf(progressOf(detector));
  return state === "ready" ? null : { state, ...progress, readyAt: isoTimeOrNull(readyAt) };
}

function anomaliesOf(
  scores: readonly PointScore[],
  points: PointColumns,
  { k, perSecond }: { k: number; perSecond: boolean },
): Detection["anomalies"] {
  refuseTooMany(scores.filter(({ anomalous }) => anomalous).length, k, points);
  return scores.flatMap((found, index) => {
    const {
      timestamp,
      value,
      expected,
      lo,
      hi,
      score,
      anomalous,
      severity,
      direction,
      daysPerFalseAlarm,
      goesOn,
      late,
      methods,
      consensus,
    } = found;
    if (!anomalous || severity === null) return [];
    const finding = {
      value,
      expected,
      lo,
      hi,
      score,
      severity,
      direction,
      daysPerFalseAlarm,
      goesOn,
      perSecond,
      late,
      methods: { ...methods },
      explanation: explain({ ...found, perSecond }),
    };
    return [{ index, timestamp, ...finding, consensus, context: k === 0 ? null : contextAround(points, index, k) }];
  });
}
