import type { SeriesId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import type { PointScore } from "../../shared/core/detect/score-point.ts";
import { WARM_UP_POINTS } from "../../shared/core/detect/on-demand.ts";
import { readable, replay } from "../../shared/core/detect/replay.ts";
import type { Checkpoint, DecodedCheckpoint } from "../../shared/core/detect/replay.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import type { PointColumns, PointReader } from "../../shared/ports/points.ts";
import { route } from "../../shared/runtime/route.ts";
import { Scores, ScoresQuery } from "./contract.ts";
import { readPage, windowFrom } from "./page-of-points.ts";

/** A window that begins more points than this after the newest kept detector is warmed up for as one without. */
const MOST_REPLAYED = 20_000;

export const readScores = route({
  method: "GET",
  path: "/api/v1/series/{id}/scores",
  summary: "Read how anomalous the points of a series are, with what was expected and the band around it, as columns for charts",
  scope: "read",
  input: ScoresQuery,
  output: Scores,
  etag: true,
  problems: ["not-found"],

  async handle({ id, from = 0, to = Infinity, sensitivity, limit, order, cursor }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const series = await tenant.series.get(id);
    if (series === null) throw notFound();
    // What is ahead of now is not scored yet.
    const window = windowFrom(cursor, { from, to: Math.min(to, clock.now() + 1), limit, order });
    const levels = tenant.points.levels(series.kind);
    const { nextCursor, ...points } = await readPage(levels, id, window);
    const first = points.timestamps[0] ?? window.from;

    const isRate = hasRate(series.kind);
    const kept = await tenant.detection.checkpoints(id, { before: points.timestamps.at(-1) ?? first, isRate });
    const { before, checkpoints } = await beginning(levels, id, { first, kept });
    const { scoring } = (await tenant.detectionSettings.effective([id]))(id);
    const verdicts = (await tenant.verdicts.ofSeries([id])).get(id) ?? [];
    const options = { scoring: { ...scoring, sensitivity: sensitivity ?? scoring.sensitivity, band: true }, verdicts };
    const scores = (await inTurns(replay(joinPoints(before, points), checkpoints, options))).slice(before.timestamps.length);
    if (order === "desc") scores.reverse();
    return { series: id, ...columnsOf(scores), nextCursor };
  },
});

/** What comes before a window, and the detectors to score both with: from the newest one that was kept before it, or from some thousand points before. */
async function beginning(
  points: PointReader,
  series: SeriesId,
  { first, kept }: { readonly first: number; readonly kept: readonly Checkpoint[] },
): Promise<{ readonly before: PointColumns; readonly checkpoints: readonly DecodedCheckpoint[] }> {
  const checkpoints = readable(kept);
  const start = checkpoints.findLastIndex(({ at }) => at < first);
  if (start >= 0) {
    const window = { from: checkpoints[start]!.at + 1, to: first, limit: MOST_REPLAYED + 1, order: "asc" } as const;
    const before = await points.read(series, window);
    if (before.timestamps.length <= MOST_REPLAYED) return { before, checkpoints: checkpoints.slice(start) };
  }
  return { before: await points.newest(series, { before: first, limit: WARM_UP_POINTS }), checkpoints: checkpoints.slice(start + 1) };
}

const columnsOf = (scores: readonly PointScore[]): Omit<Scores, "series" | "nextCursor"> => ({
  timestamps: scores.map(({ timestamp }) => timestamp),
  values: scores.map(({ value }) => value),
  scores: scores.map(({ score, severity }) => (severity === null ? null : score)),
  expected: scores.map(({ expected, severity }) => (severity === null ? null : expected)),
  lo: scores.map(({ lo }) => lo),
  hi: scores.map(({ hi }) => hi),
  anomalous: scores.map(({ anomalous }) => (anomalous ? 1 : 0)),
});
