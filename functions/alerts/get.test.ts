import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
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

describe("404", () => {
  test("an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(getAlert, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getAlert, { id: `alt_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
