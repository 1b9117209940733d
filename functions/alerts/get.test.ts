import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId, ChangeEventId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { newInstance, resolveByHand } from "../../shared/core/alert/step.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { testPass, testRecord } from "../../shared/testing/detection.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { commentOnAlert } from "./comment.ts";
import { getAlert } from "./get.ts";
import { resolveAlert } from "./resolve.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("an alert is answered with its parts", async () => {
    const rule = await storeRule(harness, { severity: "critical", annotations: { runbook: "Restart {{dimensions.host}}" } });
    const id = await fire(harness, rule, { dimensions: { host: "a" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      id,
      ruleId: rule.id,
      ruleName: "CPU is high",
      series: { metricKey: "cpu", dimensions: { host: "a" } },
      status: "firing",
      condition: "firing",
      dataQuality: "ok",
      severity: "critical",
      pendingAt: "2026-11-20T10:00:00.000Z",
      startedAt: "2026-11-20T10:00:00.000Z",
      resolvedAt: null,
      reason: null,
      value: 95,
      acknowledgedBy: null,
      acknowledgedUntil: null,
      notificationCount: 0,
      suppressedBy: [],
      annotations: { runbook: "Restart a" },
    });
  });

  test("an alert keeps the value that made it fire, whatever it comes to", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await evaluate(harness, rule, { outcome: "true", severity: "critical", value: 99, evidence: { value: 99 }, at: START + 60_000 });
    await evaluate(harness, rule, { outcome: "false", value: 40, at: START + 120_000 });
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "resolved", value: 40, firingValue: 95, evidence: { value: 99 } });
  });

  test("an alert that goes on without data says so, and until when somebody has taken it on", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await harness.call(acknowledgeAlert, { id, name: "Ada", ttl: "1h" });
    await evaluate(harness, rule, { outcome: "no_data", at: START + 60_000 });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      status: "acknowledged",
      condition: "firing",
      dataQuality: "no_data",
      acknowledgedBy: { name: "Ada" },
      acknowledgedUntil: "2026-11-20T11:00:00.000Z",
    });
    await harness.call(resolveAlert, { id });
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "resolved", condition: "inactive", dataQuality: null });
  });
});

