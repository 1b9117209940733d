import { MuteWindow, MuteWindowChange, MuteWindowDefinition, MuteWindowReplacement } from "../../shared/contract/alert-policy.ts";
import { MuteWindowId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const muteWindows: PolicyResource<"mute-window"> = {
  kind: "mute-window",
  path: "/api/v1/mute-windows",
  prefix: "mwn",
  one: "a mute window",
  many: "mute windows",
  id: MuteWindowId,
  definition: MuteWindowDefinition,
  replacement: MuteWindowReplacement,
  entry: MuteWindow,
  change: MuteWindowChange,
  answer: ({ id, version, definition, createdAt, updatedAt }) => {
    return { id, version, ...definition, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  },
};
