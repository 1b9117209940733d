import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { Rule } from "../../shared/contract/rule.ts";
import { RoutesDefinition, WEEKDAYS } from "../../shared/contract/alert-policy.ts";
import { storePolicy } from "../../shared/testing/alert-policies.ts";
import { evaluate, storeRule } from "../../shared/testing/alerting.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
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
const backtest = async (request: object, org = harness.org) => (await harness.call(backtestRule, request, { org })) as Backtest;
const iso = (minutesAgo: number) => new Date(START - minutesAgo * MINUTE).toISOString();
/** A day of minutes up to now; from some minutes ago to others the value is 95. */
const day = (stretches: readonly (readonly [from: number, to: number])[]) =>
  Array.from({ length: 1_440 }, (_, n): [number, number] => {
    const ago = 1_440 - n;
    return [START - ago * MINUTE, stretches.some(([from, to]) => ago <= from && ago > to) ? 95 : 50];
  });

describe("200", () => {
  test("a draft's alerts on stored points are answered as live evaluation would have opened them", async () => {
    const series = await harness.store("cpu", day([[600, 540]]), { host: "a" });
    await harness.store("cpu", day([]), { host: "b" });
    expect(await backtest({ rule: rule({ for: "5m" }), from: START - DAY })).toEqual({
      from: iso(1_440),
      to: iso(0),
      recomputed: false,
      points: 2_880,
      evaluations: 2_880,
      episodeCount: 1,
      firingMinutes: 55,
      notifications: 2,
      messages: { firing: 1, resolved: 1, pagesPerWeek: 7 },
      labels: null,
      series: expect.arrayContaining([
        { id: series, metricKey: "cpu", dimensions: { host: "a" }, points: 1_440, episodeCount: 1, firingMinutes: 55 },
        expect.objectContaining({ dimensions: { host: "b" }, points: 1_440, episodeCount: 0, firingMinutes: 0 }),
      ]),
      episodes: [
        {
          series,
          severity: "warning",
          pendingAt: iso(600),
          startedAt: iso(595),
          resolvedAt: iso(540),
          reason: "recovered",
          group: null,
          firingValue: 95,
          peak: { timestamp: iso(600), value: 95 },
          evidence: expect.objectContaining({ kind: "threshold", value: 95 }),
        },
      ],
    });
  });

  describe("of what people would have been told", () => {
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

  test("nothing is stored and nobody is told", async () => {
    await harness.store("cpu", day([[600, 540]]));
    harness.committed.length = 0;
    await backtest({ rule: rule(), from: START - DAY });
    const { rules, alerts } = harness.deps.store.forOrg(harness.org);
    expect([(await rules.enabled()).length, (await alerts.list({}, { limit: 10, cursor: undefined }, START)).items.length]).toEqual([0, 0]);
    expect(harness.committed).toEqual([]);
  });

  test("a stored rule is tried as it is, also on a part of the time, and on named series only", async () => {
    const { id } = await storeRule(harness);
    await harness.store("cpu", day([[600, 540]]), { host: "a" });
    const b = await harness.store(
      "cpu",
      day([
        [300, 290],
        [30, 20],
      ]),
      { host: "b" },
    );
    const times = { from: START - 400 * MINUTE, to: START - 100 * MINUTE };
    const { series, episodes, points } = await backtest({
      ruleId: id,
      ...times,
      series: [{ metricKey: "cpu", dimensions: { host: "b" } }],
    });
    expect(series.map((one) => one.id)).toEqual([b]);
    expect(points).toBe(300);
    expect(episodes.map(({ startedAt, resolvedAt }) => [startedAt, resolvedAt])).toEqual([[iso(300), iso(290)]]);
    expect(await backtest({ ruleId: id, ...times, series: [b] })).toMatchObject({ episodeCount: 1 });
  });

  test("an anomaly rule runs over scores that are computed anew, and says so", async () => {
    const spike = START - 100 * MINUTE;
    const series = await harness.store("cpu", quietPoints(3_000, { until: START - MINUTE, spikes: [spike] }));
    const answer = await backtest({ rule: rule({ kind: "anomaly", condition: { minSeverity: "critical" } }), from: START - DAY });
    expect(answer).toMatchObject({ recomputed: true, points: 1_440, episodeCount: 1 });
    expect(answer.episodes).toMatchObject([{ series, startedAt: iso(100), firingValue: 500, peak: { value: 500 } }]);
  });

  test("a rate of change is tried over its windows, those that reach back before the time too", async () => {
    const climbing = Array.from({ length: 200 }, (_, n): [number, number] => [START - (200 - n) * MINUTE, Math.max(0, n - 90) * 10]);
    await harness.store("cpu", climbing);
    const rate = rule({ kind: "rate-of-change", condition: { operator: "gte", value: 10, unit: "per_minute", window: "10m" } });
    expect((await backtest({ rule: rate, from: START - 120 * MINUTE })).episodes).toMatchObject([{ startedAt: iso(101), firingValue: 10 }]);
    expect((await backtest({ rule: rate, from: START - 60 * MINUTE })).episodes).toMatchObject([{ startedAt: iso(60) }]);
  });

  test("missing data are tried on what was silent, and on what was required and never came", async () => {
    const gap = day([]).filter(([timestamp]) => timestamp < START - 300 * MINUTE || timestamp >= START - 200 * MINUTE);
    const series = await harness.store("cpu", gap, { host: "a" });
    const condition = { expectedInterval: "1m", requireSeries: [series, { dimensions: { host: "b" } }] };
    const answer = await backtest({ rule: rule({ kind: "missing-data", condition }), from: START - 600 * MINUTE });
    expect(answer.episodes).toMatchObject([
      { startedAt: iso(596), resolvedAt: null, evidence: { kind: "missing-data", lastSeenAt: null, duration: 4 * MINUTE } },
      { series, startedAt: iso(297), resolvedAt: iso(200), reason: "recovered" },
    ]);
    expect(answer.series.map(({ dimensions, points }) => [dimensions, points])).toEqual([
      [{ host: "a" }, 500],
      [{ host: "b" }, 0],
    ]);
  });

  test("a forecast rule is tried on the forecasts that were stored", async () => {
    const series = await harness.store("cpu", day([]));
    const { forecasts } = harness.deps.store.forOrg(harness.org);
    for (const [ago, mean] of [
      [300, 50],
      [200, 99],
      [190, 99],
      [100, 50],
    ] as const) {
      const cutoff = START - ago * MINUTE;
      const column = (value: number) => Array.from({ length: 60 }, () => value);
      const parameters = { horizon: 60, levels: [80], backend: "native" as const };
      await forecasts.save(
        { id: harness.deps.newId("fct"), series, cutoff, createdAt: cutoff, parameters },
        {
          backend: "native",
          frequency: "1m",
          timestamps: Array.from({ length: 60 }, (_, n) => cutoff + (n + 1) * MINUTE),
          mean: column(mean),
          intervals: [{ level: 80, lo: column(mean - 2), hi: column(mean + 2) }],
          models: [],
          seasonLength: 1,
          seasons: [],
          accuracy: { mae: null, rmse: null, mape: null, smape: null, mase: null, skill: null },
          warnings: [],
        },
      );
    }
    const breach = rule({ kind: "forecast", condition: { operator: "gt", value: 90, horizon: "1h" } });
    expect((await backtest({ rule: breach, from: START - 400 * MINUTE })).episodes).toMatchObject([
      { startedAt: iso(190), resolvedAt: iso(140), evidence: { kind: "forecast", agreeing: 2, of: 3 } },
    ]);
  });

  test("a composite rule is tried with the rules that it looks at, as they are now", async () => {
    await harness.store("cpu", day([[600, 540]]));
    await harness.store("disk", day([[570, 500]]));
    const [cpu, disk] = [await storeRule(harness), await storeRule(harness, { selector: { metricKey: "disk" } })];
    const both = { name: "Both", kind: "composite", condition: { all: [cpu.id, disk.id] } };
    expect(await backtest({ rule: both, from: START - DAY })).toMatchObject({
      series: [],
      episodes: [{ series: null, startedAt: iso(570), resolvedAt: iso(540), evidence: { kind: "composite", operator: "all" } }],
    });
  });

  test("incidents that are named make alerts right or wrong", async () => {
    await harness.store(
      "cpu",
      day([
        [600, 540],
        [300, 290],
      ]),
    );
    const incidents = [
      { from: iso(590), to: iso(550) },
      { from: iso(100), to: iso(90) },
    ];
    expect(await backtest({ rule: rule(), from: START - DAY, incidents })).toMatchObject({
      labels: { incidents: 2, found: 1, truePositives: 1, falsePositives: 1, unlabelled: 0 },
      precision: 0.5,
      recall: 0.5,
    });
  });

  test("what people said of anomalies does so too; alerts of which nobody said anything stay out", async () => {
    const series = await harness.store(
      "cpu",
      day([
        [600, 540],
        [300, 290],
        [30, 20],
      ]),
    );
    const { verdicts } = harness.deps.store.forOrg(harness.org);
    const said = { series, isOpen: false, note: null, by: { kind: "key", id: "key_a" }, at: START, clearedAt: null } as const;
    for (const [from, to, verdict] of [
      [590, 580, "incident"],
      [300, 290, "expected"],
    ] as const) {
      const stretch = { ...said, from: START - from * MINUTE, to: START - to * MINUTE, verdict };
      expect(await verdicts.save(stretch, { version: 0, at: START })).toBe(true);
    }
    expect(await backtest({ rule: rule(), from: START - DAY })).toMatchObject({
      labels: { incidents: 1, found: 1, truePositives: 1, falsePositives: 1, unlabelled: 1 },
      precision: 0.5,
      recall: 1,
    });
  });
});

describe("400", () => {
  test.each<[object, string]>([
    [{ from: START - DAY }, ""],
    [{ rule: rule(), ruleId: `rul_${"0".repeat(24)}`, from: START - DAY }, ""],
    [{ rule: rule(), from: START, to: START - DAY }, ""],
  ])("%j is refused by its contract", async (request) => {
    await expect(backtest(request)).rejects.toThrow(/Expected (either rule or ruleId|from before to)/);
  });

  test.each<[string, object, string, RegExp]>([
    ["a time that has not begun", { from: START + DAY }, "from", /before now/],
    ["a series that is not there", { series: [`ser_${"0".repeat(24)}`] }, "series[0]", /no such series/],
    [
      "a required series that is not there",
      { rule: rule({ kind: "missing-data", condition: { requireSeries: [`ser_${"0".repeat(24)}`] } }) },
      "rule.condition.requireSeries[0]",
      /no such series/,
    ],
    ["too much time", { rule: rule({ interval: "1s" }), from: START - 365 * DAY }, "from", /at most 10000000 evaluations/],
    [
      "a pattern that RE2 refuses",
      { rule: rule({ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "(" }] } }) },
      "",
      /./,
    ],
  ])("%s is refused with what is wrong", async (_, request, path, message) => {
    await harness.store("cpu", day([]));
    const refused = backtest({ rule: rule(), from: START - DAY, ...request });
    await expect(refused).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: path === "" ? expect.any(String) : path, message: expect.stringMatching(message) }],
    });
  });

  test("more series than may be looked at are refused with the limit", async () => {
    for (let n = 0; n <= 100; n += 1) await harness.store("cpu", [[START - MINUTE, 1]], { host: String(n) });
    await expect(backtest({ rule: rule(), from: START - DAY })).rejects.toMatchObject({
      errors: [{ path: "series", message: expect.stringContaining("at most 100 series") }],
    });
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing", async () => {
    const { id } = await storeRule(harness);
    await expect(backtest({ ruleId: id, from: START - DAY }, harness.otherOrg)).rejects.toMatchObject({ kind: "not-found" });
  });
});
