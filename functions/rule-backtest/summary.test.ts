import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { Rule } from "../../shared/contract/rule.ts";
import { RoutesDefinition, WEEKDAYS } from "../../shared/contract/alert-policy.ts";
import { storePolicy } from "../../shared/testing/alert-policies.ts";
import { evaluate, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { backtestRule } from "./backtest.ts";
import type { Backtest } from "./contract.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const rule = (changes: object = {}) => ({
  name: "CPU is high",
  kind: "threshold",
  selector: { metricKey: "cpu" },
  condition: { operator: "gt", value: 90 },
  ...changes,
});
const backtest = async (request: object) => (await harness.call(backtestRule, request)) as Backtest;
/** A day of minutes up to now; from some minutes ago to others the value is 95. */
const day = (stretches: readonly (readonly [from: number, to: number])[]) =>
  Array.from({ length: 1_440 }, (_, n): [number, number] => {
    const ago = 1_440 - n;
    return [START - ago * MINUTE, stretches.some(([from, to]) => ago <= from && ago > to) ? 95 : 50];
  });

describe("what people would have been told", () => {
  const told = async (changes: object = {}) =>
    (await backtest({ rule: rule({ evalDelay: "0s", ...changes }), from: START - DAY })).messages;
  const matchers = [{ name: "rule", op: "=", value: "CPU is high" }] as const;
  // START is 10:00 UTC: the alert fires from midnight to 01:00.
  const stored = () => harness.store("cpu", day([[600, 540]]), { host: "a" });

  test("a mute window of now leaves out what it would have hidden, and what outlasts it is told at its end", async () => {
    await stored();
    const window = { name: "Nights", timezone: "UTC", weekdays: [...WEEKDAYS], start: "23:00", matchers: [...matchers], enabled: true };
    const id = await storePolicy(harness, "mute-window", { ...window, end: "06:00" });
    expect(await told()).toMatchObject({ firing: 0, resolved: 0 });
    expect(await told({ name: "Another" })).toMatchObject({ firing: 1, resolved: 1 });

    const { alertPolicies } = harness.deps.store.forOrg(harness.org);
    const before = (await alertPolicies.get("mute-window", id))!;
    const after = { ...before, version: 2, definition: { ...before.definition, end: "00:30" } };
    expect(await alertPolicies.replace(after, { kind: "key", id: "key_a" })).toBe(true);
    expect(await told()).toMatchObject({ firing: 1, resolved: 1 });
  });

  describe("inhibitions as they are now", () => {
    const inhibition = {
      name: "The node is down",
      source: [{ name: "rule", op: "=", value: "Node is down" }],
      target: [{ name: "rule", op: "=", value: "CPU is high" }],
      equal: ["host"],
      enabled: true,
    } as const;
    const inhibit = (changes: object = {}) =>
      storePolicy(harness, "inhibition", {
        ...inhibition,
        source: [...inhibition.source],
        target: [...inhibition.target],
        equal: ["host"],
        ...changes,
      });
    /** An alert of another rule from some minutes ago to others. */
    async function downFor(host: string, from: number, to: number, rule?: Rule) {
      const down = rule ?? (await storeRule(harness, { name: "Node is down", selector: { metricKey: "up" } }));
      await evaluate(harness, down, { outcome: "true", value: 95, at: START - from * MINUTE }, { host });
      await evaluate(harness, down, { outcome: "false", value: 0, at: START - to * MINUTE }, { host });
      return down;
    }

    test("leave out of what they are about what they would have hidden while their source fired", async () => {
      await stored();
      await downFor("a", 601, 500);
      expect(await told()).toMatchObject({ firing: 1, resolved: 1 });
      await inhibit();
      expect(await told()).toMatchObject({ firing: 0, resolved: 0 });
      expect(await told({ name: "Another" })).toMatchObject({ firing: 1, resolved: 1 });
    });

    test.each([
      ["another host was down", "b", 601, 500, 1],
      ["it was over before", "a", 700, 601, 1],
      ["it came after", "a", 530, 500, 1],
      ["it was over in the midst, after which what still fires is told", "a", 601, 560, 1],
      ["it began long before the time", "a", 2 * 1_440, 500, 0],
    ])("where %s", async (_, host, from, to, firing) => {
      await stored();
      await inhibit();
      await downFor(host, from, to);
      expect(await told()).toMatchObject({ firing });
    });

    test("also look for their source among the alerts of the rule itself", async () => {
      const severe = { condition: { operator: "gt", value: 90, critical: { value: 94 } } };
      await harness.store("cpu", day([[600, 540]]), { host: "a", rack: "r" });
      await harness.store(
        "cpu",
        day([]).map(([at, value]) => [at, value === 50 && at >= START - 600 * MINUTE && at < START - 540 * MINUTE ? 92 : value]),
        { host: "b", rack: "r" },
      );
      expect(await told(severe)).toMatchObject({ firing: 1 });
      await storePolicy(harness, "routes", v.parse(RoutesDefinition, { groupBy: ["host"] }));
      expect(await told(severe)).toMatchObject({ firing: 2 });
      const by = (severity: string) => [{ name: "severity", op: "=" as const, value: severity }];
      await inhibit({ source: by("critical"), target: by("warning"), equal: ["rack"] });
      expect(await told(severe)).toMatchObject({ firing: 1 });
    });

    test("pass over what a stored rule itself fired then: it fires anew", async () => {
      await stored();
      const rule = await storeRule(harness);
      await evaluate(harness, rule, { outcome: "true", value: 95, severity: "critical", at: START - 601 * MINUTE }, { host: "a" });
      const by = (severity: string) => [{ name: "severity", op: "=" as const, value: severity }];
      await inhibit({ source: by("critical"), target: by("warning") });
      expect((await backtest({ ruleId: rule.id, from: START - 600 * MINUTE })).messages).toMatchObject({ firing: 1 });
      expect(await told()).toMatchObject({ firing: 0 });
    });
  });

  test("the present routes say who is told together, how often, and of what nobody is", async () => {
    for (const host of ["a", "b", "c"]) await harness.store("cpu", day([[600, 0]]), { host });
    const routes = (changes: object) => storePolicy(harness, "routes", v.parse(RoutesDefinition, changes));
    expect(await told()).toMatchObject({ firing: 3 });
    await routes({ groupBy: ["host"] });
    expect(await told()).toMatchObject({ firing: 9 });
    await routes({ groupBy: ["host"], repeatInterval: "1h" });
    expect((await told()).firing).toBeGreaterThan(25);
    await routes({ routes: [{ matchers: [{ name: "host", op: "=", value: "a" }], channels: [] }] });
    expect(await told()).toMatchObject({ firing: 3 });
    await routes({ channels: [] });
    expect(await told()).toMatchObject({ firing: 0, resolved: 0 });
  });

  test("a silence of that time, which has ended since, leaves out what it hid, and one of another time nothing", async () => {
    await stored();
    const silence = { matchers: [{ name: "host", op: "=", value: "a" }], author: "Ada", reason: "A new disk" } as const;
    const minutesAgo = (from: number, to: number) => ({ startsAt: START - from * MINUTE, endsAt: START - to * MINUTE });
    await storePolicy(harness, "silence", { ...silence, matchers: [...silence.matchers], ...minutesAgo(400, 300) });
    expect(await told()).toMatchObject({ firing: 1, resolved: 1 });
    await storePolicy(harness, "silence", { ...silence, matchers: [...silence.matchers], ...minutesAgo(601, 500) });
    expect(await told()).toMatchObject({ firing: 0, resolved: 0, pagesPerWeek: 0 });
  });
});
