import * as v from "valibot";
import { DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import { DetectionSettingsId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { settingsAnswer } from "./settings-answer.ts";

export const getDetectionSettings = route({
  method: "GET",
  path: "/api/v1/detection-settings/{id}",
  summary: "Read detection settings",
  scope: "read",
  input: v.strictObject({ id: DetectionSettingsId }),
  output: DetectionSettingsEntry,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const settings = await store.forOrg(org).detectionSettings.get(id);
    if (settings === null) throw notFound();
    return settingsAnswer(settings);
  },
});
