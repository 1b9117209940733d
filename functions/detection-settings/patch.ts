import * as v from "valibot";
import { DetectionSettingsDefinition, DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import { DetectionSettingsId } from "../../shared/contract/ids.ts";
import { parseOrRefuse } from "../../shared/contract/problem.ts";
import { mergePatch } from "../../shared/core/merge-patch.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeSettings } from "./change-settings.ts";

export const patchDetectionSettings = route({
  method: "PATCH",
  path: "/api/v1/detection-settings/{id}",
  summary: "Change some members of detection settings (JSON merge patch): null takes back what was said",
  scope: "admin",
  input: v.looseObject({ id: DetectionSettingsId }),
  output: DetectionSettingsEntry,
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle({ id, ...patch }, context, { store, clock }) {
    const edit = (present: DetectionSettingsDefinition) => parseOrRefuse(DetectionSettingsDefinition, mergePatch(present, patch));
    return changeSettings(id, edit, { store: store.forOrg(context.org).detectionSettings, now: clock.now() }, context);
  },
});
