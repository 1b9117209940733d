import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ChangeEventId } from "../../shared/contract/ids.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

test("a message says what was changed near its alert, also where an annotation asks for it", async () => {
  await storeChannel(harness, { kind: "console" });
  const change = { kind: "deployment", title: "api v1.2.3", at: START - 240_000, endAt: null, dimensions: { service: "api" } } as const;
  const told = { link: null, source: null, createdBy: { kind: "key", id: "key_a" }, createdAt: START } as const;
  await harness.deps.store.forOrg(harness.org).changeEvents.insert({ ...change, ...told, id: harness.deps.newId<ChangeEventId>("chg") });

  const notifier = notifierOver(() => harness);
  const rule = storeRule(harness, { annotations: { suspect: "{{changes}}" } });
  await notifier.fireNow(rule, { service: "api" });
  const { payload } = await notifier.only();
  expect(payload.alerts).toMatchObject([{ related: { changes: [{ title: "api v1.2.3" }] } }]);
  expect(harness.printed.join()).toContain("Changes near it: deployment api v1.2.3, 4 min before");
  expect(harness.printed.join()).toContain("suspect: deployment api v1.2.3, 4 min before");
});
