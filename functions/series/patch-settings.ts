import * as v from "valibot";
import { DetectionSettings, SeriesSettings } from "../../shared/contract/detection-settings.ts";
import { SeriesId } from "../../shared/contract/ids.ts";
import { parseOrRefuse } from "../../shared/contract/problem.ts";
import { mergePatch } from "../../shared/core/merge-patch.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeSettings } from "./change-settings.ts";

export const patchSeriesSettings = route({
  method: "PATCH",
  path: "/api/v1/series/{id}/settings",
  summary: "Change some of a series' own detection settings (JSON merge patch): null takes back what was said",
  scope: "admin",
  input: v.looseObject({ id: SeriesId }),
  output: SeriesSettings,
  readOnly: ["series", "effective", "sources"],
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle({ id, ...patch }, context, { store, clock }) {
    const edit = (present: DetectionSettings) => parseOrRefuse(DetectionSettings, mergePatch(present, patch));
    return changeSettings(id, edit, { tenant: store.forOrg(context.org), now: clock.now() }, context);
  },
});
