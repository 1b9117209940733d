import * as v from "valibot";
import { Anomaly } from "../../shared/contract/anomaly.ts";
import { AnomalyId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const getAnomaly = route({
  method: "GET",
  path: "/api/v1/anomalies/{id}",
  summary: "Read an anomaly",
  scope: "read",
  input: v.strictObject({ id: AnomalyId }),
  output: Anomaly,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const anomaly = await store.forOrg(org).anomalies.get(id);
    if (anomaly === null) throw notFound();
    return anomaly;
  },
});
