import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Event } from "../../shared/contract/events.ts";
import type { AlertId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite, tick } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { handOn } from "../../shared/testing/notifier.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const critical = { severity: "critical" } as const;

/** The alerts that have changed since it was last called, as the bus would tell of them. */
const changed = (on = harness): readonly Event[] => on.committed.splice(0).filter(({ type }) => type === "alert.changed");
const hand = (events: readonly Event[], on = harness) => handOn(on, events);
/** Rings at a time, and hands on what that changes. */
async function ring(at: number, on = harness): Promise<void> {
  on.clock.set(at);
  await on.deliver(onTick, tick(on));
}
const resolve = (rule: Rule, dimensions = {}, on = harness) => evaluate(on, rule, { outcome: "false", value: 50 }, dimensions);
/** What was sent, oldest first: kind, reason and alerts. */
async function told(on = harness) {
  const { items } = await on.deps.store.forOrg(on.org).deliveries.list({}, { limit: 100 });
  return items.toReversed().map(({ kind, status, payload: { reason }, alerts }) => ({ kind, status, reason, alerts: alerts.toSorted() }));
}
const message = (reason: string, alerts: readonly AlertId[], kind = "firing") => {
  return { kind, reason, alerts: alerts.toSorted(), status: "delivered" };
};

describe("the default grouping", () => {
  test("tells of a warning after half a minute, when the alarm that it set rings", async () => {
    await storeChannel(harness, { kind: "console" });
    const alert = await fire(harness, await storeRule(harness));
    await hand(changed());
    expect(harness.alarms).toEqual([START + 30 * SECOND]);
    await ring(START + 30 * SECOND - 1);
    expect(harness.printed).toEqual([]);
    await ring(START + 30 * SECOND);
    expect(harness.printed).toEqual([expect.stringMatching(/^Warning: CPU is high on cpu\n/)]);
    expect(await told()).toEqual([message("first", [alert])]);
  });

  test("tells of what is critical at once", async () => {
    await storeChannel(harness, { kind: "console" });
    await fire(harness, await storeRule(harness), critical);
    await hand(changed());
    expect(harness.printed).toEqual([expect.stringMatching(/^Critical: /)]);
  });

  test("tells each channel of all alerts of a rule in one message, and of each rule by itself", async () => {
    for (const name of ["one", "two"]) await storeChannel(harness, { kind: "inbox", name });
    const [first, second] = [await storeRule(harness, { name: "First" }), await storeRule(harness, { name: "Second" })];
    const alerts = [await fire(harness, first, { dimensions: { host: "a" } }), await fire(harness, first, { dimensions: { host: "b" } })];
    const other = await fire(harness, second);
    await hand(changed());
    await ring(START + 30 * SECOND);

    expect((await told()).toSorted((a, b) => b.alerts.length - a.alerts.length)).toEqual([
      message("first", alerts),
      message("first", alerts),
      message("first", [other]),
      message("first", [other]),
    ]);
    const tenant = harness.deps.store.forOrg(harness.org);
    const { items } = await tenant.inbox.list({ limit: 10 });
    expect(items.map(({ title }) => title).toSorted()).toEqual([
      "Warning: First on 2 series",
      "Warning: First on 2 series",
      "Warning: Second on cpu",
      "Warning: Second on cpu",
    ]);
    const [shown] = items.find(({ title }) => title.startsWith("Warning: Second"))!.alerts;
    const now = alertAnswer((await tenant.alerts.get(other))!, harness.clock.now());
    expect(shown).toMatchObject({ ...now, notificationCount: 0, lastNotifiedAt: null });
    expect(now.notificationCount).toBe(1);
  });

  test("gathers what comes later for five minutes, and tells what fires and what ended", async () => {
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness);
    const a = await fire(harness, rule, { ...critical, dimensions: { host: "a" } });
    await hand(changed());
    harness.clock.set(START + 60 * SECOND);
    const b = await fire(harness, rule, { ...critical, dimensions: { host: "b" } });
    await resolve(rule, { host: "a" });
    await hand(changed());
    await ring(START + 300 * SECOND - 1);
    expect(await told()).toHaveLength(1);
    await ring(START + 300 * SECOND);
    const later = (await told()).slice(1).toSorted((one, other) => one.kind.localeCompare(other.kind));
    expect(later).toEqual([message("new alert", [b]), message("some resolved", [a], "resolved")]);
  });

  test("tells the channels of its own organisation only", async () => {
    await storeChannel(harness, { kind: "console" }, harness.otherOrg);
    await fire(harness, await storeRule(harness), critical);
    await hand(changed());
    await ring(START + 60 * SECOND);
    expect(harness.printed).toEqual([]);
  });
});

