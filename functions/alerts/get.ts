import * as v from "valibot";
import { Alert } from "../../shared/contract/alert.ts";
import { AlertId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import { route } from "../../shared/runtime/route.ts";

export const getAlert = route({
  method: "GET",
  path: "/api/v1/alerts/{id}",
  summary: "Read an alert",
  scope: "read",
  input: v.strictObject({ id: AlertId }),
  output: Alert,
  problems: ["not-found"],

  async handle({ id }, { org }, { store, clock }) {
    const alert = await store.forOrg(org).alerts.get(id);
    if (alert === null) throw notFound();
    return alertAnswer(alert, clock.now());
  },
});
