import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Event } from "../../shared/contract/events.ts";
import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { resolveByHand } from "../../shared/core/alert/step.ts";
import type { DetectorRecord, NewAnomaly } from "../../shared/core/detect/series-detection.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { testAnomaly, testPass, testRecord } from "../../shared/testing/detection.ts";
import { changesOf, episodesOf, MINUTE, minute, tick, transitionsOf } from "../../shared/testing/evaluation.ts";
import { startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
let series: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  series = await harness.store("cpu", [[minute(0), 50]], { host: "a" });
});
afterEach(() => harness.close());

const anomalyRule = (changes: Record<string, unknown> = {}) => storeRule(harness, { kind: "anomaly", condition: {}, ...changes });

/** Writes what a pass of detection found, as it would tell it: a series scored up to a minute, its anomalies, and when they cleared. */
async function scored(
  to: number,
  { anomalies = [], clearedAt, of = series }: { anomalies?: readonly Partial<NewAnomaly>[]; clearedAt?: number; of?: SeriesId } = {},
): Promise<readonly Event[]> {
  const { org } = harness;
  const { detection } = harness.deps.store.forOrg(org);
  const [state] = await detection.states([of]);
  const record: DetectorRecord = { ...testRecord(of, { version: state!.version }), scoredTo: minute(to), cadenceMs: MINUTE };
  const clears = clearedAt === undefined ? [] : [{ series: of, at: minute(clearedAt) }];
  const found = anomalies.map((changes) => testAnomaly(org, of, minute(to), changes));
  const before = harness.committed.length;
  const won = await detection.commit(testPass({ states: [record], anomalies: found, clears, cleared: clears, at: minute(to) }));
  if (!won) throw new Error("The pass was lost");
  return harness.committed.slice(before);
}
const deliver = async (events: readonly Event[]) => {
  for (const one of events) await harness.deliver(onEvent, one);
};
const work = () => harness.deliver(onTick, tick(harness));
const FIRED = { severity: "warning", reason: null, to: null };

