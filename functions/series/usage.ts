import * as v from "valibot";
import { queryInteger } from "../../shared/contract/page.ts";
import { MetricKey, Usage } from "../../shared/contract/series.ts";
import { route } from "../../shared/runtime/route.ts";

export const getUsage = route({
  method: "GET",
  path: "/api/v1/usage",
  summary: "How many series there are and may be, the metrics that have the most, and, of one metric, the dimensions that make them",
  scope: "read",
  input: v.strictObject({ metricKey: v.optional(MetricKey), limit: v.optional(queryInteger(1, 1_000), "20") }),
  output: Usage,
  problems: [],

  async handle({ metricKey, limit }, { org }, { store }) {
    const { series } = store.forOrg(org);
    const { mostSeries, ...usage } = await series.cardinality(limit);
    const dimensions = metricKey === undefined ? null : await series.dimensions(metricKey, limit);
    return { ...usage, seriesLimit: mostSeries, metrics: [...usage.metrics], dimensions: dimensions && [...dimensions] };
  },
});
