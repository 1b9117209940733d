import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeRule } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  test("organisations with enabled rules are each named once, a page at a time", async () => {
    const { alerting } = harness.deps.store.platform;
    expect(await alerting.orgsWithRules("", 10)).toEqual([]);
    for (const org of [harness.org, harness.org, harness.otherOrg]) await storeRule(harness, {}, org);
    const orgs = [harness.org, harness.otherOrg].toSorted();
    expect(await alerting.orgsWithRules("", 10)).toEqual(orgs);
    expect(await alerting.orgsWithRules("", 1)).toEqual(orgs.slice(0, 1));
    expect(await alerting.orgsWithRules(orgs[0]!, 10)).toEqual(orgs.slice(1));
  });

  test("an organisation whose rules are all disabled is left out", async () => {
    await storeRule(harness, { enabled: false });
    expect(await harness.deps.store.platform.alerting.orgsWithRules("", 10)).toEqual([]);
  });

  test("nothing is due where nothing was stored", async () => {
    expect(await harness.deps.store.platform.alerting.nextAt()).toBeNull();
  });
});
