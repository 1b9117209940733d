import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Alert } from "../../contract/alert.ts";
import type { AlertId, InstanceId, RuleId, SeriesId } from "../../contract/ids.ts";
import { renderAnnotations, renderTemplate, templateFault } from "./template.ts";

const AT = Date.UTC(2026, 10, 20, 10, 5);
const alert = (changes: Partial<Alert> = {}): Alert => ({
  id: "alt_x" as AlertId,
  instanceId: "ins_x" as InstanceId,
  ruleId: "rul_x" as RuleId,
  ruleName: "CPU <high>",
  series: { id: "ser_x" as SeriesId, metricKey: "cpu", dimensions: { host: "a", "http.status": "503" } },
  status: "firing",
  condition: "firing",
  severity: "warning",
  pendingAt: "2026-11-20T09:55:00.000Z",
  startedAt: "2026-11-20T10:00:00.000Z",
  resolvedAt: null,
  reason: null,
  value: 97.123456789,
  acknowledgedBy: null,
  acknowledgedUntil: null,
  notificationCount: 0,
  lastNotifiedAt: null,
  suppressedBy: [],
  labels: { team: "infra & ops" },
  annotations: {},
  evidence: { kind: "threshold", operator: "gt", threshold: 90, value: 95 },
  ...changes,
});
const filled = (template: string, changes: Partial<Alert> = {}) => renderTemplate(template, alert(changes), AT);

describe("a template", () => {
  test.each([
    ["{{rule}}: {{value}} is {{compared}} {{threshold}}, was {{firingValue}}", "CPU <high>: 97.1235 is above 90, was 95"],
    ["{{series}} since {{startedAt}} ({{duration}})", "cpu{host=a, http.status=503} since 2026-11-20 10:00:00 UTC (5 min)"],
    [
      "{{ metric }} {{severity}} {{status}} {{{labels.team}}} {{&labels.team}} {{labels.team}}",
      "cpu warning firing infra & ops infra & ops infra & ops",
    ],
    ["{{dimensions.host}} {{dimensions.http.status}} [{{dimensions.zone}}]", "a 503 []"],
    ["{{#expected}}expected {{expected}}{{/expected}}{{^expected}}nothing expected{{/expected}}", "nothing expected"],
    ["{{#threshold}}alerts at {{threshold}}{{/threshold}}{{! a comment }}", "alerts at 90"],
    ["{{status}}{{#resolved}} {{resolved}}{{/resolved}}", "firing"],
    ["ends {{resolvedAt}}{{reason}}", "ends "],
    ["no placeholder", "no placeholder"],
  ])("%s", (template, text) => {
    expect(templateFault(template, { team: "infra" })).toBeNull();
    expect(filled(template)).toBe(text);
  });

  test("says one thing while an alert fires, and another once it is resolved", () => {
    const template =
      "{{dimensions.host}} {{#firing}}is at {{value}}{{#threshold}}, {{compared}} {{threshold}}{{/threshold}}, for {{duration}}{{/firing}}{{#resolved}}is back at {{value}} after {{duration}}{{/resolved}}";
    expect(templateFault(template, {})).toBeNull();
    expect(filled(template)).toBe("a is at 97.1235, above 90, for 5 min");
    expect(filled(template, { value: 70, resolvedAt: "2026-11-20T10:12:00.000Z" })).toBe("a is back at 70 after 12 min");
  });

  test("of a resolved alert says how long it fired", () => {
    expect(filled("{{duration}}, {{reason}}", { resolvedAt: "2026-11-20T10:12:00.000Z", reason: "recovered" })).toBe("12 min, recovered");
  });

  test.each([
    ["{{cpu}}", "There is no {{cpu}}. There are rule, series, metric,"],
    ["{{#value}}{{nothing}}{{/value}}", "There is no {{nothing}}."],
    ["{{constructor}}", "There is no {{constructor}}."],
    ["{{value.constructor}}", "There is no {{value.constructor}}."],
    ["{{.}}", "There is no {{.}}."],
    ["{{dimensions.}}", "There is no {{dimensions.}}."],
    ["{{labels.owner}}", "The rule has no label for {{labels.owner}}. It has team"],
    ["{{labels.constructor}}", "The rule has no label for"],
    ["{{> other}}", "It takes in another template, {{> other}}"],
    ["{{=<% %>=}}<%value%>", "It changes what a placeholder is written with"],
    ["{{#value}}", 'It is no Mustache template: Unclosed section "value"'],
    ["{{value", "It is no Mustache template: Unclosed tag"],
  ])("%s is refused, and left as it is in a message", (template, fault) => {
    expect(templateFault(template, { team: "infra" })).toContain(fault);
    expect(filled(template)).toBe(template);
  });

  test("what an alert says is no template, and no second line", () => {
    expect(filled("{{rule}}", { ruleName: "{{value}}\n{{/rule}}" })).toBe("{{value}} {{/rule}}");
  });
});

describe("a hostile template", () => {
  test.each([
    ["says much over and over", "{{series}}".repeat(102)],
    ["nests sections", `${"{{#series}}".repeat(40)}{{series}}${"{{/series}}".repeat(40)}`],
  ])("that %s has its limits", (_, template) => {
    const dimensions = Object.fromEntries(Array.from({ length: 32 }, (_unused, n) => [`d${String(n)}`, "x".repeat(1_024)]));
    const text = filled(template, { series: { ...alert().series!, dimensions } });
    expect(text.length).toBeGreaterThan(400);
    expect(text.length).toBeLessThanOrEqual(4_000);
  });

  test("of any letters never throws and never grows beyond its limit", () => {
    const part = fc.constantFrom("{{", "}}", "{{#", "{{/", "{{^", "{{{", "value", "series", " ", "=", ">", "\n", "labels.team");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const template = parts.join("");
        expect(filled(template).length).toBeLessThanOrEqual(4_000);
        if (templateFault(template, { team: "x" }) !== null) expect(filled(template)).toBe(template);
      }),
    );
  });
});

test("of annotations, those with placeholders are filled in", () => {
  const annotations = { summary: "{{metric}} is at {{value}}", runbook: "https://wiki.example/{cpu}" };
  expect(renderAnnotations(alert({ annotations }), AT)).toEqual({ summary: "cpu is at 97.1235", runbook: "https://wiki.example/{cpu}" });
});
