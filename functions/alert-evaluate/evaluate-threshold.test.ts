import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Rule } from "../../shared/contract/rule.ts";
import { batchOf } from "../../shared/core/series/batch.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { ruleDefinition, storeRule } from "../../shared/testing/alerting.ts";
import {
  beforeNextWrite,
  changesOf,
  episodesOf,
  ingested,
  killWrite,
  minute,
  tick,
  transitionsOf,
} from "../../shared/testing/evaluation.ts";
import type { EpisodeInMinutes } from "../../shared/testing/evaluation.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onIngested from "../detect/event.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

type Doing = "event" | "tick";
const work = (what: Doing, on = harness) =>
  on.deliver(...(what === "event" ? ([onEvent, ingested(on)] as const) : ([onTick, tick(on)] as const)));

/** Stores a value a minute, null for none, and does what `doing` says each minute; then comes one more tick, when all is due. */
async function live(
  values: readonly (number | null)[],
  doing: (n: number) => readonly Doing[],
  on = harness,
  dimensions = {},
): Promise<void> {
  for (const [n, value] of values.entries()) {
    on.clock.set(minute(n));
    if (value !== null) await on.store("cpu", [[minute(n), value]], dimensions);
    for (const what of doing(n)) await work(what, on);
  }
  on.clock.set(minute(values.length));
  await work("tick", on);
}
const everyMinute = (): readonly Doing[] => ["event", "tick"];
const episode = (from: number, to: number | null, more: Partial<EpisodeInMinutes> = {}): EpisodeInMinutes => ({
  from,
  to,
  reason: to === null ? null : "recovered",
  severity: "warning",
  ...more,
});

describe("a threshold rule over stored points", () => {
  test("waits for as long as `for` says, fires, resolves, and tells the outbox of the beginning and the end", async () => {
    const rule = await storeRule(harness, { for: "2m" });
    await live([50, 95, 95, 95, 50], everyMinute);
    expect(await episodesOf(harness, rule)).toEqual([episode(3, 4)]);
    expect(await transitionsOf(harness, harness.org)).toEqual([
      "condition inactive>pending",
      "condition pending>firing",
      "episode >open",
      "condition firing>inactive",
      "episode open>resolved",
    ]);
    expect((await changesOf(harness)).map(({ data, org }) => [org, data.to])).toEqual([
      [harness.org, "firing"],
      [harness.org, "resolved"],
    ]);
  });

  test("leaves no trace of a breach that is shorter than `for`, but its transitions", async () => {
    const rule = await storeRule(harness, { for: "2m" });
    await live([50, 95, 95, 50], everyMinute);
    expect(await episodesOf(harness, rule)).toEqual([]);
    expect(await changesOf(harness)).toEqual([]);
  });

  test("evaluates what evalDelay has waited for, and nothing younger", async () => {
    const rule = await storeRule(harness, { evalDelay: "3m" });
    await harness.store("cpu", [[minute(0), 95]]);
    harness.clock.set(minute(3) - 1);
    await work("tick");
    expect(await episodesOf(harness, rule)).toEqual([]);
    harness.clock.set(minute(3));
    await work("tick");
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
  });

  test("holds on until the recovery threshold, and keeps firing for as long as it says", async () => {
    const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, recover: 80 }, keepFiringFor: "1m" });
    await live([95, 85, 80, 95, 80, 80], everyMinute);
    expect(await episodesOf(harness, rule)).toEqual([episode(0, 5)]);
  });

  test("tells when a warning becomes critical", async () => {
    const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, critical: { value: 99 } } });
    await live([95, 100, 95], everyMinute);
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
    expect(await transitionsOf(harness, harness.org)).toEqual([
      "condition inactive>firing",
      "episode >open",
      "episode open>open",
      "episode open>open",
    ]);
  });

  test("gives each series an instance of its own, also one that comes later", async () => {
    const rule = await storeRule(harness);
    await live([95, 95], everyMinute, harness, { host: "a" });
    harness.clock.set(minute(3));
    await harness.store("cpu", [[minute(3), 95]], { host: "b" });
    harness.clock.set(minute(4));
    await work("event");
    expect((await episodesOf(harness, rule)).toSorted((a, b) => a.from - b.from)).toEqual([episode(0, null), episode(3, null)]);
  });

  test("misses no points of a series from before its first one", async () => {
    await storeRule(harness, { interval: "1s", noData: "alert" });
    await harness.store("cpu", [[START, 50]]);
    await work("event");
    harness.clock.advance(59_000);
    await work("event");
    expect(await transitionsOf(harness, harness.org)).toEqual([]);
  });

  test("watches what its selector picks, and no other series", async () => {
    const rule = await storeRule(harness, { selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "a.*" }] } });
    await harness.store("cpu", [[START, 95]], { host: "b" });
    await harness.store("memory", [[START, 95]], { host: "a" });
    await live([95], everyMinute, harness, { host: "a1" });
    expect(await episodesOf(harness, rule)).toHaveLength(1);
  });
});