describe("events that come as they like", () => {
  test("duplicated and reordered, they change nothing about what is told", async () => {
    const hosts = ["a", "b", "c"];
    const order = fc.array(fc.nat({ max: 3 }), { minLength: 6, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(order, async (mix) => {
        const on = await startHarness();
        await storeChannel(on, { kind: "console" });
        const rule = await storeRule(on);
        const alerts = [];
        for (const host of hosts) alerts.push(await fire(on, rule, { dimensions: { host } }));
        on.clock.advance(SECOND);
        await resolve(rule, { host: "a" }, on);
        const events = changed(on);
        expect(events).toHaveLength(4);
        // In some order, some of them several times; each at least once in the end.
        await hand(
          mix.map((n) => events[n]!),
          on,
        );
        await hand(events.toReversed(), on);
        await ring(START + 60 * SECOND, on);
        await hand(events, on);
        await ring(START + 120 * SECOND, on);
        expect(await told(on)).toEqual([message("first", [alerts[1]!, alerts[2]!])]);
        on.close();
      }),
      { numRuns: 20, seed: 11 },
    );
  });

  test("handed to two workers at once, one message is sent", async () => {
    await storeChannel(harness, { kind: "console" });
    await fire(harness, await storeRule(harness), critical);
    const [event] = changed();
    await Promise.all([hand([event!]), hand([event!]), ring(START)]);
    expect(harness.printed).toHaveLength(1);
  });

  test("nobody is told of what fired and ended between two flushes", async () => {
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness);
    await fire(harness, rule);
    await hand(changed());
    harness.clock.advance(10 * SECOND);
    await resolve(rule);
    await hand(changed());
    await ring(START + 60 * SECOND);
    expect(await told()).toEqual([]);
  });

  test("nor while the event of its end is still on its way", async () => {
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness);
    await fire(harness, rule);
    await hand(changed());
    harness.clock.advance(10 * SECOND);
    await resolve(rule);
    await ring(START + 60 * SECOND);
    await hand(changed());
    await ring(START + 600 * SECOND);
    expect(await told()).toEqual([]);
  });

  const writes = [1, 2, 3, 4, 5].flatMap((nth) => (["before", "after"] as const).map((moment) => [nth, moment] as const));
  test.each(writes)("a worker killed at its write number %d, %s it, loses nothing and says nothing twice", async (nth, moment) => {
    const tenant = harness.deps.store.forOrg(harness.org);
    await storeChannel(harness, { kind: "inbox" });
    const alert = await fire(harness, await storeRule(harness), critical);
    const events = changed();
    killWrite(harness, moment, nth);
    await expect(hand(events)).rejects.toThrow();
    await hand(events);
    await ring(START + 31 * SECOND);
    expect(await told()).toEqual([message("first", [alert])]);
    expect((await tenant.inbox.list({ limit: 10 })).items).toHaveLength(1);
    expect((await tenant.alerts.get(alert))!.notificationCount).toBe(1);
  });
});

describe("a group that goes on firing", () => {
  /** Takes an alert on, as a person would. */
  async function takeOn(alert: AlertId, rule: Rule): Promise<void> {
    const { alerts, instances } = harness.deps.store.forOrg(harness.org);
    const { instance: id, series } = (await alerts.get(alert))!;
    const [loaded] = await instances.getMany([id]);
    const { instance: after, transitions } = acknowledge(loaded!.state, { kind: "key", id: "key_test" }, harness.clock.now(), null);
    const changes = [instanceChange(loaded!, { after, transitions }, rule, series)];
    expect(await instances.commit({ rule, changes, at: harness.clock.now() })).toBe(true);
    await hand(changed());
  }
  const fiveMinutely = async (from: number, to: number) => {
    for (let at = from; at <= to; at += 300 * SECOND) await ring(at);
  };

  test("is told again after the repeat interval of its rule", async () => {
    await storeChannel(harness, { kind: "console" });
    const alert = await fire(harness, await storeRule(harness, { repeatInterval: "1h" }), critical);
    await hand(changed());
    await fiveMinutely(START, START + HOUR - 1);
    expect(await told()).toHaveLength(1);
    await fiveMinutely(START + HOUR, START + 2 * HOUR);
    expect(await told()).toEqual([message("first", [alert]), message("repeat", [alert]), message("repeat", [alert])]);
  });

  test("is not told again once somebody has taken it on", async () => {
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness, { repeatInterval: "1h" });
    const alert = await fire(harness, rule, critical);
    await hand(changed());
    await takeOn(alert, rule);
    await fiveMinutely(START, START + 3 * HOUR);
    expect(await told()).toEqual([message("first", [alert])]);
  });

  test.each([0, 1, 2])("is open again when another alert joins it, also if the worker is killed at write number %d", async (nth) => {
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness, { repeatInterval: "1h" });
    const a = await fire(harness, rule, { ...critical, dimensions: { host: "a" } });
    await hand(changed());
    await takeOn(a, rule);
    const b = await fire(harness, rule, { ...critical, dimensions: { host: "b" } });
    const events = changed();
    if (nth > 0) {
      killWrite(harness, "before", nth);
      await hand(events).catch(() => {});
    }
    await hand(events);
    await hand(changed());
    expect((await harness.deps.store.forOrg(harness.org).alerts.get(a))!.episode.acknowledged).toBeNull();
    await fiveMinutely(START + 300 * SECOND, START + 300 * SECOND + HOUR);
    expect(await told()).toEqual([message("first", [a]), message("new alert", [a, b]), message("repeat", [a, b])]);
  });
});
