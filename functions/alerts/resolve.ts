import { Alert } from "../../shared/contract/alert.ts";
import { resolveByHand } from "../../shared/core/alert/step.ts";
import { route } from "../../shared/runtime/route.ts";
import { actOnAlert, namedActor, noteOf } from "./act-on-alert.ts";
import { ResolveAlert } from "./contract.ts";

export const resolveAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/resolve",
  summary: "End an alert by hand; what is still true after a while is a new alert",
  scope: "admin",
  input: ResolveAlert,
  output: Alert,
  idempotency: "reserve",
  problems: ["not-found", "conflict"],

  handle({ id, name, note }, context, { store, clock, newId }) {
    const now = clock.now();
    const actor = namedActor(context.actor, name);
    const comment = noteOf(note, { alert: id, at: now, actor, act: "resolved", newId });
    return actOnAlert(id, (instance) => resolveByHand(instance, now, actor), store.forOrg(context.org), now, comment);
  },
});