describe("an anomaly rule", () => {
  test("fires at once, with the anomaly as its evidence, and ends at the first point that is none", async () => {
    const rule = await anomalyRule();
    harness.clock.set(minute(1) + 100);
    await deliver(await scored(1, { anomalies: [{}] }));
    expect(await episodesOf(harness, rule)).toEqual([{ ...FIRED, from: 1 }]);
    const [alert] = (await harness.deps.store.forOrg(harness.org).alerts.list({}, { limit: 1 }, minute(1))).items;
    expect(alert!.episode.evidence).toMatchObject({
      kind: "anomaly",
      expected: 50,
      score: 0.96,
      methods: { "value-novelty": { score: 0.9 } },
    });

    harness.clock.set(minute(2));
    await deliver(await scored(2, { clearedAt: 2 }));
    expect(await episodesOf(harness, rule)).toEqual([{ from: 1, to: 2, reason: "recovered", severity: "warning" }]);
    expect((await changesOf(harness)).map(({ data }) => data.to)).toEqual(["firing", "resolved"]);
  });

  test("flaps, and is calm once four minutes changed nothing, though no point comes in", async () => {
    await anomalyRule();
    for (const n of [1, 3]) {
      harness.clock.set(minute(n) + 100);
      await deliver(await scored(n, { anomalies: [{}] }));
      harness.clock.set(minute(n + 1) + 100);
      await deliver(await scored(n + 1, { clearedAt: n + 1 }));
    }
    const reasons = async () => {
      const rows = await harness.database.read("SELECT reason, at FROM alert_transition WHERE reason IN ('flapping', 'calm')", {});
      return rows.map(({ reason, at }) => [reason, at]);
    };
    harness.clock.set(minute(8));
    await work();
    expect(await reasons()).toEqual([["flapping", minute(4)]]);
    harness.clock.set(minute(9));
    await work();
    expect(await reasons()).toEqual([
      ["flapping", minute(4)],
      ["calm", minute(8)],
    ]);
  });

  test.each(["expected", "bad-data"] as const)(
    "ends at once when somebody says that the anomaly is %s, and not of an incident",
    async (verdict) => {
      const rule = await anomalyRule();
      harness.clock.set(minute(1));
      await deliver(await scored(1, { anomalies: [{}] }));
      const { verdicts } = harness.deps.store.forOrg(harness.org);
      const said = { series, from: minute(1), to: minute(9), isOpen: true, note: null, by: { kind: "key", id: "key_test" } } as const;
      const at = minute(1) + 20_000;
      harness.clock.set(at);
      harness.committed.length = 0;
      expect(await verdicts.save({ ...said, verdict: "incident", at, clearedAt: null }, { version: 1, at })).toBe(true);
      await deliver(harness.committed);
      expect(await episodesOf(harness, rule)).toEqual([{ ...FIRED, from: 1 }]);

      expect(await verdicts.save({ ...said, verdict, at, clearedAt: at }, { version: 2, at })).toBe(true);
      await deliver(harness.committed);
      expect(await episodesOf(harness, rule)).toMatchObject([{ from: 1, reason: "recovered" }]);
    },
  );

  test("gives the same transitions when events come again, out of order, or at once", async () => {
    const rule = await anomalyRule();
    harness.clock.set(minute(3));
    const events = [
      ...(await scored(1, { anomalies: [{}] })),
      ...(await scored(2, { clearedAt: 2 })),
      ...(await scored(3, { anomalies: [{}] })),
    ];
    await Promise.all([...events, ...events].toReversed().map((one) => harness.deliver(onEvent, one)));
    await deliver(events);
    expect(await episodesOf(harness, rule)).toEqual([
      { from: 1, to: 2, reason: "recovered", severity: "warning" },
      { ...FIRED, from: 3 },
    ]);
    expect(await transitionsOf(harness, harness.org)).toHaveLength(6);
    // One for each episode that was written.
    expect(await changesOf(harness)).toHaveLength(2);
  });

  test.each([
    ["a historical one", { historical: true }],
    ["one that is less severe than it wants", { severity: "low" }],
    ["one in the other direction", { direction: "below" }],
    ["one that its methods did not find", { methods: { "value-novelty": { score: 0.1, weight: 1 } } }],
    ["one that is too close to what was expected", { value: 51 }],
  ] as const)("ignores %s", async (_, changes) => {
    const condition = { direction: "above", methods: ["value-novelty"], minAbsolute: 10 };
    const rule = await anomalyRule({ condition });
    harness.clock.set(minute(1));
    // What is historical is not told: another one, whose event comes, shows that it is not looked at either.
    await scored(1, { anomalies: [changes] });
    await harness.deliver(
      onEvent,
      testEvent("anomaly.detected", harness.org, { series, anomalies: [testAnomaly(harness.org, series, minute(1)).id] }),
    );
    expect(await episodesOf(harness, rule)).toEqual([]);
    harness.clock.set(minute(2));
    await deliver(await scored(2, { anomalies: [{}] }));
    expect(await episodesOf(harness, rule)).toHaveLength(1);
  });

  test("ignores what was anomalous before there was a rule", async () => {
    const events = await scored(1, { anomalies: [{}] });
    harness.clock.set(minute(2));
    const rule = await anomalyRule();
    await deliver(events);
    await work();
    expect(await episodesOf(harness, rule)).toEqual([]);
  });

  test("watches what its selector picks, in its own organisation", async () => {
    const elsewhere = await anomalyRule({ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=", value: "b" }] } });
    const ofMemory = await anomalyRule({ selector: { metricKey: "memory" } });
    const foreign = await storeRule(harness, { kind: "anomaly", condition: {} }, harness.otherOrg);
    harness.clock.set(minute(1));
    const events = await scored(1, { anomalies: [{}] });
    await deliver([...events, ...events.map((one) => ({ ...one, org: harness.otherOrg }))]);
    for (const rule of [elsewhere, ofMemory]) expect(await episodesOf(harness, rule)).toEqual([]);
    expect(await episodesOf(harness, foreign, harness.otherOrg)).toEqual([]);
    expect(await transitionsOf(harness, harness.otherOrg)).toEqual([]);
  });

  test("ends by the tick, three cadences after the last point", async () => {
    const rule = await anomalyRule();
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{ detectedAt: minute(1) }] }));
    harness.clock.set(minute(4) - 1);
    await work();
    expect(await episodesOf(harness, rule)).toEqual([{ ...FIRED, from: 1 }]);
    harness.clock.set(minute(4));
    await work();
    await work();
    expect(await episodesOf(harness, rule)).toEqual([{ from: 1, to: 4, reason: "recovered", severity: "warning" }]);
  });

  test("ends although its end was known only after its patience had been waited for", async () => {
    const rule = await anomalyRule({ for: "2m", evalDelay: "0s" });
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{ detectedAt: minute(1) }] }));
    harness.clock.set(minute(3));
    await work();
    expect(await episodesOf(harness, rule)).toEqual([{ ...FIRED, from: 3 }]);
    harness.clock.set(minute(3) + 5_000);
    await deliver(await scored(3, { clearedAt: 3 }));
    await work();
    const [ended] = await episodesOf(harness, rule);
    expect(ended).toMatchObject({ from: 3, reason: "recovered" });
  });

  test("goes on while anomalies come, also where all points of the series come later than three cadences", async () => {
    const rule = await anomalyRule({ severity: "critical" });
    for (let n = 1; n <= 6; n++) {
      harness.clock.set(minute(n + 5));
      await deliver(await scored(n, { anomalies: [{ detectedAt: minute(n + 5) }] }));
      await work();
    }
    expect(await episodesOf(harness, rule)).toEqual([{ from: 1, to: null, reason: null, severity: "critical" }]);
    harness.clock.set(minute(6 + 3 + 5));
    await work();
    expect(await episodesOf(harness, rule)).toEqual([{ from: 1, to: 9, reason: "recovered", severity: "critical" }]);
  });
});

