import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { SeriesId } from "../contract/ids.ts";
import { VERDICTS_A_SERIES } from "../ports/verdicts.ts";
import type { StoredVerdict } from "../ports/verdicts.ts";
import { storeAnomaly, testPass, testRecord } from "../testing/detection.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
let cpu: SeriesId;
let load: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", [[START, 1]]);
  load = await harness.store("load", [[START, 1]]);
  await tenant().detection.commit(testPass({ states: [testRecord(cpu), testRecord(load)] }));
});
afterEach(() => harness.close());

const tenant = (org = harness.org) => harness.deps.store.forOrg(org);
const version = async (series: SeriesId) => (await tenant().detection.states([series]))[0]!.version;
const said = (series: SeriesId, from: number, to: number, changes: Partial<StoredVerdict> = {}): StoredVerdict => ({
  series,
  from,
  to,
  isOpen: false,
  verdict: "incident",
  note: null,
  by: { kind: "key", id: "key_a" },
  at: START,
  clearedAt: null,
  ...changes,
});
const save = async (verdict: StoredVerdict) => tenant().verdicts.save(verdict, { version: await version(verdict.series), at: START });

test("a verdict reads back at every time of its stretch, and at no other", async () => {
  const verdict = said(cpu, START, START + 10, { note: "what a day", isOpen: true, verdict: "expected" });
  expect(await save(verdict)).toBe(true);
  expect(await tenant().verdicts.at(cpu, START)).toEqual(verdict);
  expect(await tenant().verdicts.at(cpu, START + 9)).toEqual(verdict);
  for (const at of [START - 1, START + 10]) expect(await tenant().verdicts.at(cpu, at)).toBeNull();
  expect(await tenant().verdicts.at(load, START)).toBeNull();
});

test("a verdict takes the place of all that it overlaps", async () => {
  for (const from of [0, 10, 20]) await save(said(cpu, START + from, START + from + 10));
  await save(said(cpu, START + 5, START + 15, { verdict: "expected" }));
  const verdicts = (await tenant().verdicts.ofSeries([cpu])).get(cpu)!;
  expect(verdicts.map(({ from, verdict }) => [from - START, verdict])).toEqual([
    [5, "expected"],
    [20, "incident"],
  ]);
});

test("of a series the newest stretches count, and series of which nothing was said are missing", async () => {
  const one = (n: number) => [cpu, START + n, START + n + 1, harness.org, 0, "incident", '{"kind":"key","id":"k"}', START];
  const rows = JSON.stringify(Array.from({ length: VERDICTS_A_SERIES + 5 }, (_, n) => one(n)));
  await harness.database.write([
    {
      sql: `INSERT INTO anomaly_verdict (series, from_at, to_at, org, is_open, verdict, said_by, said_at)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 FROM json_each(:rows)`,
      args: { rows },
    },
  ]);
  const verdicts = await tenant().verdicts.ofSeries([cpu, load]);
  expect([...verdicts.keys()]).toEqual([cpu]);
  expect(verdicts.get(cpu)!.map(({ from }) => from - START)).toEqual(Array.from({ length: VERDICTS_A_SERIES }, (_, n) => n + 5));
});

test("a write upon a state that has moved meanwhile changes nothing and tells nobody", async () => {
  const verdict = said(cpu, START, START + 10, { clearedAt: START });
  harness.committed.length = 0;
  expect(await tenant().verdicts.save(verdict, { version: 7, at: START })).toBe(false);
  expect(await tenant().verdicts.at(cpu, START)).toBeNull();
  await save(said(cpu, START, START + 10));
  harness.committed.length = 0;
  expect(await tenant().verdicts.remove(cpu, START, { version: 1, at: START })).toBe(false);
  expect(await tenant().verdicts.at(cpu, START)).not.toBeNull();
  expect(harness.committed).toEqual([]);
});

test("another organisation neither reads, replaces nor removes a verdict, nor clears an anomaly", async () => {
  const verdict = said(cpu, START, START + 10);
  await save(verdict);
  const id = await storeAnomaly(harness, cpu, START);
  const other = tenant(harness.otherOrg);
  expect(await other.verdicts.at(cpu, START)).toBeNull();
  expect((await other.verdicts.ofSeries([cpu])).size).toBe(0);
  await other.verdicts.remove(cpu, START, { version: await version(cpu), at: START });
  await other.verdicts.save(said(cpu, START + 1, START + 10, { clearedAt: START }), { version: await version(cpu), at: START });
  expect(await tenant().verdicts.at(cpu, START)).toEqual(verdict);
  expect((await tenant().anomalies.get(id))!.clearedAt).toBeNull();
});

test("a state knows whether anything is said of its series, also after a pass has moved it", async () => {
  const judged = async () => (await tenant().detection.states([cpu]))[0]!.judged;
  await save(said(cpu, START, START + 10));
  await save(said(cpu, START + 20, START + 30));
  await tenant().detection.commit(testPass({ states: [testRecord(cpu, { version: await version(cpu) })] }));
  expect(await judged()).toBe(true);
  await tenant().verdicts.remove(cpu, START, { version: await version(cpu), at: START });
  expect(await judged()).toBe(true);
  await tenant().verdicts.remove(cpu, START + 20, { version: await version(cpu), at: START });
  expect(await judged()).toBe(false);
});
