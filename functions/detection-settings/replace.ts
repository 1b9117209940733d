import { DetectionSettingsEntry, DetectionSettingsReplacement } from "../../shared/contract/detection-settings.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeSettings } from "./change-settings.ts";

export const replaceDetectionSettings = route({
  method: "PUT",
  path: "/api/v1/detection-settings/{id}",
  summary: "Replace detection settings",
  scope: "admin",
  input: DetectionSettingsReplacement,
  output: DetectionSettingsEntry,
  readOnly: ["version", "createdAt", "updatedAt"],
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle: ({ id, ...definition }, context, { store, clock }) =>
    changeSettings(id, () => definition, { store: store.forOrg(context.org).detectionSettings, now: clock.now() }, context),
});
