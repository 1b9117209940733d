import { Alert } from "../../shared/contract/alert.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { route } from "../../shared/runtime/route.ts";
import { actOnAlert, namedActor, noteOf } from "./act-on-alert.ts";
import { AcknowledgeAlert } from "./contract.ts";

export const acknowledgeAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/acknowledge",
  summary: "Take an alert on: it is not repeated, until its ttl, a higher severity or another alert of its group",
  scope: "admin",
  input: AcknowledgeAlert,
  output: Alert,
  idempotency: "reserve",
  problems: ["not-found", "conflict"],

  handle({ id, name, ttl, note }, context, { store, clock, newId }) {
    const now = clock.now();
    const actor = namedActor(context.actor, name);
    const comment = noteOf(note, { alert: id, at: now, actor, act: "acknowledged", newId });
    return actOnAlert(id, (instance) => acknowledge(instance, actor, now, ttl ?? null), store.forOrg(context.org), now, comment);
  },
});
