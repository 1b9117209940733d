import { DetectionSettingsDefinition, DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import type { DetectionSettingsId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { MAX_DETECTION_SETTINGS } from "../../shared/ports/detection-settings.ts";
import type { StoredSettings } from "../../shared/ports/detection-settings.ts";
import { route } from "../../shared/runtime/route.ts";
import { requireSound } from "./change-settings.ts";
import { settingsAnswer } from "./settings-answer.ts";

export const createDetectionSettings = route({
  method: "POST",
  path: "/api/v1/detection-settings",
  summary: "Say how the series that a selector picks are scored: how sensitively, to which side, by whose clock, or not at all",
  scope: "admin",
  input: DetectionSettingsDefinition,
  output: DetectionSettingsEntry,
  location: ({ id }) => `/api/v1/detection-settings/${id}`,
  etag: true,
  idempotency: "reserve",
  problems: ["limit-reached"],

  async handle(definition, { org }, { store, clock, newId }) {
    requireSound(definition);
    const now = clock.now();
    const settings: StoredSettings = { id: newId<DetectionSettingsId>("dse"), version: 1, definition, createdAt: now, updatedAt: now };
    if (!(await store.forOrg(org).detectionSettings.insert(settings))) {
      throw new Problem("limit-reached", `An organisation may have ${MAX_DETECTION_SETTINGS} detection settings.`);
    }
    return settingsAnswer(settings);
  },
});
