import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { newInstance, resolveByHand } from "../../shared/core/alert/step.ts";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { getAlert } from "./get.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("an alert is answered with its parts", async () => {
    const rule = await storeRule(harness, { severity: "critical", annotations: { runbook: "Restart it" } });
    const id = await fire(harness, rule, { dimensions: { host: "a" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      id,
      ruleId: rule.id,
      ruleName: "CPU is high",
      series: { metricKey: "cpu", dimensions: { host: "a" } },
      status: "firing",
      condition: "firing",
      severity: "critical",
      pendingAt: "2026-11-20T10:00:00.000Z",
      startedAt: "2026-11-20T10:00:00.000Z",
      resolvedAt: null,
      reason: null,
      value: 95,
      acknowledgedBy: null,
      notificationCount: 0,
      suppressedBy: [],
      annotations: { runbook: "Restart it" },
    });
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

  test("the alerts of the thirty days before it, and what those that fire share", async () => {
    const rule = await storeRule(harness);
    await past(rule, "a", START - 31 * DAY, 5);
    const older = await past(rule, "a", START - 2 * DAY, 5);
    const newer = await past(rule, "a", START - DAY, 90);
    await past(rule, "b", START - DAY, 1);
    const id = await fire(harness, rule, { dimensions: { host: "a", region: "eu" } });
    await fire(harness, rule, { dimensions: { host: "b", region: "eu" } });
    await fire(harness, rule, { dimensions: { host: "c", region: "us" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({
      related: {
        earlier: {
          ofInstance: 2,
          ofRule: 3,
          newest: [
            { id: newer, startedAt: "2026-11-19T10:00:00.000Z", duration: "90m" },
            { id: older, startedAt: "2026-11-18T10:00:00.000Z", duration: "5m" },
          ],
        },
        firing: { alerts: 3, dimensions: [{ name: "region", value: "eu", alerts: 2 }] },
      },
    });
    expect(await harness.call(getAlert, { id: older })).toMatchObject({ related: { earlier: { ofInstance: 1, ofRule: 1 }, firing: null } });
  });
});

describe("404", () => {
  test("an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(getAlert, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getAlert, { id: `alt_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
