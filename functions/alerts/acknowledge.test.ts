import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { getAlert } from "./get.ts";
import { resolveAlert } from "./resolve.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("the alert is acknowledged by whoever the request names, and its group hears of it", async () => {
    const id = await fire(harness, await storeRule(harness));
    harness.committed.length = 0;
    const answer = await harness.call(acknowledgeAlert, { id, name: "Ada" });
    expect(answer).toMatchObject({ id, status: "acknowledged", acknowledgedBy: { kind: "key", id: "key_test", name: "Ada" } });
    expect(await harness.call(getAlert, { id })).toMatchObject({ ...(answer as object), comments: [] });
    expect(harness.committed).toMatchObject([{ type: "alert.changed", data: { alert: id, to: "acknowledged" } }]);
  });

  test("with a ttl it is firing again after it", async () => {
    const id = await fire(harness, await storeRule(harness));
    await harness.call(acknowledgeAlert, { id, ttl: "30m" });
    harness.clock.advance(30 * 60_000 - 1);
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "acknowledged" });
    harness.clock.advance(1);
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "firing", acknowledgedBy: null });
  });

  test("an acknowledged alert stays so while evaluations go on", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await harness.call(acknowledgeAlert, { id });
    await evaluate(harness, rule, { at: START + 60_000, outcome: "true", value: 99 });
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "acknowledged", value: 99 });
  });

  test("an acknowledgement that loses against an evaluation is made upon it", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    const tenant = harness.deps.store.forOrg(harness.org);
    let raced = false;
    const racing = {
      ...tenant.instances,
      async commit(evaluation: Parameters<typeof tenant.instances.commit>[0]) {
        if (!raced) {
          raced = true;
          await evaluate(harness, rule, { at: START + 60_000, outcome: "true", value: 99 });
        }
        return tenant.instances.commit(evaluation);
      },
    };
    const store = { ...harness.deps.store, forOrg: () => ({ ...tenant, instances: racing }) };
    const context = { org: harness.org, actor: { kind: "key", id: "key_test" } };
    const answer = await acknowledgeAlert.handle({ id } as never, context as never, { ...harness.deps, store });
    expect(answer).toMatchObject({ status: "acknowledged", value: 99 });
  });
});

describe("404", () => {
  test("an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    await expect(harness.call(acknowledgeAlert, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(await harness.call(getAlert, { id })).toMatchObject({ status: "firing" });
  });
});

describe("409", () => {
  test("a resolved alert cannot be acknowledged", async () => {
    const id = await fire(harness, await storeRule(harness));
    await harness.call(resolveAlert, { id });
    await expect(harness.call(acknowledgeAlert, { id })).rejects.toMatchObject({ kind: "conflict" });
  });
});
