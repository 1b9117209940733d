import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { SeriesId } from "../contract/ids.ts";
import { CHECKPOINTS_A_SERIES } from "../ports/detection.ts";
import { testPass, testRecord } from "../testing/detection.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

const DAY = 86_400_000;

let harness: Harness;
let cpu: SeriesId;
let load: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", [[START, 1]]);
  load = await harness.store("load", [[START, 1]]);
});
afterEach(() => harness.close());

const tenant = (org = harness.org) => harness.deps.store.forOrg(org).detection;
async function keep(series: SeriesId, scoredTo: number, changes: object = {}): Promise<void> {
  const [{ version } = { version: 0 }] = await tenant().states([series]);
  const record = testRecord(series, { version, scoredTo, state: Uint8Array.of(scoredTo % 251), ...changes });
  expect(await tenant().commit(testPass({ states: [record], checkpoints: [series] }))).toBe(true);
}
const kept = async (series: SeriesId, filter: object = {}, org = harness.org) =>
  tenant(org).checkpoints(series, { before: 10 * START, isRate: false, ...filter });

test("the detector is kept as the same pass has written it; of each series the newest few", async () => {
  for (let n = 1; n <= CHECKPOINTS_A_SERIES + 3; n++) await keep(cpu, START + n);
  await keep(load, START);
  const times = Array.from({ length: CHECKPOINTS_A_SERIES }, (_, row) => START + 4 + row);
  expect(await kept(cpu)).toEqual(times.map((at) => ({ at, madeAt: START, state: Uint8Array.of(at % 251) })));
  expect(await kept(load)).toHaveLength(1);
});

test("one that is kept again takes the place of the one before", async () => {
  await keep(cpu, START, { state: Uint8Array.of(1) });
  await keep(cpu, START, { state: Uint8Array.of(2) });
  expect(await kept(cpu)).toEqual([{ at: START, madeAt: START, state: Uint8Array.of(2) }]);
});

test("those before a time are read, of rates or of values, of the own organisation", async () => {
  await keep(cpu, START);
  await keep(cpu, START + 1, { counted: { timestamp: START, value: 1 } });
  expect((await kept(cpu)).map(({ at }) => at)).toEqual([START]);
  expect((await kept(cpu, { isRate: true })).map(({ at }) => at)).toEqual([START + 1]);
  expect(await kept(cpu, { before: START })).toEqual([]);
  expect(await kept(cpu, {}, harness.otherOrg)).toEqual([]);
});

test("they go with the points of their time", async () => {
  const { retention } = harness.deps.store.forOrg(harness.org);
  await retention.replace({ rawMs: 30 * DAY, rollupsMs: null }, await retention.get());
  await keep(cpu, START - 31 * DAY);
  await keep(cpu, START - 29 * DAY);
  await harness.deps.store.platform.expiry.expire(harness.org, { now: START, limit: 100 });
  expect((await kept(cpu)).map(({ at }) => at)).toEqual([START - 29 * DAY]);
});

test("a pass that is lost keeps none", async () => {
  await keep(cpu, START);
  const lost = testPass({ states: [testRecord(cpu, { version: 9, scoredTo: START + 1 })], checkpoints: [cpu] });
  expect(await tenant().commit(lost)).toBe(false);
  expect(await kept(cpu)).toHaveLength(1);
});
