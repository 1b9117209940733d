import { SilenceChange } from "../../shared/contract/alert-policy.ts";
import { SilenceId } from "../../shared/contract/ids.ts";
import { http } from "../../shared/runtime/route.ts";
import { createPolicy } from "./create-policy.ts";
import { createSilence } from "./create-silence.ts";
import { deletePolicy } from "./delete-policy.ts";
import { expireSilence } from "./expire-silence.ts";
import { getPolicy } from "./get-policy.ts";
import { getRoutes } from "./get-routes.ts";
import { getSilence } from "./get-silence.ts";
import { inhibitions } from "./inhibitions.ts";
import { listChanges } from "./list-changes.ts";
import { listPolicies } from "./list-policies.ts";
import { listRoutesChanges } from "./list-routes-changes.ts";
import { listSilences } from "./list-silences.ts";
import { muteWindows } from "./mute-windows.ts";
import { previewSilence } from "./preview-silence.ts";
import { replacePolicy } from "./replace-policy.ts";
import { replaceRoutes } from "./replace-routes.ts";
import { replaceSilence } from "./replace-silence.ts";
import { writtenSilence } from "./silence-answer.ts";

const silences = { kind: "silence", path: "/api/v1/silences", one: "a silence", id: SilenceId, change: SilenceChange } as const;

export default http([
  getRoutes,
  replaceRoutes,
  listRoutesChanges,
  createSilence,
  previewSilence,
  listSilences,
  getSilence,
  replaceSilence,
  expireSilence,
  listChanges(silences, writtenSilence),
  createPolicy(muteWindows),
  listPolicies(muteWindows),
  getPolicy(muteWindows),
  replacePolicy(muteWindows),
  deletePolicy(muteWindows),
  listChanges(muteWindows, (window) => window),
  createPolicy(inhibitions),
  listPolicies(inhibitions),
  getPolicy(inhibitions),
  replacePolicy(inhibitions),
  deletePolicy(inhibitions),
  listChanges(inhibitions, (inhibition) => inhibition),
]);
