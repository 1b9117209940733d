import type { Series } from "../contract/series.ts";
import { WARM_UP_POINTS } from "../core/detect/on-demand.ts";
import { readable, replay } from "../core/detect/replay.ts";
import type { Checkpoint, DecodedCheckpoint } from "../core/detect/replay.ts";
import type { PointScore } from "../core/detect/score-point.ts";
import { inTurns } from "../core/in-turns.ts";
import { joinPoints } from "../core/series/merge.ts";
import { hasRate } from "../core/series/rate.ts";
import type { PointColumns, PointReader } from "./points.ts";
import type { OrgStore } from "./store.ts";

/** A window that begins more points than this after the newest kept detector is warmed up for as one without. */
const MOST_REPLAYED = 20_000;

/**
 * What live detection says of points of a series, with the band around what was expected.
 *
 * @param points - Of its levels, ascending, without one left out.
 * @param options.from - Unix ms: where they begin, if there are none.
 * @param options.sensitivity - Of the band; that of the series' settings if none is given.
 * @returns One score a point.
 */
export async function seriesScores(
  tenant: Pick<OrgStore, "points" | "detection" | "detectionSettings" | "verdicts">,
  { id, kind }: Pick<Series, "id" | "kind">,
  points: PointColumns,
  { from, sensitivity }: { readonly from: number; readonly sensitivity?: number | undefined },
): Promise<readonly PointScore[]> {
  const first = points.timestamps[0] ?? from;
  const kept = await tenant.detection.checkpoints(id, { before: points.timestamps.at(-1) ?? first, isRate: hasRate(kind) });
  const { before, checkpoints } = await beginning(tenant.points.levels(kind), id, { first, kept });
  const { scoring } = (await tenant.detectionSettings.effective([id]))(id);
  const verdicts = (await tenant.verdicts.ofSeries([id])).get(id) ?? [];
  const options = { scoring: { ...scoring, sensitivity: sensitivity ?? scoring.sensitivity, band: true }, verdicts };
  return (await inTurns(replay(joinPoints(before, points), checkpoints, options))).slice(before.timestamps.length);
}

/** What comes before a window, and the detectors to score both with: from the newest one that was kept before it, or from some thousand points before. */
async function beginning(
  points: PointReader,
  series: Series["id"],
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
