import { page } from "../../shared/contract/page.ts";
import { Series } from "../../shared/contract/series.ts";
import { route } from "../../shared/runtime/route.ts";
import { ListSeriesQuery } from "./contract.ts";

export const listSeries = route({
  method: "GET",
  path: "/api/v1/series",
  summary: "List series, by metric and matchers over their dimensions",
  scope: "read",
  input: ListSeriesQuery,
  output: page(Series),
  etag: true,
  problems: [],

  handle: ({ metricKey, match = [], limit, cursor }, { org }, { store }) =>
    store.forOrg(org).series.list({ metricKey, matchers: match }, { limit, cursor }),
});
