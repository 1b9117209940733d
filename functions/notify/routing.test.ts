import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import { InhibitionDefinition, MuteWindowDefinition, RoutesDefinition } from "../../shared/contract/alert-policy.ts";
import type { AlertId, ChannelId, OrgId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { PolicyDefinitions, PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { is, storePolicy, suppressedBy } from "../../shared/testing/alert-policies.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";

let harness: Harness;
let pager: ChannelId;
let chat: ChannelId;
/** With a channel of those that keep a state, and one of those that people read. */
async function start(): Promise<void> {
  harness = await startHarness();
  harness.answerFetch(async () => ({ status: 200, headers: {}, body: "ok" }));
  pager = (await storeChannel(harness, { kind: "webhook", name: "pager", config: { url: "https://hooks.example.com/one" } })).id;
  chat = (await storeChannel(harness, { kind: "console", name: "chat" })).id;
}
beforeEach(start);
afterEach(() => harness.close());

const { hand, ring, deliveries } = notifierOver(() => harness);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const critical = { severity: "critical" } as const;

const say = <Kind extends PolicyKind>(kind: Kind, definition: PolicyDefinitions[Kind], org?: OrgId) =>
  storePolicy(harness, kind, definition, org);
const route = (tree: object) => say("routes", v.parse(RoutesDefinition, tree));
const silence = (from: number, to: number, org?: OrgId) =>
  say("silence", { matchers: [is("metric", "cpu")], author: "Ada", reason: "Works", startsAt: START + from, endsAt: START + to }, org);
const inhibit = () =>
  say(
    "inhibition",
    v.parse(InhibitionDefinition, { name: "Down", source: [is("rule", "Down")], target: [is("rule", "Slow")], equal: ["host"] }),
  );

/** What was sent, oldest first, as `pager firing: first [a b]` with the alerts' names. */
async function told(names: Readonly<Record<string, AlertId>>): Promise<readonly string[]> {
  const nameOf = (id: AlertId) => Object.entries(names).find(([, alert]) => alert === id)?.[0] ?? id;
  return (await deliveries()).map(({ channel, kind, payload: { reason }, alerts, createdAt }) => {
    const minute = (createdAt - START) / MINUTE;
    return `${minute} ${channel === pager ? "pager" : "chat"} ${kind}: ${reason} [${alerts.map(nameOf).toSorted().join(" ")}]`;
  });
}
/** The ticks of each minute, from one after the start to another. */
async function minutes(from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await ring(START + n * MINUTE);
}
const fires = async (rule: Rule, host: string, more: object = critical) => {
  const alert = await fire(harness, rule, { ...more, dimensions: { host } });
  await hand();
  return alert;
};
const ends = async (rule: Rule, host: string) => {
  await evaluate(harness, rule, { outcome: "false", value: 1 }, { host });
  await hand();
};
const at = (n: number) => harness.clock.set(START + n * MINUTE);

describe("routes", () => {
  test("tell each alert to the channels of the first route that takes it, and the rest to the root's", async () => {
    await route({ channels: [chat], routes: [{ matchers: [is("severity", "critical")], channels: [pager] }] });
    const rule = await storeRule(harness);
    const [a, b] = [await fires(rule, "a"), await fires(rule, "b", {})];
    await minutes(0, 2);
    expect(await told({ a, b })).toEqual(["0 pager firing: first [a]", "1 chat firing: first [b]"]);
  });

  test("group by labels across rules, with the patience of the route", async () => {
    await route({ channels: [chat], groupBy: ["host"], groupWait: "2m", groupWaitCritical: "2m", groupInterval: "10m" });
    const [one, two] = [await storeRule(harness, { name: "One" }), await storeRule(harness, { name: "Two" })];
    const [a, b, c] = [await fires(one, "x"), await fires(two, "x"), await fires(one, "y")];
    await minutes(0, 3);
    expect((await told({ a, b, c })).toSorted()).toEqual(["2 chat firing: first [a b]", "2 chat firing: first [c]"]);
    const d = await fires(await storeRule(harness, { name: "Three" }), "x");
    await minutes(4, 20);
    expect((await told({ a, b, c, d })).slice(2)).toEqual(["12 chat firing: new alert [a b d]"]);
  });

  test("repeat after their own interval, and where they have none after the rule's", async () => {
    await route({ channels: [chat], routes: [{ matchers: [is("host", "x")], repeatInterval: "10m" }] });
    const rule = await storeRule(harness, { repeatInterval: "20m" });
    const [a, b] = [await fires(rule, "x"), await fires(rule, "y")];
    await minutes(0, 21);
    expect((await told({ a, b })).toSorted()).toEqual([
      "0 chat firing: first [a]",
      "0 chat firing: first [b]",
      "10 chat firing: repeat [a]",
      "20 chat firing: repeat [a]",
      "20 chat firing: repeat [b]",
    ]);
  });

  test("that tell nobody tell nobody, and one that goes on tells a channel of both once", async () => {
    await route({
      channels: [],
      routes: [
        { matchers: [is("host", "x")], channels: [chat], continue: true },
        { matchers: [is("host", "x")], channels: [chat, pager] },
      ],
    });
    const rule = await storeRule(harness);
    const [a, b] = [await fires(rule, "x"), await fires(rule, "y")];
    at(1);
    await ends(rule, "x");
    await minutes(1, 12);
    expect((await told({ a, b })).toSorted()).toEqual([
      "0 chat firing: first [a]",
      "0 pager firing: first [a]",
      "5 chat resolved: all resolved [a]",
      "5 pager resolved: all resolved [a]",
    ]);
  });

  test("that want no resolves for people still close what keeps a state", async () => {
    await route({ sendResolved: false });
    const rule = await storeRule(harness);
    const a = await fires(rule, "x");
    at(1);
    await ends(rule, "x");
    await minutes(1, 6);
    expect((await told({ a })).slice(2)).toEqual(["5 pager resolved: all resolved [a]"]);
  });

  test("that change while alerts fire tell those who have not heard, and everybody who has of the end, once", async () => {
    const rule = await storeRule(harness);
    await route({ channels: [chat] });
    const [a, b] = [await fires(rule, "x"), await fires(rule, "y")];
    await minutes(0, 6);
    await route({ channels: [chat], routes: [{ matchers: [is("host", "x")], channels: [pager] }] });
    await minutes(7, 20);
    at(21);
    await ends(rule, "x");
    await ends(rule, "y");
    await minutes(21, 40);
    const all = await told({ a, b });
    expect(all.map((text) => text.replace(/^\d+ /, "")).toSorted()).toEqual([
      "chat firing: first [a]",
      "chat firing: new alert [a b]",
      "chat resolved: all resolved [a]",
      "chat resolved: all resolved [b]",
      "pager firing: first [a]",
      "pager resolved: all resolved [a]",
    ]);
  });

  test("by severity hear of an alert that becomes critical, and of its end wherever it was told", async () => {
    await route({ channels: [chat], routes: [{ matchers: [is("severity", "critical")], channels: [pager] }] });
    const rule = await storeRule(harness);
    const a = await fires(rule, "x", {});
    await minutes(0, 2);
    await evaluate(harness, rule, { outcome: "true", value: 99, severity: "critical" }, { host: "x" });
    await hand();
    at(3);
    await ends(rule, "x");
    await minutes(3, 20);
    expect((await told({ a })).map((text) => text.replace(/^\d+ /, "")).toSorted()).toEqual([
      "chat firing: first [a]",
      "chat resolved: all resolved [a]",
      "pager firing: first [a]",
      "pager resolved: all resolved [a]",
    ]);
  });

  test.each([1, 2, 3, 4])("a worker killed at write number %d while alerts move loses nothing and tells nothing twice", async (nth) => {
    const rule = await storeRule(harness);
    await route({ channels: [chat] });
    const a = await fires(rule, "x");
    await minutes(0, 1);
    await route({ channels: [chat], groupBy: ["host"], routes: [{ matchers: [is("host", "x")], channels: [chat, pager] }] });
    killWrite(harness, "after", nth);
    for (let n = 2; n <= 4; n += 1) await ring(START + n * MINUTE).catch(() => {});
    await minutes(5, 12);
    at(13);
    await ends(rule, "x");
    await minutes(13, 20);
    expect((await told({ a })).map((text) => text.replace(/^\d+ /, "")).toSorted()).toEqual([
      "chat firing: first [a]",
      "chat resolved: all resolved [a]",
      "pager firing: first [a]",
      "pager resolved: all resolved [a]",
    ]);
  });
});

describe("a silence", () => {
  test("hides what begins in it, and what still fires at its end is told once, then", async () => {
    const id = await silence(0, 7 * MINUTE);
    const a = await fires(await storeRule(harness), "x");
    expect(await suppressedBy(harness, a)).toEqual([`silence:${id}`]);
    const { alerts } = harness.deps.store.forOrg(harness.org);
    const listed = await alerts.list({ status: ["suppressed"] }, { limit: 10 }, harness.clock.now());
    expect(listed.items.map(({ id: hidden }) => hidden)).toEqual([a]);
    await minutes(0, 60);
    expect((await told({ a })).toSorted()).toEqual(["7 chat firing: first [a]", "7 pager firing: first [a]"]);
    expect(await suppressedBy(harness, a)).toEqual([]);
  });

  test("has its end as the group's next flush, for which the alarm is set", async () => {
    await silence(0, 90 * SECOND);
    await fires(await storeRule(harness), "x");
    expect(harness.alarms).toContain(START + 90 * SECOND);
  });

  test("of what was told before: people hear nothing of the end, what keeps a state is closed, once", async () => {
    const rule = await storeRule(harness);
    const a = await fires(rule, "x");
    await silence(MINUTE, HOUR);
    await minutes(1, 8);
    await ends(rule, "x");
    await minutes(9, 70);
    expect((await told({ a })).toSorted()).toEqual([
      "0 chat firing: first [a]",
      "0 pager firing: first [a]",
      "10 pager resolved: all resolved [a]",
    ]);
  });

  test("of what was never told: nobody hears of its end", async () => {
    const rule = await storeRule(harness);
    await silence(0, HOUR);
    const a = await fires(rule, "x");
    await minutes(0, 8);
    await ends(rule, "x");
    await minutes(9, 70);
    expect(await told({ a })).toEqual([]);
  });

  test("is shown within a minute of its start, and tells again at its end what was told before", async () => {
    const a = await fires(await storeRule(harness), "x");
    await silence(150 * SECOND, 11 * MINUTE);
    await minutes(1, 2);
    expect(await suppressedBy(harness, a)).toEqual([]);
    await minutes(3, 3);
    expect(await suppressedBy(harness, a)).toHaveLength(1);
    await minutes(4, 30);
    expect((await told({ a })).slice(2).toSorted()).toEqual([
      "11 chat firing: suppression ended [a]",
      "11 pager firing: suppression ended [a]",
    ]);
  });

  test("of another organisation hides nothing here", async () => {
    await silence(0, HOUR, harness.otherOrg);
    const a = await fires(await storeRule(harness), "x");
    await minutes(0, 1);
    expect([await suppressedBy(harness, a), (await told({ a })).length]).toEqual([[], 2]);
  });

  test("that ends does not repeat what somebody has taken on", async () => {
    const rule = await storeRule(harness);
    const a = await fires(rule, "x");
    const { alerts, instances } = harness.deps.store.forOrg(harness.org);
    const { instance: id, series } = (await alerts.get(a))!;
    const [loaded] = await instances.getMany([id]);
    const { instance: after, transitions } = acknowledge(loaded!.state, { kind: "key", id: "key_test" }, START, null);
    await instances.commit({ rule, changes: [instanceChange(loaded!, { after, transitions }, rule, series)], at: START });
    await hand();
    await silence(MINUTE, 11 * MINUTE);
    await minutes(1, 300);
    expect(await told({ a })).toHaveLength(2);
  });
});

describe("a mute window", () => {
  test("hides in its time by the clock of its zone, and tells once at its end what still fires", async () => {
    // START is 11:00 in Berlin.
    const night = { name: "Works", timezone: "Europe/Berlin", start: "11:02", end: "11:20" };
    const id = await say("mute-window", v.parse(MuteWindowDefinition, night));
    const rule = await storeRule(harness);
    const a = await fires(rule, "x");
    at(3);
    const b = await fires(rule, "y");
    expect([await suppressedBy(harness, a), await suppressedBy(harness, b)]).toEqual([[], [`mute-window:${id}`]]);
    await minutes(3, 60);
    expect((await told({ a, b })).filter((text) => text.includes("chat"))).toEqual([
      "0 chat firing: first [a]",
      "20 chat firing: new alert [a b]",
    ]);
  });
});

describe("an inhibition", () => {
  test("hides while its source fires, and lets go within a minute of its end", async () => {
    const id = await inhibit();
    const [down, slow] = [await storeRule(harness, { name: "Down" }), await storeRule(harness, { name: "Slow" })];
    const a = await fires(down, "x");
    const [b, c] = [await fires(slow, "x"), await fires(slow, "y")];
    const hiding = await Promise.all([a, b, c].map((alert) => suppressedBy(harness, alert)));
    expect(hiding).toEqual([[], [`inhibition:${id}`], []]);
    await minutes(0, 6);
    await ends(down, "x");
    await minutes(7, 7);
    expect(await suppressedBy(harness, b)).toEqual([]);
    await minutes(8, 9);
    expect((await told({ a, b, c })).filter((text) => text.includes("chat")).toSorted()).toEqual([
      "0 chat firing: first [a]",
      "0 chat firing: first [c]",
      "7 chat firing: new alert [b c]",
    ]);
  });

  test("hides within a second what fired before its source", async () => {
    await inhibit();
    const slow = await storeRule(harness, { name: "Slow" });
    const b = await fires(slow, "x");
    expect(await suppressedBy(harness, b)).toEqual([]);
    await fires(await storeRule(harness, { name: "Down" }), "x");
    expect(harness.alarms).toContain(harness.clock.now() + SECOND);
    await ring(harness.clock.now() + SECOND);
    expect(await suppressedBy(harness, b)).toHaveLength(1);
  });
});

describe("whatever happens", () => {
  const TREES = [
    {},
    { channels: [], routes: [{ matchers: [is("host", "x")], groupBy: ["host"] }] },
    { groupBy: [], resolveAtOnce: true, routes: [{ matchers: [is("severity", "critical")], groupInterval: "2m" }] },
  ];
  const act = fc.oneof(
    fc.record({ kind: fc.constant("fire" as const), host: fc.constantFrom("x", "y"), isCritical: fc.boolean() }),
    fc.record({ kind: fc.constant("end" as const), host: fc.constantFrom("x", "y") }),
    fc.record({ kind: fc.constant("silence" as const), forMinutes: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant("routes" as const), tree: fc.nat({ max: TREES.length - 1 }) }),
    fc.record({ kind: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 6 }) }),
  );

  test("what keeps a state gets one resolve for each alert it was told of, and none for another", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
        harness.close();
        await start();
        const rule = await storeRule(harness);
        let now = 0;
        const pass = async (n: number) => {
          for (let to = now + n; now < to;) await minutes((now += 1), now);
        };
        for (const one of acts) {
          // No two evaluations at one time.
          harness.clock.advance(1);
          if (one.kind === "fire") await evaluate(harness, rule, { outcome: "true", value: 99, severity: one.isCritical ? "critical" : "warning" }, { host: one.host }); // prettier-ignore
          if (one.kind === "end") await evaluate(harness, rule, { outcome: "false", value: 1 }, { host: one.host });
          if (one.kind === "silence") await silence(now * MINUTE, (now + one.forMinutes) * MINUTE);
          if (one.kind === "routes") await route(TREES[one.tree]!);
          await hand();
          if (one.kind === "wait") await pass(one.minutes);
        }
        harness.clock.advance(1);
        for (const minutesOn of [5, 30]) {
          for (const host of ["x", "y"]) await evaluate(harness, rule, { outcome: "false", value: 1 }, { host });
          await hand();
          await pass(minutesOn);
        }

        const sent = await deliveries();
        const of = (channel: ChannelId, kind: string) =>
          sent.filter((delivery) => delivery.channel === channel && delivery.kind === kind).flatMap(({ alerts }) => alerts);
        expect(of(pager, "resolved").toSorted()).toEqual([...new Set(of(pager, "firing"))].toSorted());
        const people = of(chat, "resolved");
        expect(new Set(people).size).toBe(people.length);
        expect(people.filter((alert) => !of(chat, "firing").includes(alert))).toEqual([]);
      }),
      { numRuns: 25, seed: 7 },
    );
  });
});

test("a group of the time before routes could be configured goes on where it belongs now, and nobody is told again", async () => {
  const rule = await storeRule(harness);
  const a = await fires(rule, "x");
  const { groups } = harness.deps.store.forOrg(harness.org);
  const [group] = await groups.ofAlerts([a]);
  // As the migration leaves it: the root's, under another key.
  const old = { ...group!, id: `grp_${"0".repeat(24)}` as typeof group & string, labels: {}, version: 0 };
  await harness.database.write([
    { sql: "DELETE FROM alert_group", args: {} },
    { sql: "DELETE FROM alert_group_member", args: {} },
  ]);
  expect(await groups.saveAll([old as never])).toBe(true);
  await minutes(1, 12);
  await ends(rule, "x");
  await minutes(13, 20);
  expect((await told({ a })).map((text) => text.replace(/^\d+ /, "")).toSorted()).toEqual([
    "chat firing: first [a]",
    "chat resolved: all resolved [a]",
    "pager firing: first [a]",
    "pager resolved: all resolved [a]",
  ]);
  expect((await groups.ofAlerts([a])).map(({ id }) => id)).not.toContain(old.id);
});
