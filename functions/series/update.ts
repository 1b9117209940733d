import * as v from "valibot";
import { SeriesId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { Series, SeriesMetadata } from "../../shared/contract/series.ts";
import type { SeriesKind } from "../../shared/contract/series.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import { route } from "../../shared/runtime/route.ts";

export const updateSeries = route({
  method: "PATCH",
  path: "/api/v1/series/{id}",
  summary:
    "Say what a series is (JSON merge patch): its kind, unit and time zone; null takes back what was said; read as another kind it is learned anew",
  scope: "admin",
  input: v.strictObject({ id: SeriesId, ...SeriesMetadata.entries }),
  output: Series,
  etag: true,
  problems: ["not-found", "precondition-failed"],

  async handle({ id, ...patch }, { org, requireMatch }, { store, clock }) {
    const { series, detection } = store.forOrg(org);
    for (;;) {
      const present = await series.get(id);
      if (present === null) throw notFound();
      requireMatch(present);

      const updated = { ...present, ...patch };
      if (await series.update(updated, present)) {
        if (readAs(updated) !== readAs(present)) await detection.requestRelearn([id], clock.now());
        return updated;
      }
      // Somebody else was faster: their change is looked at first.
    }
  },
});

/** A series is scored by its rates, of one kind or another, or by its values. */
const readAs = ({ kind }: Series): SeriesKind | null => (hasRate(kind) ? kind : null);
