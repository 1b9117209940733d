import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DetectionSettings, DetectionSettingsDefinition } from "../contract/detection-settings.ts";
import type { DetectionSettingsId, SeriesId } from "../contract/ids.ts";
import { DEFAULT_DETECTION, DEFAULT_SETTINGS } from "../core/detect/effective-settings.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
let cpu: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", [[START, 1]], { region: "eu" });
  harness.committed.length = 0;
});
afterEach(() => harness.close());

const settings = (org = harness.org) => harness.deps.store.forOrg(org).detectionSettings;
const stored = (said: DetectionSettings, changes: Partial<DetectionSettingsDefinition> = {}, createdAt = START) => ({
  id: harness.deps.newId<DetectionSettingsId>("dse"),
  version: 1,
  definition: { name: "All", selector: { metricKey: "cpu", matchers: [] }, settings: said, priority: 0, ...changes },
  createdAt,
  updatedAt: createdAt,
});
const effectiveOf = async (series = cpu) => (await settings().effective([series]))(series).settings;

/** What is read while something is done. */
async function readsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const { read } = harness.database;
  const asked: string[] = [];
  Object.assign(harness.database, {
    read(sql: string, args: never) {
      asked.push(sql);
      return read(sql, args);
    },
  });
  await work().finally(() => Object.assign(harness.database, { read }));
  return asked;
}

describe("what holds for series", () => {
  test("of an organisation that has said nothing it is the default, for one read", async () => {
    const reads = await readsDuring(async () => expect((await settings().effective([cpu]))(cpu)).toBe(DEFAULT_DETECTION));
    expect(reads).toHaveLength(1);
  });

  test("it is found for two reads, of however many series, and without going through those of others", async () => {
    await settings().insert(
      stored({ sensitivity: 0.9 }, { selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=~", value: "e." }] } }),
    );
    const hosts = await Promise.all(["a", "b", "c"].map((host) => harness.store("cpu", [[START, 1]], { host, region: "us" })));
    let found: (series: SeriesId) => { settings: { sensitivity: number } } = () => DEFAULT_DETECTION;
    const reads = await readsDuring(async () => (found = await settings().effective([cpu, ...hosts])));
    expect(reads).toHaveLength(2);
    expect([cpu, ...hosts].map((series) => found(series).settings.sensitivity)).toEqual([0.9, 0.5, 0.5, 0.5]);

    const args = { org: harness.org, ids: JSON.stringify([cpu]), limit: 100 };
    for (const sql of reads) {
      const used = Object.fromEntries(Object.entries(args).filter(([name]) => sql.includes(`:${name}`)));
      const plan = (await harness.database.read(`EXPLAIN QUERY PLAN ${sql}`, used)).map(({ detail }) => detail as string).join("; ");
      expect(plan).not.toMatch(/SCAN (d|s|o|series|series_detection_settings)\b/);
      expect(plan).not.toContain("series_metric");
    }
  });

  test("a selector of higher priority counts more, of equal ones the one that was made later", async () => {
    await settings().insert(stored({ sensitivity: 0.8 }, { priority: 1 }, START + 1));
    await settings().insert(stored({ sensitivity: 0.7, consensus: 0.7 }, {}, START + 3));
    await settings().insert(stored({ sensitivity: 0.6, consensus: 0.6, minAbsolute: 6 }, {}, START + 2));
    expect(await effectiveOf()).toEqual({ ...DEFAULT_SETTINGS, sensitivity: 0.8, consensus: 0.7, minAbsolute: 6 });
  });

  test("a series' own settings and its time zone are found where there is no selector", async () => {
    const tenant = harness.deps.store.forOrg(harness.org);
    const present = (await tenant.series.get(cpu))!;
    await tenant.series.update({ ...present, timezone: "Asia/Tokyo" }, present);
    expect(await effectiveOf()).toEqual({ ...DEFAULT_SETTINGS, timezone: "Asia/Tokyo" });
    await settings().replaceOfSeries(cpu, { consensus: 0.5 }, { was: 0, relearn: false, at: START });
    expect(await effectiveOf()).toEqual({ ...DEFAULT_SETTINGS, timezone: "Asia/Tokyo", consensus: 0.5 });
  });
});

describe("a series' own settings", () => {
  test("of two that replace the same version one is written, with its event; taken back, they go on with their versions", async () => {
    expect(await settings().ofSeries(cpu)).toEqual({ version: 0, settings: {} });
    const change = { was: 0, relearn: true, at: START };
    expect(await settings().replaceOfSeries(cpu, { timezone: "Asia/Tokyo" }, change)).toBe(true);
    expect(await settings().replaceOfSeries(cpu, { timezone: "Asia/Seoul" }, change)).toBe(false);
    expect(await settings().replaceOfSeries(cpu, {}, { ...change, was: 2 })).toBe(false);
    expect(await settings().ofSeries(cpu)).toEqual({ version: 1, settings: { timezone: "Asia/Tokyo" } });
    expect(harness.committed).toMatchObject([{ type: "detection.relearn-requested", org: harness.org, data: { series: [cpu] } }]);
    expect(await settings().replaceOfSeries(cpu, {}, { was: 1, relearn: false, at: START })).toBe(true);
    expect(await settings().replaceOfSeries(cpu, {}, change)).toBe(false);
    expect(await settings().ofSeries(cpu)).toEqual({ version: 2, settings: {} });
    expect(harness.committed).toHaveLength(1);
  });
});

test("an organisation reads, changes and removes nothing of another's", async () => {
  const mine = stored({ sensitivity: 0.9 });
  await settings().insert(mine);
  await settings().replaceOfSeries(cpu, { consensus: 0.5 }, { was: 0, relearn: false, at: START });
  const other = settings(harness.otherOrg);
  expect(await other.get(mine.id)).toBeNull();
  expect(await other.list({ limit: 10 })).toEqual({ items: [], nextCursor: null });
  expect(await other.replace({ ...mine, version: 2 })).toBe(false);
  expect(await other.remove(mine.id, 1)).toBe(false);
  expect(await other.ofSeries(cpu)).toEqual({ version: 0, settings: {} });
  expect(await other.replaceOfSeries(cpu, {}, { was: 1, relearn: false, at: START })).toBe(false);
  expect((await other.effective([cpu]))(cpu)).toBe(DEFAULT_DETECTION);
  expect(await effectiveOf()).toMatchObject({ sensitivity: 0.9, consensus: 0.5 });
});

test("two hundred and fifty series are asked to be learned anew in events of a hundred", async () => {
  const ids = Array.from({ length: 250 }, () => harness.deps.newId<SeriesId>("ser"));
  await harness.deps.store.forOrg(harness.org).detection.requestRelearn(ids, START);
  expect(harness.committed.map(({ data }) => (data as { series: SeriesId[] }).series.length)).toEqual([100, 100, 50]);
  expect(harness.committed.flatMap(({ data }) => (data as { series: SeriesId[] }).series)).toEqual(ids);
});
