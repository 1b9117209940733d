import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { storePolicy } from "../../shared/testing/alert-policies.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { minute, MINUTE } from "../../shared/testing/evaluation.ts";
import { startSystem } from "../../shared/testing/system.ts";
import type { TestSystem } from "../../shared/testing/system.ts";

let system: TestSystem;
let rule: Rule;
let key: string;
beforeEach(async () => {
  system = await startSystem();
  rule = await storeRule(system.harness, { severity: "critical" });
  key = await system.http.keyOf(system.harness.org, ["admin", "read"]);
});
afterEach(() => system.harness.close());

/** Stores a point a minute, 1 for a high one, and lets each minute's tick do its work half a minute on. */
async function live(course: string, from = 0): Promise<void> {
  const { harness } = system;
  for (const [n, digit] of course.split("").entries()) {
    harness.clock.set(minute(from + n));
    await harness.store("cpu", [[minute(from + n), digit === "1" ? 95 : 50]]);
    harness.clock.set(minute(from + n) + MINUTE / 2);
    await system.tick();
  }
}
/** What is told of one that flaps from its second alert on. */
const begun = ["Critical: CPU is high on cpu", "Critical, flapping: CPU is high on cpu"];
const titles = () => system.harness.printed.map((text) => text.split("\n")[0]);
/** What was sent to a channel, oldest first, and of one time what fires first. */
async function sent(): Promise<readonly { kind: string; reason: string | null; alerts: readonly AlertId[] }[]> {
  const { harness } = system;
  const { items } = await harness.deps.store.forOrg(harness.org).deliveries.list({}, { limit: 100 });
  const inOrder = items.toSorted((a, b) => a.createdAt - b.createdAt || a.kind.localeCompare(b.kind));
  return inOrder.map(({ kind, payload: { reason }, alerts }) => ({ kind, reason, alerts }));
}
const alerts = async () => {
  const { deps, org, clock } = system.harness;
  return (await deps.store.forOrg(org).alerts.list({ rule: rule.id }, { limit: 100 }, clock.now())).items.toReversed();
};

describe("an alert that flaps", () => {
  test("is told once as flapping, and when it is calm as resolved, whatever it did in between", async () => {
    await storeChannel(system.harness, { kind: "console" });
    await live("101010101010");
    expect(titles()).toEqual(begun);
    expect(system.harness.printed[1]).toContain("Is flapping: 4 changes in 3 min; further changes are not told until it is calm");
    await live("00000", 12);
    expect(titles().slice(2)).toEqual(["Resolved: CPU is high on cpu"]);
    expect(await alerts()).toHaveLength(6);
  });

  test("is told as firing where it fires when it is calm, and a channel that keeps a state hears of each end once", async () => {
    await storeChannel(system.harness, { kind: "webhook", config: { url: "https://hooks.example/a" } });
    system.harness.answerFetch(async () => ({ status: 200, headers: {}, body: "" }));
    await live("10101010111111");
    const all = await alerts();
    const [first, flapping, last] = [all[0]!.id, all[1]!.id, all.at(-1)!.id];
    const messages = await sent();
    expect(messages.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
      "firing: first",
      "firing: flapping",
      "resolved: some resolved",
      "firing: new alert",
      "resolved: some resolved",
    ]);
    expect(messages.map(({ alerts: about }) => about)).toEqual([[first], [flapping], [first], [last], [flapping]]);
  });

  test("shows that it flaps, in its transitions too, until it is calm", async () => {
    await live("10101011");
    const id = (await alerts()).at(-1)!.id;
    const shown = async () => (await system.request("GET", `/api/v1/alerts/${id}`, { key })).body;
    expect(await shown()).toMatchObject({
      status: "suppressed",
      suppressedBy: ["flapping"],
      evidence: { flapping: { changes: 4, overMs: 3 * MINUTE } },
    });
    await live("1111", 8);
    const calm = await shown();
    expect(calm).toMatchObject({ status: "firing", suppressedBy: [] });
    expect(calm).not.toHaveProperty("evidence.flapping");
    const { body } = await system.request("GET", `/api/v1/alerts/${id}/transitions`, { key });
    expect((body as { items: { reason: string }[] }).items.map(({ reason }) => reason)).toEqual(["true", "fired", "calm"]);
  });

  test("is not told as flapping while it is silenced", async () => {
    const { harness } = system;
    await storeChannel(harness, { kind: "console" });
    await storePolicy(harness, "silence", {
      matchers: [{ name: "metric", op: "=", value: "cpu" }],
      author: "Ada",
      reason: "A new disk",
      startsAt: minute(0),
      endsAt: minute(600),
    });
    await live("10101010000000");
    expect(titles()).toEqual([]);
  });

  test("that its rule was deleted under is told to be over", async () => {
    await storeChannel(system.harness, { kind: "console" });
    await live("10101010");
    await system.request("DELETE", `/api/v1/rules/${rule.id}`, { key });
    await live("0000000", 8);
    expect(titles()).toEqual([...begun, "Resolved: CPU is high on cpu"]);
  });
});