describe("what is known around an alert", () => {
  const DAY = 86_400_000;

  /** Fires an instance, and resolves it by hand some minutes later. */
  async function past(rule: Rule, host: string, at: number, minutes: number) {
    const id = await fire(harness, rule, { dimensions: { host, region: "eu" }, at });
    const tenant = harness.deps.store.forOrg(harness.org);
    const record = (await tenant.alerts.get(id))!;
    const [loaded] = await tenant.instances.getMany([record.instance]);
    const ended = resolveByHand(loaded!.state, at + minutes * 60_000, { kind: "key", id: "key_test" });
    const change = instanceChange(
      loaded!,
      { after: newInstance(record.instance, "warning"), transitions: ended.transitions },
      rule,
      record.series,
    );
    await tenant.instances.commit({ rule, changes: [change], at });
    return id;
  }

  /** Says of the anomalies of an alert's series, as long as it lasted, that they were expected. */
  async function callExpected(id: AlertId) {
    const { alerts, detection, verdicts } = harness.deps.store.forOrg(harness.org);
    const { series: subject, episode } = (await alerts.get(id))!;
    const series = subject!.id!;
    await detection.commit(testPass({ states: [testRecord(series)] }));
    const stretch = { series, from: episode.startedAt, to: episode.startedAt + 60_000, isOpen: false };
    const said = { verdict: "expected", note: null, by: { kind: "key", id: "key_a" }, at: START, clearedAt: null } as const;
    const [{ version } = { version: 0 }] = await detection.states([series]);
    expect(await verdicts.save({ ...stretch, ...said }, { version, at: START })).toBe(true);
  }

  test("the alerts of the thirty days before it, and what those that fire share", async () => {
    const rule = await storeRule(harness);
    await past(rule, "a", START - 31 * DAY, 5);
    const older = await past(rule, "a", START - 2 * DAY, 5);
    const newer = await past(rule, "a", START - DAY, 90);
    await past(rule, "b", START - DAY, 1);
    for (const text of ["What is it?", "Restarted it"]) await harness.call(commentOnAlert, { id: newer, text });
    await callExpected(newer);
    const id = await fire(harness, rule, { dimensions: { host: "a", region: "eu" } });
    await fire(harness, rule, { dimensions: { host: "b", region: "eu" } });
    await fire(harness, rule, { dimensions: { host: "c", region: "us" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      related: {
        earlier: {
          ofInstance: 2,
          ofRule: 3,
          newest: [
            {
              id: newer,
              startedAt: "2026-11-19T10:00:00.000Z",
              duration: "90m",
              reason: "manual",
              note: "Restarted it",
              feedback: "expected",
            },
            { id: older, startedAt: "2026-11-18T10:00:00.000Z", duration: "5m", reason: "manual", note: null, feedback: null },
          ],
        },
        firing: { alerts: 3, dimensions: [{ name: "region", value: "eu", alerts: 2 }] },
      },
    });
    expect(await harness.call(getAlert, { id: older })).toMatchObject({ related: { earlier: { ofInstance: 1, ofRule: 1 }, firing: null } });
  });

  test("what tells those that fire from the other series of its rule", async () => {
    const rule = await storeRule(harness);
    for (const host of ["d", "e", "f"]) await evaluate(harness, rule, { outcome: "false", value: 1 }, { host, region: "us", env: "prod" });
    const hosts = ["a", "b", "c"].map((host) => ({ host, region: "eu", env: "prod" }));
    const ids: AlertId[] = [];
    for (const dimensions of hosts) ids.push(await fire(harness, rule, { dimensions }));
    expect(await harness.call(getAlert, { id: ids[0] })).toMatchObject({
      related: { topDimensions: [{ name: "region", value: "eu", alerts: 3, ofAlerts: 3, series: 3, ofSeries: 6 }] },
    });
  });

  test("of an anomaly rule the other series are those that it selects, anomalous or not", async () => {
    const selector = { metricKey: "cpu", dimensions: { env: "prod" } };
    const rule = await storeRule(harness, { kind: "anomaly", condition: {}, selector });
    for (const host of ["d", "e", "f"]) await harness.store("cpu", [[START, 1]], { host, region: "us", env: "prod" });
    for (const host of ["g", "h"]) await harness.store("cpu", [[START, 1]], { host, region: "eu", env: "test" });
    const ids: AlertId[] = [];
    for (const host of ["a", "b", "c"]) ids.push(await fire(harness, rule, { dimensions: { host, region: "eu", env: "prod" } }));
    expect(await harness.call(getAlert, { id: ids[0] })).toMatchObject({
      related: { topDimensions: [{ name: "region", value: "eu", alerts: 3, ofAlerts: 3, series: 3, ofSeries: 6 }] },
    });
  });

  test("the changes near it that may concern its series", async () => {
    const { changeEvents } = harness.deps.store.forOrg(harness.org);
    const stored = {
      kind: "deployment",
      endAt: null,
      link: null,
      source: "ci",
      createdBy: { kind: "key", id: "key_a" },
      createdAt: START,
    } as const;
    for (const [title, at, dimensions] of [
      ["early", START - 2 * 3_600_000, {}],
      ["api v1", START - 240_000, { service: "api" }],
      ["web v2", START - 60_000, { service: "web" }],
      ["a flag", START + 60_000, {}],
    ] as const)
      await changeEvents.insert({ ...stored, id: harness.deps.newId<ChangeEventId>("chg"), title, at, dimensions });
    const id = await fire(harness, await storeRule(harness), { dimensions: { service: "api" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      related: {
        changes: [
          { kind: "deployment", title: "api v1", at: "2026-11-20T09:56:00.000Z", dimensions: { service: "api" } },
          { title: "a flag" },
        ],
      },
    });
  });
});

describe("404", () => {
  test("an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(getAlert, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getAlert, { id: `alt_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
