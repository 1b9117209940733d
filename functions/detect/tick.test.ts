import { afterEach, beforeEach, expect, test } from "@jest/globals";
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
const ingested = (seq: number) => harness.deliver(event, testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 }));
const minute = () => harness.deliver(tick, testEvent("tick.minute", null, {}, harness.clock.now()));
const cpu = () => tenant().series.idOf("cpu", {});
const scoredTo = async () => (await tenant().detection.lastScored([cpu()])).get(cpu())?.scoredTo;
const spikes = async () => (await tenant().anomalies.forSeries([cpu()], { after: 0 })).filter(({ value }) => value === 500);
const waiting = async () => (await harness.database.read("SELECT coalesce(sum(n), 0) AS n FROM points_ahead", {}))[0]!["n"];

test("a point ahead of now is scored when its time comes, by the tick, and is then no history", async () => {
  const ahead = START + 90 * MINUTE;
  await harness.store("cpu", quietPoints(390, { until: ahead, spikes: [ahead] }));
  await ingested(1);
  expect([await scoredTo(), await waiting()]).toEqual([START, 90]);

  harness.clock.set(START + 30 * MINUTE);
  await minute();
  expect([await scoredTo(), await waiting()]).toEqual([START + 30 * MINUTE, 60]);
  harness.clock.set(ahead - 1);
  await minute();
  expect([await spikes(), await waiting()]).toEqual([[], 1]);
  harness.clock.set(ahead);
  await minute();
  expect(await spikes()).toMatchObject([{ timestamp: ahead, historical: false, detectedAt: ahead }]);
  expect(await waiting()).toBe(0);
  expect(harness.committed.some(({ type, data }) => type === "anomaly.detected" && JSON.stringify(data).includes("ano_"))).toBe(true);
});

test("the state is then the one that the same points give when they come in time", async () => {
  await harness.store("cpu", quietPoints(200, { until: START + 100 * MINUTE }));
  await ingested(1);
  for (let at = START; at <= START + 100 * MINUTE; at += 7 * MINUTE) {
    harness.clock.set(at);
    await minute();
  }
  harness.clock.set(START + 100 * MINUTE);
  await minute();
  const inTime = await startHarness({ now: START + 100 * MINUTE });
  await inTime.store("cpu", quietPoints(200, { until: START + 100 * MINUTE }));
  await inTime.deliver(event, testEvent("metrics.ingested", inTime.org, { seq: 1, n: 1, from: 0, to: 0 }));
  const [given] = await inTime.deps.store.forOrg(inTime.org).detection.states([cpu()]);
  expect((await tenant().detection.states([cpu()]))[0]!.state).toEqual(given!.state);
  inTime.close();
});

test("an event of the organisation scores what has come due before it scores what has come in", async () => {
  await harness.store("cpu", quietPoints(200));
  await harness.store("cpu", quietPoints(1, { until: START + MINUTE }));
  await ingested(2);
  harness.clock.set(START + 2 * MINUTE);
  await harness.store("cpu", quietPoints(1, { until: START + 2 * MINUTE }));
  await ingested(3);
  expect([await scoredTo(), await waiting()]).toEqual([START + 2 * MINUTE, 0]);
});

test("a value that is written again before its time is scored as it was written last", async () => {
  const at = START + MINUTE;
  await harness.store("cpu", quietPoints(300));
  await harness.store("cpu", [[at, 500]]);
  await ingested(2);
  await harness.store("cpu", quietPoints(1, { until: at }));
  await ingested(3);
  harness.clock.set(at);
  await minute();
  expect([await spikes(), await scoredTo()]).toEqual([[], at]);
});

test("a tick that dies before its commit, comes again, or comes twice at once scores each point once", async () => {
  const at = START + MINUTE;
  await harness.store("cpu", quietPoints(300, { until: at, spikes: [at] }));
  await ingested(1);
  harness.clock.set(at);
  const { write } = harness.database;
  const dying: typeof write = async (statements) => {
    if (statements.some(({ sql }) => sql.includes("points_ahead"))) throw new Error("killed");
    return write(statements);
  };
  Object.assign(harness.database, { write: dying });
  await expect(minute()).rejects.toThrow("1 organisations could not be scored");
  expect([await spikes(), await waiting()]).toEqual([[], 1]);

  Object.assign(harness.database, { write });
  await Promise.all([minute(), minute()]);
  await minute();
  expect(await spikes()).toHaveLength(1);
  expect((await tenant().detection.states([cpu()]))[0]!.version).toBe(2);
});
