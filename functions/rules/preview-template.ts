import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId, RuleId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { sampleAlert } from "../../shared/core/message/sample-alert.ts";
import { renderTemplate, templateFault } from "../../shared/core/message/template.ts";
import { relatedTo } from "../../shared/ports/related-alerts.ts";
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

async function alertOf(id: AlertId, tenant: OrgStore, now: number): Promise<Alert> {
  const alert = await tenant.alerts.get(id);
  if (alert === null) throw notFound();
  return withRelated(alert, tenant, now);
}

async function withRelated(alert: AlertRecord, tenant: OrgStore, now: number): Promise<Alert> {
  const related = await relatedTo([alert], tenant);
  return { ...alertAnswer(alert, now), related: related.get(alert.id)! };
}

/** The newest alert of a rule, with the labels that the rule has now; one that is made up where there is none. */
async function newestOf(id: RuleId, tenant: OrgStore, now: number): Promise<Alert> {
  const rule = await tenant.rules.get(id);
  if (rule === null) throw notFound();
  const [newest] = (await tenant.alerts.list({ rule: id }, { limit: 1 }, now)).items;
  return newest === undefined ? sampleAlert(rule, now) : { ...(await withRelated(newest, tenant, now)), labels: rule.labels };
}
