import * as v from "valibot";
import { DetectionSettingsId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { settingsAnswer } from "./settings-answer.ts";

export const deleteDetectionSettings = route({
  method: "DELETE",
  path: "/api/v1/detection-settings/{id}",
  summary: "Delete detection settings: what they said does not hold any more",
  scope: "admin",
  input: v.strictObject({ id: DetectionSettingsId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, { org, requireMatch }, { store }) {
    const { detectionSettings } = store.forOrg(org);
    const settings = await detectionSettings.get(id);
    if (settings === null) throw notFound();
    requireMatch(settingsAnswer(settings));
    if (!(await detectionSettings.remove(id, settings.version))) throw new Problem("conflict", "The settings were changed meanwhile.");
    return null;
  },
});
