import * as v from "valibot";
import { DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";
import { settingsAnswer } from "./settings-answer.ts";

export const listDetectionSettings = route({
  method: "GET",
  path: "/api/v1/detection-settings",
  summary: "List detection settings, oldest first",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(DetectionSettingsEntry),
  problems: [],

  async handle(query, { org }, { store }) {
    const { items, nextCursor } = await store.forOrg(org).detectionSettings.list(query);
    return { items: items.map(settingsAnswer), nextCursor };
  },
});
