import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { resolveAlert } from "./resolve.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("the alert ends by hand, and its group hears of it", async () => {
    const id = await fire(harness, await storeRule(harness));
    harness.clock.advance(60_000);
    harness.committed.length = 0;
    expect(await harness.call(resolveAlert, { id, name: "Ada" })).toMatchObject({
      id,
      status: "resolved",
      condition: "inactive",
      reason: "manual",
      resolvedAt: "2026-11-20T10:01:00.000Z",
    });
    expect(harness.committed).toMatchObject([{ type: "alert.changed", data: { alert: id, to: "resolved" } }]);
    const ended = "SELECT actor FROM alert_transition WHERE org = :org AND alert = :id AND to_state = 'resolved'";
    const [row] = await harness.database.read(ended, { org: harness.org, id });
    expect(JSON.parse(row!["actor"] as string)).toEqual({ kind: "key", id: "key_test", name: "Ada" });
  });

  test("what is still true a quarter of an hour later is a new alert, and not before", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await harness.call(resolveAlert, { id });
    const later = (minutes: number) => evaluate(harness, rule, { at: START + minutes * 60_000, outcome: "true", value: 95 });
    expect((await later(14)).alert).toBeNull();
    const { alert } = await later(15);
    expect(alert).not.toBeNull();
    expect(alert).not.toBe(id);
  });
});

describe("404", () => {
  test("an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(resolveAlert, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
  });
});

describe("409", () => {
  test("an alert that is resolved already stays as it ended", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await evaluate(harness, rule, { at: START + 60_000, outcome: "false", value: 1 });
    await expect(harness.call(resolveAlert, { id })).rejects.toMatchObject({ kind: "conflict" });
    expect((await harness.deps.store.forOrg(harness.org).alerts.get(id))!.episode.reason).toBe("recovered");
  });
});
