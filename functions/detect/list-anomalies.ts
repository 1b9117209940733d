import * as v from "valibot";
import { Anomaly, AnomalySeverity, AnomalyVerdict } from "../../shared/contract/anomaly.ts";
import { SeriesId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { MetricKey } from "../../shared/contract/series.ts";
import { QueryTime } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";

const QueryBoolean = v.pipe(
  v.picklist(["true", "false"]),
  v.transform((text) => text === "true"),
);

export const listAnomalies = route({
  method: "GET",
  path: "/api/v1/anomalies",
  summary: "List the anomalies that live detection found, newest first",
  scope: "read",
  input: v.strictObject({
    series: v.optional(SeriesId),
    metricKey: v.optional(MetricKey),
    from: v.optional(QueryTime),
    to: v.optional(QueryTime),
    minSeverity: v.optional(AnomalySeverity),
    historical: v.optional(QueryBoolean),
    feedback: v.optional(v.picklist([...AnomalyVerdict.options, "none"])),
    ...pageQuery,
  }),
  output: page(Anomaly),
  problems: [],

  handle: ({ limit, cursor, ...filter }, { org }, { store }) => store.forOrg(org).anomalies.list(filter, { limit, cursor }),
});
