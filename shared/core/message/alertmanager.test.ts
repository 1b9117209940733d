import { describe, expect, test } from "@jest/globals";
import type { RuleId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alert, groupKey, notification } from "../../testing/notifications.ts";
import type { Notification } from "./alert-message.ts";
import { fingerprint, renderAlertmanagerWebhook } from "./alertmanager-webhook.ts";
import { renderAlertmanager } from "./alertmanager.ts";

const AT = "2026-11-20T10:05:00.000Z";
const labels = { alertname: "CPU is high", severity: "warning", metric: "cpu", host: "h1", intentvision_instance: alert(1).instanceId };
const resolved = alert(1, { status: "resolved", resolvedAt: AT, value: 12 });

describe("what is pushed", () => {
  test("has the alert's dimensions and its rule's labels, ends in twelve minutes, and says what people would read", () => {
    const one = alert(1, {
      labels: { team: "db" },
      annotations: { runbook: "https://example.com/cpu", dashboard_url: "https://grafana.example/d/cpu" },
    });
    expect(renderAlertmanager(notification([one]))).toEqual([
      {
        labels: { ...labels, team: "db" },
        annotations: {
          summary: "CPU is high on cpu{host=h1}",
          description: expect.stringMatching(/^Value: 97.5\nFiring since/),
          runbook: "https://example.com/cpu",
          dashboard_url: "https://grafana.example/d/cpu",
        },
        startsAt: "2026-11-20T10:00:00.000Z",
        endsAt: "2026-11-20T10:17:00.000Z",
        generatorURL: "https://grafana.example/d/cpu",
      },
    ]);
  });

  test("ends when it was resolved, never before it began, under the same labels", () => {
    const [end] = renderAlertmanager(notification([resolved], { kind: "resolved" }));
    expect(end).toMatchObject({ labels, endsAt: AT });
    const corrected = alert(1, { resolvedAt: "2026-11-20T09:59:00.000Z" });
    expect(renderAlertmanager(notification([corrected], { kind: "resolved" }))[0]).toMatchObject({ endsAt: corrected.startedAt });
  });

  test("ends what it was before under other labels", () => {
    const changed = notification([alert(1, { severity: "critical" }), alert(2)]);
    expect(renderAlertmanager(changed, new Map([[alert(1).id!, [labels]]]))).toMatchObject([
      { labels: { severity: "critical" }, endsAt: "2026-11-20T10:17:00.000Z" },
      { labels: { host: "h2" }, endsAt: "2026-11-20T10:17:00.000Z" },
      { labels, endsAt: AT },
    ]);
  });

  test("has names that Prometheus has, no empty ones, and none that take the place of ours", () => {
    const dimensions = { "http.status-code": "500", "0day": "x", empty: "", severity: "none", alertname: "none" };
    const [one] = renderAlertmanager(notification([alert(1, { series: { ...alert(1).series!, dimensions } })]));
    const { host: _, ...own } = labels;
    expect(one!.labels).toEqual({ ...own, http_status_code: "500", _0day: "x" });
  });

  test("of two rules with one name are two alerts", () => {
    const other = alert(1, { ruleId: hashId<RuleId>("rul", [2]), instanceId: alert(2).instanceId });
    const pushed = renderAlertmanager(notification([alert(1), other]));
    expect(new Set(pushed.map((one) => fingerprint(one.labels))).size).toBe(2);
  });
});

describe("the webhook of an Alertmanager", () => {
  test("has what its version 4 has", () => {
    const body = renderAlertmanagerWebhook(notification([alert(1), alert(2)]), "On call");
    const { host: _host, intentvision_instance: _instance, ...shared } = labels;
    expect(body).toMatchObject({
      version: "4",
      groupKey,
      truncatedAlerts: 0,
      status: "firing",
      receiver: "On call",
      groupLabels: { alertname: "CPU is high" },
      commonLabels: shared,
      commonAnnotations: { description: expect.stringMatching(/^Value/) },
      externalURL: "",
      alerts: [
        {
          status: "firing",
          labels,
          startsAt: "2026-11-20T10:00:00.000Z",
          endsAt: "0001-01-01T00:00:00Z",
          fingerprint: fingerprint(labels),
        },
        { status: "firing" },
      ],
    });
    expect(Object.keys(body.commonLabels).toSorted()).toEqual(Object.keys(shared).toSorted());
  });

  test("ends the alert under the labels that it had before, of which each set ends with a resolve", () => {
    const former = new Map([[alert(1).id!, [labels, { ...labels, alertname: "CPU" }]]]);
    const ended = renderAlertmanagerWebhook(notification([resolved], { kind: "resolved" }), "ops", former);
    expect(ended.alerts.map(({ status }) => status)).toEqual(["resolved", "resolved", "resolved"]);
    const changed = notification([alert(1, { severity: "critical" })]);
    const { alerts } = renderAlertmanagerWebhook(changed, "ops", new Map([[alert(1).id!, [labels]]]));
    expect(alerts.map(({ status, labels }) => [status, labels["severity"]])).toEqual([
      ["firing", "critical"],
      ["resolved", "warning"],
    ]);
    expect(alerts[0]!.fingerprint).not.toBe(alerts[1]!.fingerprint);
  });

  test("has a storm of alerts that ends", () => {
    const storm = (kind: "firing" | "resolved", of: Notification["storm"] & {}) =>
      renderAlertmanagerWebhook(notification([], { kind, groupKey: null, reason: "storm", storm: of }), "On call");
    const begun = storm("firing", { told: 80, held: 40, until: 50 });
    const over = storm("resolved", "over");
    expect(begun).toMatchObject({ groupKey: "storm", status: "firing", alerts: [{ status: "firing" }] });
    expect(over).toMatchObject({ groupKey: "storm", status: "resolved", alerts: [{ status: "resolved", endsAt: AT }] });
    expect(over.alerts[0]!.fingerprint).toBe(begun.alerts[0]!.fingerprint);
  });

  test("says when what is resolved ended", () => {
    const body = renderAlertmanagerWebhook(notification([resolved], { kind: "resolved" }), "On call");
    expect(body).toMatchObject({ status: "resolved", alerts: [{ status: "resolved", endsAt: AT }] });
  });

  test("tests with one alert", () => {
    const body = renderAlertmanagerWebhook(notification([], { kind: "test", groupKey: null }), "On call");
    expect(body).toMatchObject({ status: "firing", alerts: [{ labels: { alertname: "IntentVisionTest" } }] });
  });
});

test.each([
  // From the tests of Prometheus common, model/signature_test.go: LabelsToSignature, in hexadecimal.
  [{}, 14695981039346656037n],
  [{ name: "garland, briggs", fear: "love is not enough" }, 5799056148416392346n],
])("%j has the fingerprint that Prometheus gives it", (texts, expected) => {
  expect(fingerprint(texts)).toBe(expected.toString(16).padStart(16, "0"));
});
