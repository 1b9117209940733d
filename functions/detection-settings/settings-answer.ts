import type { DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { StoredSettings } from "../../shared/ports/detection-settings.ts";

/** Settings as the API shows them. */
export const settingsAnswer = ({ id, version, definition, createdAt, updatedAt }: StoredSettings): DetectionSettingsEntry => ({
  id,
  version,
  ...definition,
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});
