import * as v from "valibot";
import { SeriesId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { Series, SeriesMetadata } from "../../shared/contract/series.ts";
import { route } from "../../shared/runtime/route.ts";

export const updateSeries = route({
  method: "PATCH",
  path: "/api/v1/series/{id}",
  summary: "Say what a series is (JSON merge patch): its kind, unit and time zone; null takes back what was said",
  scope: "admin",
  input: v.strictObject({ id: SeriesId, ...SeriesMetadata.entries }),
  output: Series,
  etag: true,
  problems: ["not-found", "precondition-failed"],

  async handle({ id, ...patch }, { org, requireMatch }, { store }) {
    const { series } = store.forOrg(org);
    for (;;) {
      const present = await series.get(id);
      if (present === null) throw notFound();
      requireMatch(present);

      const updated = { ...present, ...patch };
      if (await series.update(updated, present)) return updated;
      // Somebody else was faster: their change is looked at first.
    }
  },
});
