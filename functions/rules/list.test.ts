import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { listRules } from "./list.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("every rule of the organisation comes once, a page at a time", async () => {
    for (const name of ["one", "two", "three"]) await storeRule(harness, { name });
    await storeRule(harness, { name: "foreign" }, harness.otherOrg);
    type Answer = { items: { name: string }[]; nextCursor: string | null };
    const first = (await harness.call(listRules, { limit: "2" })) as Answer;
    const second = (await harness.call(listRules, { limit: "2", cursor: first.nextCursor })) as Answer;
    expect(new Set([...first.items, ...second.items].map(({ name }) => name))).toEqual(new Set(["one", "two", "three"]));
    expect([first.items.length, second.nextCursor]).toEqual([2, null]);
  });
});
