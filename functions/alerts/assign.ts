import { Alert } from "../../shared/contract/alert.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { route } from "../../shared/runtime/route.ts";
import { namedActor } from "./act-on-alert.ts";
import { AssignAlert } from "./contract.ts";

export const assignAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/assign",
  summary: "Have somebody take care of an alert: whoever has the name given, the assignee beside it, or nobody (null)",
  scope: "admin",
  input: AssignAlert,
  output: Alert,
  status: 200,
  problems: ["not-found"],

  async handle({ id, name, assignee = { name: name! } }, { org, actor }, { store, clock }) {
    const { alerts } = store.forOrg(org);
    const now = clock.now();
    const alert = await alerts.get(id);
    if (alert === null) throw notFound();
    const to = assignee === null ? null : "kind" in assignee ? assignee : namedActor(actor, assignee.name);
    if (canonicalJson(to) !== canonicalJson(alert.assignment?.to ?? null)) {
      await alerts.assign(id, to === null ? null : { to, by: namedActor(actor, name), at: now });
    }
    return toldAlert((await alerts.get(id))!, undefined, now);
  },
});
