import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DetectionSettings } from "../../shared/contract/detection-settings.ts";
import type { DetectionSettingsId, SeriesId } from "../../shared/contract/ids.ts";
import { decodeState } from "../../shared/core/detect/state-codec.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";
import tick from "./tick.ts";

const MINUTE = 60_000;

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const lastSeq = async () => (await harness.database.read("SELECT coalesce(max(seq), 0) AS seq FROM write_log", {}))[0]!["seq"] as number;
const detect = async () =>
  harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: await lastSeq(), n: 1, from: 0, to: 0 }));
const spikes = async (series: SeriesId) =>
  (await tenant().anomalies.forSeries([series], { after: 0 })).filter(({ value }) => value >= 500).map(({ timestamp }) => timestamp);
const stateOf = async (series: SeriesId) => (await tenant().detection.states([series]))[0]!;
const zoneOf = async (series: SeriesId) => {
  const decoded = decodeState((await stateOf(series)).state);
  return decoded.ok ? decoded.value.timezone : decoded.error;
};
const say = async (settings: DetectionSettings, series: SeriesId) => {
  const { version } = await tenant().detectionSettings.ofSeries(series);
  await tenant().detectionSettings.replaceOfSeries(series, settings, { was: version, relearn: false, at: START });
};
const select = async (settings: DetectionSettings, host: string) => {
  const selector = { metricKey: "cpu", matchers: [{ name: "host", op: "=~" as const, value: host }] };
  const definition = { name: "Selected", selector, settings, priority: 0 };
  const id = harness.deps.newId<DetectionSettingsId>("dse");
  await tenant().detectionSettings.insert({ id, version: 1, definition, createdAt: START, updatedAt: START });
};
const spikeAt = START - 20 * MINUTE;

describe("what live detection finds", () => {
  test("depends on the settings of each series: by selector, its own, or none", async () => {
    await select({ direction: "below" }, "a|b");
    const hosts = [];
    for (const host of ["a", "b", "c"]) hosts.push(await harness.store("cpu", quietPoints(300, { spikes: [spikeAt] }), { host }));
    await say({ direction: "either", minAbsolute: 400 }, hosts[1]!);
    await detect();
    expect(await Promise.all(hosts.map(spikes))).toEqual([[], [spikeAt], [spikeAt]]);
  });

  test("is told by what holds when a point comes: settings change nothing of what was said before", async () => {
    const cpu = await harness.store("cpu", quietPoints(300, { spikes: [spikeAt] }));
    await detect();
    await say({ minAbsolute: 10_000 }, cpu);
    const next = START + 10 * MINUTE;
    harness.clock.set(next);
    await harness.store("cpu", quietPoints(10, { until: next, spikes: [0, next] }));
    await detect();
    expect(await spikes(cpu)).toEqual([spikeAt]);
    await say({}, cpu);
    harness.clock.set(next + 10 * MINUTE);
    await harness.store("cpu", quietPoints(10, { until: next + 10 * MINUTE, spikes: [0, 0, 0, next + 5 * MINUTE] }));
    await detect();
    expect(await spikes(cpu)).toEqual([spikeAt, next + 5 * MINUTE]);
  });

  test("of a series is by the clock of its settings, from its first point on", async () => {
    await select({ timezone: "Asia/Tokyo" }, "a");
    const [tokyo, utc] = [
      await harness.store("cpu", quietPoints(30), { host: "a" }),
      await harness.store("cpu", quietPoints(30), { host: "b" }),
    ];
    await detect();
    expect([await zoneOf(tokyo), await zoneOf(utc)]).toEqual(["Asia/Tokyo", "UTC"]);
  });
});

describe("a series that is switched off", () => {
  test("is not scored, while others are and the log is read on; switched on again it goes on from where it was", async () => {
    const [off, on] = [await harness.store("cpu", quietPoints(300)), await harness.store("load", quietPoints(300))];
    await detect();
    const before = await stateOf(off);
    await say({ enabled: false }, off);
    const at = [1, 2, 3].map((hour) => START + hour * 60 * MINUTE);
    const come = async (until: number, spike: number) => {
      harness.clock.set(until);
      for (const metric of ["cpu", "load"]) await harness.store(metric, quietPoints(60, { until, spikes: [spike] }));
      await detect();
    };
    await come(at[0]!, at[0]! - MINUTE);
    expect(await stateOf(off)).toEqual(before);
    expect([await spikes(off), await spikes(on)]).toEqual([[], [at[0]! - MINUTE]]);
    expect(await tenant().cursor("detect")).toBe(await lastSeq());

    await say({}, off);
    await come(at[1]!, at[1]! - 30 * MINUTE);
    expect(await stateOf(off)).toMatchObject({ version: before.version + 1, scoredTo: at[1] });
    expect(await spikes(off)).toEqual([at[1]! - 30 * MINUTE]);
  });

  test("that is the only one of a pass is passed over", async () => {
    const cpu = await harness.store("cpu", quietPoints(300));
    await say({ enabled: false }, cpu);
    await detect();
    expect(await tenant().cursor("detect")).toBe(1);
    expect(await harness.database.read("SELECT * FROM detector_state", {})).toEqual([]);
  });

  test("has points ahead of their time neither kept nor scored; what was kept before goes when its time comes", async () => {
    const next = START + 5 * MINUTE;
    const cpu = await harness.store("cpu", quietPoints(300, { until: next, spikes: [next] }));
    await detect();
    await say({ enabled: false }, cpu);
    await harness.store("cpu", quietPoints(2, { until: next + 2 * MINUTE }));
    await detect();
    const waiting = async () => (await tenant().detection.due(next + 60 * MINUTE, { maxPoints: 1_000 })).map(({ seq }) => seq);
    expect(await waiting()).toEqual([1]);
    const before = await stateOf(cpu);
    harness.clock.set(next);
    await harness.deliver(tick, testEvent("tick.minute", null, {}, next));
    expect(await waiting()).toEqual([]);
    expect([await stateOf(cpu), await spikes(cpu)]).toEqual([before, []]);
  });
});