describe("when it is worked off", () => {
  const values = fc.array(fc.constantFrom(50, 85, 95, null), { minLength: 5, maxLength: 20 });
  const days = fc.array(fc.array(fc.constantFrom<Doing>("event", "tick"), { maxLength: 3 }), { minLength: 20, maxLength: 20 });
  const rules = fc.record({
    for: fc.constantFrom("0s", "1m", "2m"),
    keepFiringFor: fc.constantFrom("0s", "1m"),
    noData: fc.constantFrom("keep_last", "alert", "ok"),
    evalDelay: fc.constantFrom("0s", "1m", "90s"),
  });

  test("events and ticks in any mix, late, duplicated or left out, give the same transitions", async () => {
    const run = async (changes: object, of: readonly (number | null)[], doing: (n: number) => readonly Doing[]) => {
      const on = await startHarness();
      const rule = await storeRule(on, { condition: { operator: "gt", value: 90, recover: 80 }, ...changes });
      await live(of, doing, on);
      const result = { episodes: await episodesOf(on, rule), transitions: await transitionsOf(on, on.org) };
      on.close();
      return result;
    };
    await fc.assert(
      fc.asyncProperty(rules, values, days, async (changes, of, mix) => {
        expect(await run(changes, of, (n) => mix[n]!)).toEqual(await run(changes, of, everyMinute));
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  test("two workers at once write each transition once", async () => {
    const rule = await storeRule(harness, { keepFiringFor: "1m" });
    for (const [n, value] of [95, 95, 50, 50, 95].entries()) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), value]]);
      harness.clock.set(minute(n + 1));
      await Promise.all([work("event"), work("tick"), work("event")]);
    }
    expect(await episodesOf(harness, rule)).toEqual([episode(0, 3), episode(4, null)]);
    expect(await transitionsOf(harness, harness.org)).toEqual([
      "condition inactive>firing",
      "episode >open",
      "condition firing>recovering",
      "condition recovering>inactive",
      "episode open>resolved",
      "condition inactive>firing",
      "episode >open",
    ]);
    expect((await changesOf(harness)).map(({ data }) => data.to)).toEqual(["firing", "resolved", "firing"]);
  });

  test.each(["before", "after"] as const)("a worker killed %s its write leaves nothing half done", async (moment) => {
    const rule = await storeRule(harness);
    await harness.store("cpu", [[START, 95]]);
    harness.clock.set(minute(1));
    // The first write takes the lease.
    killWrite(harness, moment, 2);
    await expect(work("event")).rejects.toThrow("killed");
    const written = moment === "after" ? 1 : 0;
    expect(await episodesOf(harness, rule)).toHaveLength(written);
    expect(await changesOf(harness)).toHaveLength(written);
    expect(await transitionsOf(harness, harness.org)).toHaveLength(2 * written);

    await work("event");
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
    expect(await changesOf(harness)).toHaveLength(1);
    expect(await transitionsOf(harness, harness.org)).toHaveLength(2);
  });

  test("an outage of up to an hour is made up, evaluation by evaluation", async () => {
    const rule = await storeRule(harness, { for: "2m" });
    const values = Array.from({ length: 60 }, (_, n) => ((n >= 10 && n < 20) || n >= 40 ? 95 : 50));
    await live(values, (n) => (n < 2 ? ["tick"] : []));
    expect(await episodesOf(harness, rule)).toEqual([episode(12, 20), episode(42, null)]);
  });

  test("of a longer outage the last hour is made up", async () => {
    const rule = await storeRule(harness);
    const values = Array.from({ length: 120 }, (_, n) => (n === 10 || n === 100 ? 95 : 50));
    await live(values, (n) => (n < 2 ? ["tick"] : []));
    expect(await episodesOf(harness, rule)).toEqual([episode(100, 101)]);
  });
});

