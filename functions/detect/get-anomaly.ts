import * as v from "valibot";
import { AnomalyInContext } from "../../shared/contract/anomaly.ts";
import type { Anomaly } from "../../shared/contract/anomaly.ts";
import { AnomalyId } from "../../shared/contract/ids.ts";
import { queryInteger } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { contextAround } from "../../shared/core/detect/context.ts";
import type { PointContext } from "../../shared/core/detect/context.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { route } from "../../shared/runtime/route.ts";

export const getAnomaly = route({
  method: "GET",
  path: "/api/v1/anomalies/{id}",
  summary: "Read an anomaly, with the stored points around it",
  scope: "read",
  input: v.strictObject({ id: AnomalyId, context: v.optional(queryInteger(0, 500), "24") }),
  output: AnomalyInContext,
  etag: true,
  problems: ["not-found"],

  async handle({ id, context }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const anomaly = await tenant.anomalies.get(id);
    if (anomaly === null) throw notFound();
    return { ...anomaly, context: context === 0 ? null : await contextOf(anomaly, context, tenant, clock.now()) };
  },
});

/** The k stored points before and after an anomaly, up to now; of a counter its rates. */
async function contextOf(
  { series: id, timestamp }: Anomaly,
  k: number,
  { series, points }: OrgStore,
  now: number,
): Promise<PointContext | null> {
  const at = Date.parse(timestamp);
  const stored = await series.get(id);
  const levels = points.levels(stored?.kind ?? null);
  const before = await levels.read(id, { from: 0, to: at, limit: k, order: "desc" });
  const after = await levels.read(id, { from: at, to: Math.max(now, at) + 1, limit: k + 1, order: "asc" });
  return after.timestamps[0] === at ? contextAround(joinPoints(before, after), before.timestamps.length, k) : null;
}
