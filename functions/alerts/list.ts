import { Alert } from "../../shared/contract/alert.ts";
import { page } from "../../shared/contract/page.ts";
import { alertAnswer, pendingAnswer } from "../../shared/core/alert/alert-answer.ts";
import { route } from "../../shared/runtime/route.ts";
import { ListAlerts } from "./contract.ts";

export const listAlerts = route({
  method: "GET",
  path: "/api/v1/alerts",
  summary: "List alerts, newest first; status=pending lists the instances that are not alerts yet",
  scope: "read",
  input: ListAlerts,
  output: page(Alert),
  problems: [],

  async handle({ limit, cursor, status, ruleId: rule, ...filter }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    if (status === "pending") {
      const { items, nextCursor } = await tenant.instances.pending({ rule, ...filter }, { limit, cursor });
      return { items: items.map((instance) => pendingAnswer(instance, instance.parent, instance.of)), nextCursor };
    }
    const now = clock.now();
    const { items, nextCursor } = await tenant.alerts.list({ status, rule, ...filter }, { limit, cursor }, now);
    return { items: items.map((alert) => alertAnswer(alert, now)), nextCursor };
  },
});
