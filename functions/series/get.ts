import * as v from "valibot";
import { SeriesId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { Series } from "../../shared/contract/series.ts";
import { route } from "../../shared/runtime/route.ts";

export const getSeries = route({
  method: "GET",
  path: "/api/v1/series/{id}",
  summary: "Read a series",
  scope: "read",
  input: v.strictObject({ id: SeriesId }),
  output: Series,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const series = await store.forOrg(org).series.get(id);
    if (series === null) throw notFound();
    return series;
  },
});
