import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Rule } from "../../shared/contract/rule.ts";
import type { Instance } from "../../shared/core/alert/step.ts";
import { acknowledge } from "../../shared/core/alert/step.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { changesOf, episodesOf, ingested, minute, MINUTE, tick, transitionsOf } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const work = async (on = harness) => {
  await on.deliver(onEvent, ingested(on));
  await on.deliver(onTick, tick(on));
};

/** A point, when it comes in, and how often: in minutes after the tests' start. */
interface Arrival {
  readonly at: number;
  readonly value: number;
  readonly delay: number;
  readonly copies: number;
}

/** Stores points minute by minute as they come in, and evaluates each minute until all is evaluated. */
async function live(arrivals: readonly Arrival[], until: number, on = harness): Promise<void> {
  for (let n = 0; n <= until; n++) {
    on.clock.set(minute(n));
    for (const { at, value, delay, copies } of arrivals) {
      for (let copy = 0; copy < copies; copy++) if (at + delay + copy === n) await on.store("cpu", [[minute(at), value]]);
    }
    await work(on);
  }
}

const inTime = (values: readonly (number | null)[]): Arrival[] =>
  values.flatMap((value, at) => (value === null ? [] : [{ at, value, delay: 0, copies: 1 }]));

/** Episodes as people know them in the end: those that were none after all are none. */
const lastingEpisodes = async (rule: Rule, on = harness) => (await episodesOf(on, rule)).filter(({ reason }) => reason !== "corrected");

describe("points that come within the lateness bound", () => {
  const points = fc.array(
    fc.record({ value: fc.constantFrom(50, 85, 95, 100, null), delay: fc.nat({ max: 8 }), copies: fc.integer({ min: 1, max: 2 }) }),
    { minLength: 5, maxLength: 25 },
  );
  const rules = fc.record({
    for: fc.constantFrom("0s", "2m"),
    keepFiringFor: fc.constantFrom("0s", "2m"),
    noData: fc.constantFrom("keep_last", "alert", "ok"),
    evalDelay: fc.constantFrom("0s", "1m"),
    interval: fc.constantFrom("1m", "2m"),
    condition: fc.record({
      operator: fc.constant("gt"),
      value: fc.constant(90),
      recover: fc.constant(80),
      critical: fc.constant({ value: 99 }),
      aggregate: fc.constantFrom("last", "avg", "max"),
      window: fc.constantFrom("1m", "3m"),
    }),
  });

  test("lead to the episodes that there would be had they come in time, in whatever order and however often", async () => {
    const run = async (changes: Record<string, unknown>, arrivals: readonly Arrival[]) => {
      const on = await startHarness();
      const rule = await storeRule(on, changes);
      await live(arrivals, 37, on);
      const episodes = await lastingEpisodes(rule, on);
      const rows = await on.database.read(
        "SELECT state -> '$.changes' AS changes, state -> '$.flapping.since' AS since FROM rule_instance",
        {},
      );
      on.close();
      return { episodes, flapping: rows.map(({ changes, since }) => [changes, since]) };
    };
    await fc.assert(
      fc.asyncProperty(rules, points, async (changes, of) => {
        const arrivals = of.flatMap(({ value, ...rest }, at) => (value === null ? [] : [{ at, value, ...rest }]));
        const expected = await run(
          changes,
          arrivals.map((one) => ({ ...one, delay: 0, copies: 1 })),
        );
        expect(await run(changes, arrivals)).toEqual(expected);
      }),
      { numRuns: 40, seed: 11 },
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ["rate", { kind: "rate-of-change", condition: { operator: "gt", value: 8, recover: 2, unit: "per_minute", window: "3m" } }],
    ["missing-data", { kind: "missing-data", condition: { expectedInterval: "1m", grace: 2 } }],
  ])("lead a %s rule to those episodes too", async (_kind, definition) => {
    const run = async (changes: Record<string, unknown>, arrivals: readonly Arrival[]) => {
      const on = await startHarness();
      const rule = await storeRule(on, { ...definition, ...changes });
      await live(arrivals, 37, on);
      const episodes = await lastingEpisodes(rule, on);
      on.close();
      return episodes;
    };
    const patience = rules.map(({ condition: _, ...rest }) => rest);
    let fired = 0;
    await fc.assert(
      fc.asyncProperty(patience, points, async (changes, of) => {
        const arrivals = of.flatMap(({ value, ...rest }, at) => (value === null ? [] : [{ at, value, ...rest }]));
        const expected = await run(
          changes,
          arrivals.map((one) => ({ ...one, delay: 0, copies: 1 })),
        );
        fired += expected.length;
        expect(await run(changes, arrivals)).toEqual(expected);
      }),
      { numRuns: 25, seed: 12 },
    );
    expect(fired).toBeGreaterThan(10);
  });

  test("end a firing that was none after all as corrected, and those who were told of it are told so", async () => {
    const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, aggregate: "avg", window: "1m" } });
    await live([...inTime([50, 95, 50]), { at: 1, value: 10, delay: 4, copies: 1 }], 3);
    expect(await lastingEpisodes(rule)).toEqual([{ from: 1, to: 2, reason: "recovered", severity: "warning" }]);
    await live([{ at: 1, value: 10, delay: 4, copies: 1 }], 6);
    expect(await episodesOf(harness, rule)).toEqual([{ from: 1, to: 2, reason: "corrected", severity: "warning" }]);
  });

  test("lead to the same flapping, found and over, as had they come in time", async () => {
    const flapping = async (arrivals: readonly Arrival[]) => {
      const on = await startHarness();
      const rule = await storeRule(on);
      await live(arrivals, 13, on);
      const [row] = await on.database.read("SELECT state FROM rule_instance", {});
      on.close();
      const { flapping: found, changes } = JSON.parse(row!["state"] as string) as Instance;
      return [found?.since ?? null, found?.episode.startedAt ?? null, (changes ?? []).length, rule.interval];
    };
    const course = [95, 50, 95, 50, 95, 50, 95, 50, 95, 50, 95, 50];
    const late = (of: readonly Arrival[], values: readonly number[]) => of.filter(({ at }) => !values.includes(at));
    expect(await flapping(inTime(course))).toEqual([minute(3), minute(2), 1, MINUTE]);
    const points = [...late(inTime(course), [2, 9]), { at: 2, value: 95, delay: 7, copies: 1 }, { at: 9, value: 50, delay: 3, copies: 2 }];
    expect(await flapping(points)).toEqual([minute(3), minute(2), 1, MINUTE]);
    const calmAfterAll = inTime(course).map((one) => ({ ...one, value: one.at % 2 === 0 ? 95 : 50 }));
    const corrections = [1, 3, 5, 7, 9, 11].map((at) => ({ at, value: 95, delay: 1, copies: 1 }));
    expect(await flapping([...late(calmAfterAll, [1, 3, 5, 7, 9, 11]), ...corrections])).toEqual([null, null, 1, MINUTE]);
  });

  test("open an alert again that was said to be over, and tell so", async () => {
    const rule = await storeRule(harness);
    const arrivals = [
      ...inTime([95, null, null, 50]),
      { at: 1, value: 95, delay: 3, copies: 1 },
      { at: 2, value: 95, delay: 3, copies: 1 },
    ];
    const until = { at: 3, value: 95, delay: 3, copies: 1 };
    await live([...arrivals, until], 10);
    expect(await episodesOf(harness, rule)).toEqual([{ from: 0, to: null, reason: null, severity: "warning" }]);
    expect((await changesOf(harness)).map(({ data }) => data.to)).toEqual(["firing", "resolved", "firing"]);
    expect((await transitionsOf(harness, harness.org)).at(-1)).toBe("episode resolved>open");
  });

  test("that change nothing write nothing", async () => {
    await storeRule(harness);
    await live(inTime([50, 95, 95, 50, 50]), 6);
    const versions = async () => harness.database.read("SELECT version, state, checkpoints FROM rule_instance", {});
    const [before, transitions] = [await versions(), await transitionsOf(harness, harness.org)];
    await harness.store("cpu", [[minute(2), 95]]);
    await work();
    expect([await versions(), await transitionsOf(harness, harness.org)]).toEqual([before, transitions]);
  });

  test("do not undo what somebody did meanwhile", async () => {
    const rule = await storeRule(harness);
    await live(inTime([50, 95, 95]), 3);
    const { instances, alerts } = harness.deps.store.forOrg(harness.org);
    const [alert] = (await alerts.list({ rule: rule.id }, { limit: 1 }, minute(3))).items;
    const [loaded] = await instances.getMany([alert!.instance]);
    const { instance: after, transitions } = acknowledge(loaded!.state, { kind: "key", id: "key_a", name: "Ada" }, minute(3), null);
    const change = instanceChange(loaded!, { after, transitions }, rule, alert!.series);
    expect(await instances.commit({ rule, changes: [change], at: minute(3) })).toBe(true);
    await harness.store("cpu", [[minute(1), 50]]);
    harness.clock.set(minute(4));
    await work();
    const [now] = (await alerts.list({ rule: rule.id }, { limit: 1 }, minute(4))).items;
    expect(now!.episode).toMatchObject({ id: alert!.id, acknowledged: { by: { name: "Ada" } }, resolvedAt: null });
  });
});

