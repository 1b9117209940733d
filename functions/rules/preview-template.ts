import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId, RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import { sampleAlert } from "../../shared/core/message/sample-alert.ts";
import { renderTemplate, templateFault } from "../../shared/core/message/template.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { route } from "../../shared/runtime/route.ts";
import { PreviewTemplate, TemplatePreview } from "./contract.ts";

export const previewTemplate = route({
  method: "POST",
  path: "/api/v1/templates/preview",
  summary: "Fill an annotation's template in as a message would: with an alert, or with the newest one of a rule",
  scope: "read",
  input: PreviewTemplate,
  output: TemplatePreview,
  status: 200,
  problems: ["not-found"],

  async handle({ template, alertId, ruleId }, { org }, { store, clock }) {
    const now = clock.now();
    const tenant = store.forOrg(org);
    const alert = alertId === undefined ? await newestOf(ruleId!, tenant, now) : await alertOf(alertId, tenant, now);
    const message = templateFault(template, alert.labels);
    if (message !== null) throw invalid([{ path: "template", message }]);
    return { text: renderTemplate(template, alert, now), alertId: alert.id };
  },
});

async function alertOf(id: AlertId, { alerts }: OrgStore, now: number): Promise<Alert> {
  const alert = await alerts.get(id);
  if (alert === null) throw notFound();
  return alertAnswer(alert, now);
}

/** The newest alert of a rule, with the labels that the rule has now; one that is made up where there is none. */
async function newestOf(id: RuleId, { rules, alerts }: OrgStore, now: number): Promise<Alert> {
  const rule = await rules.get(id);
  if (rule === null) throw notFound();
  const [newest] = (await alerts.list({ rule: id }, { limit: 1 }, now)).items;
  return newest === undefined ? sampleAlert(rule, now) : { ...alertAnswer(newest, now), labels: rule.labels };
}
