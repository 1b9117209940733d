import { SeriesSettings, SeriesSettingsReplacement } from "../../shared/contract/detection-settings.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeSettings } from "./change-settings.ts";

export const replaceSeriesSettings = route({
  method: "PUT",
  path: "/api/v1/series/{id}/settings",
  summary: "Say how one series is scored; with another time zone or other holidays it is learned anew from its points",
  scope: "admin",
  input: SeriesSettingsReplacement,
  output: SeriesSettings,
  readOnly: ["series", "effective", "sources"],
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle: ({ id, ...settings }, context, { store, clock }) =>
    changeSettings(id, () => settings, { tenant: store.forOrg(context.org), now: clock.now() }, context),
});
