import { Alert } from "../../shared/contract/alert.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { route } from "../../shared/runtime/route.ts";
import { actOnAlert, namedActor } from "./act-on-alert.ts";
import { AcknowledgeAlert } from "./contract.ts";

export const acknowledgeAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/acknowledge",
  summary: "Take an alert on: it is not repeated, until its ttl, a higher severity or another alert of its group",
  scope: "admin",
  input: AcknowledgeAlert,
  output: Alert,
  problems: ["not-found", "conflict"],

  handle({ id, name, ttl }, { org, actor }, { store, clock }) {
    const now = clock.now();
    return actOnAlert(id, (instance) => acknowledge(instance, namedActor(actor, name), now, ttl ?? null), store.forOrg(org), now);
  },
});
