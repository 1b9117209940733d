import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { LOG_CONSUMERS } from "../../shared/ports/points.ts";
import { moveCursor } from "../../shared/store/cursors.ts";
import { FULL_LOG } from "./compact.ts";
import compactEvent from "./event.ts";
import compactTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const count = async (table: string) => (await harness.database.read(`SELECT count(*) AS n FROM ${table}`, {}))[0]!["n"];
const ingested = (seq: number) => testEvent("metrics.ingested", harness.org, { seq, n: 1, from: 0, to: 0 });

/** Every consumer of the log has gone through all of it. */
async function consumersSaw(): Promise<void> {
  const [{ seq }] = (await harness.database.read("SELECT max(seq) AS seq FROM write_log", {})) as unknown as [{ seq: number }];
  for (const consumer of LOG_CONSUMERS) await harness.database.write(moveCursor(consumer, harness.org, 0, seq));
}

async function fill(rows: number): Promise<void> {
  for (let row = 0; row < rows; row++) await harness.store("cpu", [[START + row, row]]);
  // Nobody reads the log in these tests: it is compacted after an hour.
  harness.clock.advance(3_600_001);
}

test("a log of many rows is compacted by the event that fills it, a shorter one is left", async () => {
  await fill(FULL_LOG.rows - 1);
  await harness.deliver(compactEvent, ingested(FULL_LOG.rows));
  expect(await count("write_log")).toBe(FULL_LOG.rows - 1);
  await fill(1);
  await harness.deliver(compactEvent, ingested(FULL_LOG.rows));
  expect([await count("write_log"), await count("chunk")]).toEqual([0, 1]);
});

test("a log of many points is compacted by the event that fills it, as far as its consumers have seen it", async () => {
  const half = Array.from({ length: FULL_LOG.points / 2 }, (_, row) => [START + row, row] as const);
  await harness.store("cpu", half);
  harness.clock.advance(3_600_001);
  await harness.store("memory", half);
  await harness.deliver(compactEvent, ingested(16));
  expect(await count("write_log")).toBe(2);
  harness.clock.advance(3_600_001);
  await harness.deliver(compactEvent, ingested(16));
  expect(await count("write_log")).toBe(0);
});

test("the minute's tick leaves a log alone until its oldest row has waited ten minutes", async () => {
  for (let row = 0; row < 20; row++) await harness.store("cpu", [[START + row, row]]);
  await consumersSaw();
  harness.clock.advance(10 * 60_000);
  await harness.deliver(compactTick, testEvent("tick.minute", null, {}));
  expect(await count("write_log")).toBe(20);
  harness.clock.advance(1);
  await harness.deliver(compactTick, testEvent("tick.minute", null, {}));
  expect(await count("write_log")).toBe(0);
});

test("the minute's tick compacts what is left, also when it comes twice at once", async () => {
  await fill(20);
  const tick = testEvent("tick.minute", null, {});
  await Promise.all([harness.deliver(compactTick, tick), harness.deliver(compactTick, tick)]);
  expect([await count("write_log"), await count("chunk")]).toEqual([0, 1]);
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const { values } = await points.newest(series.idOf("cpu", {}), { before: START * 2, limit: 100 });
  expect([...values]).toEqual(Array.from({ length: 20 }, (_, row) => row));
});

test("a compaction that dies before its commit changes nothing, and the next one does it", async () => {
  await fill(20);
  const { write } = harness.database;
  const dying = async () => {
    throw new Error("killed");
  };
  Object.assign(harness.database, { write: dying });
  await expect(harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 100, now: harness.clock.now() })).rejects.toThrow(
    "killed",
  );
  Object.assign(harness.database, { write });
  expect([await count("write_log"), await count("chunk")]).toEqual([20, 0]);
  await harness.deliver(compactTick, testEvent("tick.minute", null, {}));
  expect([await count("write_log"), await count("chunk")]).toEqual([0, 1]);
});

test("one organisation that cannot be compacted holds up no other, is told, and can be compacted at once when it is mended", async () => {
  await fill(20);
  const broken = harness.org;
  const { store } = harness.deps;
  const { compaction } = store.platform;
  const compacted: string[] = [];
  const due = async () => [broken, harness.otherOrg];
  const compact: typeof compaction.compact = async (org, options) => {
    if (org === broken) throw new Error("A chunk cannot be read");
    compacted.push(org);
    return compaction.compact(org, options);
  };
  const deps = { ...harness.deps, store: { ...store, platform: { ...store.platform, compaction: { ...compaction, due, compact } } } };
  const tick = testEvent("tick.minute", null, {});
  const run = compactTick.on["tick.minute"]!({}, { event: tick, now: harness.clock.now() }, deps);
  await expect(run).rejects.toThrow("1 compactions failed");
  expect(compacted).toEqual([harness.otherOrg]);
  await harness.deliver(compactTick, tick);
  expect(await count("write_log")).toBe(0);
});
