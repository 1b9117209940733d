import { Alert } from "../../shared/contract/alert.ts";
import { resolveByHand } from "../../shared/core/alert/step.ts";
import { route } from "../../shared/runtime/route.ts";
import { actOnAlert, namedActor } from "./act-on-alert.ts";
import { ResolveAlert } from "./contract.ts";

export const resolveAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/resolve",
  summary: "End an alert by hand; what is still true after a while is a new alert",
  scope: "admin",
  input: ResolveAlert,
  output: Alert,
  problems: ["not-found", "conflict"],

  handle({ id, name }, { org, actor }, { store, clock }) {
    const now = clock.now();
    return actOnAlert(id, (instance) => resolveByHand(instance, now, namedActor(actor, name)), store.forOrg(org), now);
  },
});
