import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { quietPoints } from "../../shared/testing/detection.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import event from "./event.ts";

const MINUTE = 60_000;
type Points = [timestamp: number, value: number][];

let harness: Harness;
let cpu: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", CALM);
  await detect();
});
afterEach(() => harness.close());

/** A day, and twelve minutes of an incident after it. */
const CALM = quietPoints(1_440);
const END = START + 12 * MINUTE;
const INCIDENT = quietPoints(12, { until: END }).map(([at, value]): [number, number] => [at, 6 * value]);

const tenant = () => harness.deps.store.forOrg(harness.org);
const detect = async () => {
  const [row] = await harness.database.read("SELECT coalesce(max(seq), 0) AS seq FROM write_log", {});
  await harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq: row!["seq"] as number, n: 1, from: 0, to: 0 }));
};
const comes = async (points: Points) => {
  harness.clock.set(Math.max(harness.clock.now(), ...points.map(([at]) => at)));
  await harness.store("cpu", points);
  await detect();
};
/** Everything that is known and was found, but for how far the log was read. */
const found = async () => {
  const [stored] = await tenant().detection.states([cpu]);
  return {
    record: { ...stored!, version: 0, seq: 0 },
    anomalies: await tenant().anomalies.forSeries([cpu], { after: 0 }),
    told: harness.committed.length,
  };
};

describe("points that are sent again as they were change nothing", () => {
  test.each<[string, Points]>([
    ["calm ones of minutes before an incident, while it goes on", CALM.slice(-8, -3)],
    ["calm ones of hours before it, which came in late", CALM.slice(-200, -190)],
    ["all of the incident", INCIDENT],
    ["the newest", INCIDENT.slice(-1)],
  ])("%s", async (_what, points) => {
    for (const point of INCIDENT) await comes([point]);
    const before = await found();
    expect(before.anomalies.length).toBeGreaterThan(8);
    harness.committed.length = before.told;
    await harness.store("cpu", points);
    const told = harness.committed.length;
    await detect();
    expect(await found()).toEqual({ ...before, told });
  });

  test("also where both come in the same pass, in one row or in two", async () => {
    for (const point of INCIDENT.slice(0, -1)) await comes([point]);
    const last = INCIDENT.slice(-1);
    expect((await found()).anomalies.length).toBeGreaterThan(8);
    harness.clock.set(END);
    await harness.store("cpu", [...last, ...CALM.slice(-8, -3), ...last]);
    await harness.store("cpu", [...last, ...CALM.slice(-8, -3)]);
    await detect();
    expect((await found()).anomalies.filter(({ timestamp }) => timestamp <= START)).toEqual([]);
  });

  test("also where they lie in chunks by then", async () => {
    for (const point of INCIDENT) await comes([point]);
    const before = await found();
    await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 100_000, now: harness.clock.now() });
    await harness.store("cpu", CALM.slice(-8, -3));
    const told = harness.committed.length;
    await detect();
    expect(await found()).toEqual({ ...before, told });
  });
});

test("a point that is sent again with another value is scored", async () => {
  const [at, value] = CALM.at(-30)!;
  await comes([[at, value]]);
  expect((await found()).anomalies).toEqual([]);
  await comes([[at, 50 * value]]);
  expect((await found()).anomalies).toMatchObject([{ timestamp: at, value: 50 * value, historical: true }]);
});
