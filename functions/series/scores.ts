import { notFound } from "../../shared/contract/problem.ts";
import type { PointScore } from "../../shared/core/detect/score-point.ts";
import { seriesScores } from "../../shared/ports/series-scores.ts";
import { route } from "../../shared/runtime/route.ts";
import { Scores, ScoresQuery } from "./contract.ts";
import { readPage, windowFrom } from "./page-of-points.ts";

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
    const scores = [...(await seriesScores(tenant, series, points, { from: window.from, sensitivity }))];
    if (order === "desc") scores.reverse();
    return { series: id, ...columnsOf(scores), nextCursor };
  },
});

const columnsOf = (scores: readonly PointScore[]): Omit<Scores, "series" | "nextCursor"> => ({
  timestamps: scores.map(({ timestamp }) => timestamp),
  values: scores.map(({ value }) => value),
  scores: scores.map(({ score, severity }) => (severity === null ? null : score)),
  expected: scores.map(({ expected, severity }) => (severity === null ? null : expected)),
  lo: scores.map(({ lo }) => lo),
  hi: scores.map(({ hi }) => hi),
  anomalous: scores.map(({ anomalous }) => (anomalous ? 1 : 0)),
});
