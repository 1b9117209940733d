import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../contract/ids.ts";
import type { AnomalyFilter } from "../ports/detection.ts";
import { storeAnomaly, testAnomaly } from "../testing/detection.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
let cpu: SeriesId;
let load: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  cpu = await harness.store("cpu", [[START, 1]]);
  load = await harness.store("load", [[START, 1]]);
});
afterEach(() => harness.close());

const anomalies = (org = harness.org) => harness.deps.store.forOrg(org).anomalies;
const times = async (filter: AnomalyFilter) =>
  (await anomalies().list(filter, { limit: 100 })).items.map(({ timestamp }) => Date.parse(timestamp) - START);

test("an anomaly reads back as it was found, bit for bit", async () => {
  const changes = { value: 0.1 + 0.2, expected: 5e-324, lo: -1e150, hi: 2 / 3, clearedAt: START + 60_000, perSecond: true, late: true };
  const id = await storeAnomaly(harness, cpu, START, changes);
  expect(await anomalies().get(id)).toEqual({
    ...testAnomaly(harness.org, cpu, START, changes),
    timestamp: "2026-11-20T10:00:00.000Z",
    clearedAt: "2026-11-20T10:01:00.000Z",
    detectedAt: "2026-11-20T10:00:01.000Z",
    explanation: expect.objectContaining({ rarity: "about once in 340 days" }),
    feedback: null,
  });
});

describe("list", () => {
  test("newest first, a page at a time, none left out and none twice", async () => {
    const ids: string[] = [];
    for (let row = 0; row < 5; row++) ids.push(await storeAnomaly(harness, row % 2 === 0 ? cpu : load, START + row));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await anomalies().list({}, { limit: 2, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids.toReversed());
  });

  test("every filter, alone and with others", async () => {
    await storeAnomaly(harness, cpu, START, { severity: "low" });
    await storeAnomaly(harness, cpu, START + 1, { severity: "critical", historical: true });
    await storeAnomaly(harness, load, START + 2, { severity: "medium" });
    expect(await times({ series: cpu })).toEqual([1, 0]);
    expect(await times({ metricKey: "load" })).toEqual([2]);
    expect(await times({ metricKey: "load", series: cpu })).toEqual([]);
    expect(await times({ metricKey: "cpu", series: cpu })).toEqual([1, 0]);
    expect(await times({ from: START + 1, to: START + 2 })).toEqual([1]);
    expect(await times({ minSeverity: "medium" })).toEqual([2, 1]);
    expect(await times({ historical: true })).toEqual([1]);
    expect(await times({ historical: false, minSeverity: "medium", from: START, series: load })).toEqual([2]);
  });

  test.each([
    ["all", {}, "anomaly_newest"],
    ["a series", { series: true }, "anomaly_series"],
  ])("a page of %s rides its index without sorting", async (_which, { series = false }: { series?: boolean }, index) => {
    const { read } = harness.database;
    const asked: Parameters<typeof read>[] = [];
    const spy: typeof read = (...call) => {
      asked.push(call);
      return read(...call);
    };
    Object.assign(harness.database, { read: spy });
    await anomalies().list(series ? { series: cpu } : {}, { limit: 10 });
    const plan = await read(`EXPLAIN QUERY PLAN ${asked[0]![0]}`, asked[0]![1]);
    const details = plan.map((row) => row["detail"]);
    expect(details).toEqual([
      expect.stringContaining(index),
      expect.stringContaining("v USING PRIMARY KEY (series=? AND from_at=?)"),
      expect.stringContaining("SCALAR SUBQUERY"),
      expect.stringContaining("anomaly_verdict USING PRIMARY KEY (series=? AND from_at<?)"),
    ]);
  });
});

describe("forSeries", () => {
  test("what lies after a time, what is open, and what was cleared after it; of the asked series only", async () => {
    const cleared = await storeAnomaly(harness, cpu, START - 300, { clearedAt: START - 200 });
    const open = await storeAnomaly(harness, cpu, START - 250);
    const clearedSince = await storeAnomaly(harness, cpu, START - 150, { clearedAt: START + 1 });
    const since = await storeAnomaly(harness, cpu, START + 5, { historical: true, clearedAt: START + 6 });
    const others = await storeAnomaly(harness, load, START + 5);
    const ids = async (series: SeriesId[], after: number) => (await anomalies().forSeries(series, { after })).map(({ id }) => id);
    expect(await ids([cpu], START)).toEqual([open, clearedSince, since]);
    expect(await ids([load], START)).toEqual([others]);
    expect(new Set(await ids([cpu, load], 0))).toEqual(new Set([cleared, open, clearedSince, since, others]));
    expect(await ids([], 0)).toEqual([]);
    expect(await anomalies().forSeries([cpu], { after: START + 4 })).toContainEqual(
      testAnomaly(harness.org, cpu, START + 5, { historical: true, clearedAt: START + 6 }),
    );
  });
});

test("an organisation sees no anomaly of another", async () => {
  const id = await storeAnomaly(harness, cpu, START);
  const other = anomalies(harness.otherOrg);
  expect(await other.get(id)).toBeNull();
  for (const filter of [{}, { series: cpu }, { metricKey: "cpu" }]) expect((await other.list(filter, { limit: 10 })).items).toEqual([]);
  expect(await other.forSeries([cpu], { after: 0 })).toEqual([]);
});

test("when series were anomalous is read from the organisation's newest anomalies on, and each series' state once", async () => {
  const { read } = harness.database;
  let plan: string[] = [];
  Object.assign(harness.database, {
    async read(...[sql, args]: Parameters<typeof read>) {
      plan = (await read(`EXPLAIN QUERY PLAN ${sql}`, args)).map((row) => row["detail"] as string);
      return read(sql, args);
    },
  });
  await anomalies().times({ from: START, to: START + 1, limit: 10 });
  expect(plan).toEqual([
    "SEARCH a USING INDEX anomaly_newest (org=? AND timestamp>? AND timestamp<?)",
    expect.stringMatching(/^SEARCH d USING .* \(series=\?\)/),
  ]);
});
