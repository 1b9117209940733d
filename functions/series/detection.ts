import * as v from "valibot";
import { DetectionState } from "../../shared/contract/anomaly.ts";
import { SeriesId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { isoTimeOrNull } from "../../shared/contract/time.ts";
import { progressOfRecord, warmUpOf } from "../../shared/core/detect/warm-up.ts";
import { route } from "../../shared/runtime/route.ts";

export const getSeriesDetection = route({
  method: "GET",
  path: "/api/v1/series/{id}/detection",
  summary: "Whether live detection scores a series yet, and when it will",
  scope: "read",
  input: v.strictObject({ id: SeriesId }),
  output: DetectionState,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store, clock }) {
    const { series, detection, detectionSettings } = store.forOrg(org);
    if ((await series.get(id)) === null) throw notFound();
    const [record] = await detection.states([id]);
    const { enabled } = (await detectionSettings.effective([id]))(id).settings;

    const { readyAt, state, ...progress } = warmUpOf(progressOfRecord(record!), clock.now());
    // What is not scored does not become ready.
    return { series: id, state: enabled ? state : ("off" as const), ...progress, readyAt: enabled ? isoTimeOrNull(readyAt) : null };
  },
});