test.each([
  [10, 1],
  [11, 0],
])("a point that comes %d minutes late makes %d alerts: ten are within the bound", async (delay, alerts) => {
  const rule = await storeRule(harness, { condition: { operator: "gt", value: 90, aggregate: "max", window: "1m" } });
  await live([...inTime(Array.from({ length: 25 }, () => 50)), { at: 4, value: 95, delay, copies: 1 }], 25);
  expect(await episodesOf(harness, rule)).toHaveLength(alerts);
});

test.each([
  ["alone", [null, null, null, null, null, null]],
  ["among others", [50, 50, 50, 50, 50, 50]],
])("a point ahead of its time makes no alert before that has come, %s", async (_how, values) => {
  const rule = await storeRule(harness, { evalDelay: 0 });
  const arrivals = [...inTime(values), { at: 6, value: 95, delay: -4, copies: 1 }];
  await live(arrivals, 5);
  expect(await episodesOf(harness, rule)).toEqual([]);
  harness.clock.set(minute(6));
  await work();
  expect(await episodesOf(harness, rule)).toEqual([{ from: 6, to: null, reason: null, severity: "warning" }]);
});

describe("points that come later than that", () => {
  test("are history: no alert is made of them, nor ended by them", async () => {
    const rule = await storeRule(harness);
    await live(inTime([50, 50, 50, 95, 95, 95]), 12);
    const before = await episodesOf(harness, rule);
    await harness.store("cpu", [
      [minute(1), 95],
      [minute(1) + 30_000, 50],
    ]);
    harness.clock.set(minute(13));
    await work();
    expect(await episodesOf(harness, rule)).toEqual(before);
  });

  test("begin nothing in a series that is new", async () => {
    const rule = await storeRule(harness);
    harness.clock.set(minute(30));
    await harness.store("cpu", [[minute(19), 95]]);
    for (let n = 30; n < 35; n++) {
      harness.clock.set(minute(n));
      await work();
    }
    expect(await episodesOf(harness, rule)).toEqual([]);
  });
});
