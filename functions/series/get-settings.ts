import * as v from "valibot";
import { SeriesSettings } from "../../shared/contract/detection-settings.ts";
import { SeriesId } from "../../shared/contract/ids.ts";
import { route } from "../../shared/runtime/route.ts";
import { readSettings } from "./change-settings.ts";

export const getSeriesSettings = route({
  method: "GET",
  path: "/api/v1/series/{id}/settings",
  summary: "Read the detection settings of a series: its own, what holds for it, and who said each member",
  scope: "read",
  input: v.strictObject({ id: SeriesId }),
  output: SeriesSettings,
  etag: true,
  problems: ["not-found"],

  handle: ({ id }, { org }, { store }) => readSettings(id, store.forOrg(org)),
});