describe("a series that falls silent", () => {
  const silentFor = async (ms: number) => {
    harness.clock.set(minute(1) + ms);
    await work("tick");
  };
  const DAY = 86_400_000;
  const instances = async () => (await harness.database.read("SELECT id FROM rule_instance", {})).length;

  test("expires after 24 hours, which is no recovery, and begins anew when it comes back", async () => {
    const rule = await storeRule(harness);
    await live([95], everyMinute);
    await silentFor(DAY - 60_000);
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
    await silentFor(DAY);
    const expired = episode(0, 1_440, { reason: "expired" });
    expect(await episodesOf(harness, rule)).toEqual([expired]);
    expect(await instances()).toBe(0);

    await silentFor(2 * DAY);
    expect(await instances()).toBe(0);
    await harness.store("cpu", [[minute(2_882), 95]]);
    harness.clock.set(minute(2_883));
    await work("event");
    expect(await episodesOf(harness, rule)).toEqual([expired, episode(2_882, null)]);
  });

  test("expires as soon or as late as its rule says", async () => {
    const [soon, late] = [await storeRule(harness, { expireAfter: "2h" }), await storeRule(harness, { expireAfter: "72h" })];
    await live([95], everyMinute);
    await silentFor(2 * 3_600_000);
    expect(await episodesOf(harness, soon)).toEqual([episode(0, 120, { reason: "expired" })]);
    await silentFor(3 * DAY - 60_000);
    expect(await episodesOf(harness, late)).toEqual([episode(0, null)]);
    await silentFor(3 * DAY);
    expect(await episodesOf(harness, late)).toEqual([episode(0, 3 * 1_440, { reason: "expired" })]);
  });

  test("is not silent because detection does not look at it any more", async () => {
    const rule = await storeRule(harness);
    await live([95], everyMinute);
    await harness.deliver(onIngested, ingested(harness));
    const { detection, detectionSettings, series } = harness.deps.store.forOrg(harness.org);
    const cpu = series.idOf("cpu", {});
    await detectionSettings.replaceOfSeries(cpu, { enabled: false }, { was: 0, relearn: false, at: harness.clock.now() });
    for (const hours of [23, 46]) {
      await harness.store("cpu", [[minute(hours * 60), 95]]);
      await silentFor(hours * 3_600_000);
      await harness.deliver(onIngested, testEvent("metrics.ingested", harness.org, { seq: 3, n: 1, from: 0, to: 0 }));
    }
    // Between points there is nothing in the window, and what detection has seen is two days old.
    await silentFor(47 * 3_600_000);
    await silentFor(48 * 3_600_000);
    expect((await detection.lastScored([cpu])).get(cpu)!.scoredTo).toBe(minute(0));
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
  });

  test("is not silent as long as its window holds a point", async () => {
    const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, window: "3d" } });
    await live([95], everyMinute);
    await silentFor(2 * DAY);
    expect(await episodesOf(harness, rule)).toEqual([episode(0, null)]);
    await silentFor(3 * DAY);
    expect(await episodesOf(harness, rule)).toEqual([episode(0, 3 * 1_440, { reason: "expired" })]);
  });
});

describe("a rule changed between load and write", () => {
  const replace = (rule: Rule, changes: Record<string, unknown>) =>
    harness.deps.store
      .forOrg(harness.org)
      .rules.replace(
        { ...rule, ...ruleDefinition(changes), version: rule.version + 1, updatedAt: harness.clock.now() },
        { changes: [], keeps: "all", at: harness.clock.now() },
      );

  test("is evaluated as it is now", async () => {
    const rule = await storeRule(harness);
    await harness.store("cpu", [[START, 95]], { host: "a" });
    await harness.store("cpu", [[START, 99.5]], { host: "b" });
    harness.clock.set(minute(1));
    beforeNextWrite(harness, () => replace(rule, { condition: { operator: "gt", value: 99 } }));
    await work("event");
    expect(await episodesOf(harness, rule)).toEqual([expect.objectContaining({ to: null })]);
    const [written] = await harness.database.read("SELECT rule_version FROM alert", {});
    expect(written).toMatchObject({ rule_version: 2 });
  });

  test("is not evaluated once it is disabled", async () => {
    const rule = await storeRule(harness);
    await harness.store("cpu", [[START, 95]]);
    harness.clock.set(minute(1));
    beforeNextWrite(harness, () => replace(rule, { enabled: false }));
    await work("event");
    expect(await episodesOf(harness, rule)).toEqual([]);
    expect(await changesOf(harness)).toEqual([]);
  });
});

