import { Alert } from "../../shared/contract/alert.ts";
import { page } from "../../shared/contract/page.ts";
import { invalid } from "../../shared/contract/problem.ts";
import type { Matcher } from "../../shared/contract/series.ts";
import { pendingAnswer } from "../../shared/core/alert/alert-answer.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { renderAnnotations } from "../../shared/core/message/template.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
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

  async handle({ limit, cursor, status, ruleId: rule, assignee, from, to, match, search, ...filter }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const now = clock.now();
    if (status?.includes("pending")) {
      const { items, nextCursor } = await tenant.instances.pending({ rule, ...filter }, { limit, cursor });
      const pending = items.map((instance) => pendingAnswer(instance, instance.parent, instance.of));
      return { items: pending.map((one) => ({ ...one, annotations: renderAnnotations(one, now) })), nextCursor };
    }
    const { items, nextCursor } = await tenant.alerts.list(
      {
        ...filter,
        status: status?.filter((one) => one !== "pending"),
        rule,
        assignee: assignee === "none" ? null : assignee,
        from,
        to,
        matches: predicateOf(match, search),
      },
      { limit, cursor },
      now,
    );
    return { items: items.map((alert) => toldAlert(alert, undefined, now)), nextCursor };
  },
});

/** What the query cannot say of an alert; undefined where it says all. @throws Problem validation-failed for what is no RE2 pattern. */
function predicateOf(match: readonly Matcher[] = [], search?: string): ((alert: AlertRecord) => boolean) | undefined {
  if (match.length === 0 && search === undefined) return undefined;
  const compiled = compileMatchers(match);
  if (!compiled.ok) throw invalid([{ path: `match[${compiled.error.index}]`, message: compiled.error.message }]);
  const wanted = search?.toLowerCase();
  const isNamed = (text: string) => wanted === undefined || text.toLowerCase().includes(wanted);
  return ({ labels, series, ruleName }) =>
    (isNamed(ruleName) || isNamed(series?.metricKey ?? "")) && compiled.value({ ...labels, ...series?.dimensions });
}