describe("an anomaly rule that is patient", () => {
  const fired = async (rule: Rule, org: OrgId = harness.org) => (await episodesOf(harness, rule, org)).map(({ from, to }) => [from, to]);

  test("keeps firing for as long as it says, and then ends although nothing new is heard", async () => {
    const rule = await anomalyRule({ keepFiringFor: "3m", evalDelay: "0s" });
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{}] }));
    await deliver(await scored(2, { clearedAt: 2 }));
    harness.clock.set(minute(5) - 1);
    await work();
    expect(await fired(rule)).toEqual([[1, null]]);
    harness.clock.set(minute(7));
    await work();
    expect(await fired(rule)).toEqual([[1, 5]]);
  });

  test("does not fire again for an anomaly that a silence ended, whatever point comes next", async () => {
    const rule = await anomalyRule({ keepFiringFor: "3m", evalDelay: "0s" });
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{}] }));
    harness.clock.set(minute(4));
    await work();
    harness.clock.set(minute(8));
    await deliver(await scored(8, { clearedAt: 8 }));
    expect(await fired(rule)).toEqual([[1, 7]]);
  });

  test("goes on firing when the next anomaly comes while it recovers", async () => {
    const rule = await anomalyRule({ keepFiringFor: "3m" });
    for (const [to, news] of [
      [1, { anomalies: [{}] }],
      [2, { clearedAt: 2 }],
      [4, { anomalies: [{}] }],
    ] as const) {
      harness.clock.set(minute(to));
      await deliver(await scored(to, news));
      await work();
    }
    expect(await fired(rule)).toEqual([[1, null]]);
  });

  test("fires when an anomaly has lasted for as long as it says, also by the tick, and with that anomaly as evidence", async () => {
    const rule = await anomalyRule({ for: "2m", evalDelay: "0s" });
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{}] }));
    // Still anomalous, though too little for this rule.
    await deliver(await scored(2, { anomalies: [{ severity: "low" }] }));
    harness.clock.set(minute(3));
    await work();
    expect(await fired(rule)).toEqual([[3, null]]);
    const [alert] = (await harness.deps.store.forOrg(harness.org).alerts.list({}, { limit: 1 }, minute(3))).items;
    expect(alert!.episode.evidence).toMatchObject({ kind: "anomaly", timestamp: minute(1) });
  });

  test("does not fire for an anomaly that was over before", async () => {
    const rule = await anomalyRule({ for: "2m", evalDelay: "0s" });
    harness.clock.set(minute(2));
    await deliver(await scored(1, { anomalies: [{}] }));
    await deliver(await scored(2, { clearedAt: 2 }));
    harness.clock.set(minute(10));
    await work();
    expect(await fired(rule)).toEqual([]);
    expect((await transitionsOf(harness, harness.org)).at(-1)).toBe("condition pending>inactive");
  });

  test.each([
    [
      true,
      [
        [1, 2],
        [17, null],
      ],
    ],
    [false, [[1, 2]]],
  ])("once resolved by hand it fires anew after a quarter of an hour if it is still anomalous (%s)", async (isStill, episodes) => {
    const rule = await anomalyRule({ evalDelay: "0s" });
    const { instances, alerts } = harness.deps.store.forOrg(harness.org);
    harness.clock.set(minute(1));
    await deliver(await scored(1, { anomalies: [{}] }));

    harness.clock.set(minute(2));
    const loaded = (await instances.find(rule.id, series))!;
    const [alert] = await alerts.openOfRule(rule.id);
    const resolved = resolveByHand(loaded.state, minute(2), { kind: "key", id: "key_test" });
    const change = instanceChange(loaded, { after: resolved.instance, transitions: resolved.transitions }, rule, alert!.series);
    expect(await instances.commit({ rule, changes: [change], at: minute(2) })).toBe(true);

    for (let to = 3; to <= 18; to += 1) {
      harness.clock.set(minute(to));
      // Anomalous, though too little for this rule to look at again: the first one is not over.
      if (isStill) await scored(to, { anomalies: [{ severity: "low" }] });
      else if (to === 3) await scored(to, { clearedAt: to });
      await work();
    }
    expect(await fired(rule)).toEqual(episodes);
  });
});
