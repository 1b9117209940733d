import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createRule } from "./create.ts";
import { getRule } from "./get.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("what is read can be written as a new rule, and reads alike", async () => {
    const { id } = await storeRule(harness, {
      for: "90s",
      condition: { operator: "lt", value: 5, recover: 7 },
      annotations: { runbook: "x" },
    });
    const read = (await harness.call(getRule, { id })) as Record<string, unknown>;
    const { id: _id, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...definition } = read;
    expect(await harness.call(createRule, definition)).toMatchObject(definition);
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing", async () => {
    const { id } = await storeRule(harness);
    const foreign = harness.call(getRule, { id }, { org: harness.otherOrg });
    await expect(foreign).rejects.toMatchObject({ kind: "not-found" });
    const detail = await foreign.catch((error: unknown) => (error as { detail: string }).detail);
    const missing = harness.call(getRule, { id: `rul_${"0".repeat(24)}` });
    await expect(missing).rejects.toMatchObject({ kind: "not-found", detail });
  });
});