describe("what belongs to others", () => {
  test("another organisation's series do not fire a rule, and its rules are not evaluated", async () => {
    const [own, other] = [await storeRule(harness), await storeRule(harness, {}, harness.otherOrg)];
    await harness.store("cpu", [[START, 95]]);
    harness.clock.set(minute(1));
    await harness.deliver(onEvent, ingested(harness, harness.otherOrg));
    expect(await transitionsOf(harness, harness.org)).toEqual([]);
    await work("tick");
    expect(await episodesOf(harness, own)).toEqual([episode(0, null)]);
    expect(await episodesOf(harness, other, harness.otherOrg)).toEqual([]);
    expect(await transitionsOf(harness, harness.otherOrg)).toEqual([]);
  });

  test("a rule that cannot be evaluated holds up no other, nor another organisation's, and says so itself after three times", async () => {
    const broken = { selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "(" }] } };
    for (const org of [harness.org, harness.otherOrg]) {
      await storeRule(harness, broken, org);
      await storeRule(harness, {}, org);
      const [canonical, at] = [canonicalDimensions({}), Float64Array.of(START)];
      const points = [
        { series: seriesId(org, "cpu", canonical), metricKey: "cpu", dimensions: canonical, timestamps: at, values: Float64Array.of(95) },
      ];
      await harness.deps.store.forOrg(org).points.append({ points: batchOf(points), rejected: [], at: START });
    }
    harness.clock.set(minute(1));
    await work("tick");
    for (const org of [harness.org, harness.otherOrg]) {
      const transitions = await transitionsOf(harness, org);
      expect(transitions.toSorted()).toEqual(["condition inactive>firing", "condition inactive>pending", "episode >open"]);
    }
    for (let n = 2; n < 6; n++) {
      harness.clock.set(minute(n));
      await work("tick");
    }
    for (const org of [harness.org, harness.otherOrg]) {
      const { items } = await harness.deps.store.forOrg(org).alerts.list({}, { limit: 10 }, harness.clock.now());
      const own = items.filter(({ series }) => series === null);
      expect(own).toMatchObject([{ episode: { resolvedAt: null, evidence: { kind: "evaluation_error" } } }]);
    }
    expect(harness.warnings.filter((text) => text.includes("bad pattern"))).toHaveLength(2);
  });
});

describe("more series than a rule may have instances", () => {
  test("leave the instances there are going on", async () => {
    const MOST = 20;
    const rule = await storeRule(harness, { maxInstances: MOST });
    const append = async (from: number, to: number, value: number) => {
      const points = Array.from({ length: to - from }, (_, row) => {
        const dimensions = canonicalDimensions({ host: String(from + row) });
        const columns = { timestamps: Float64Array.of(harness.clock.now()), values: Float64Array.of(value) };
        return { series: seriesId(harness.org, "cpu", dimensions), metricKey: "cpu", dimensions, ...columns };
      });
      await harness.deps.store.forOrg(harness.org).points.append({ points: batchOf(points), rejected: [], at: harness.clock.now() });
    };
    await append(0, MOST - 1, 95);
    harness.clock.set(minute(1));
    await work("event");
    await append(0, MOST - 1, 50);
    await append(MOST, 2 * MOST, 95);
    harness.clock.set(minute(2));
    await work("event");
    const episodes = await episodesOf(harness, rule);
    expect(episodes.filter(({ to }) => to === 1)).toHaveLength(MOST - 1);
    // One of a series that there was room for, and one that says how many are left out.
    expect(episodes.filter(({ to }) => to === null)).toHaveLength(2);
    const open = await harness.deps.store.forOrg(harness.org).alerts.openOfRule(rule.id);
    const limited = open.filter(({ series }) => series === null);
    expect(limited).toMatchObject([{ episode: { value: MOST - 1, evidence: { kind: "instances_limited", most: MOST } } }]);

    for (let n = 3; n < 15; n++) {
      harness.clock.set(minute(n));
      await work("tick");
    }
    expect((await harness.deps.store.forOrg(harness.org).alerts.getMany([limited[0]!.id]))[0]).toMatchObject({
      episode: { reason: "recovered", resolvedAt: minute(12) },
    });
  });
});
