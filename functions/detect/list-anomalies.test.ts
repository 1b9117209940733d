import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Anomaly } from "../../shared/contract/anomaly.ts";
import { storeAnomaly } from "../../shared/testing/detection.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { listAnomalies } from "./list-anomalies.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const list = async (query: object = {}, options = {}) =>
  (await harness.call(listAnomalies, query, options)) as { items: Anomaly[]; nextCursor: string | null };

describe("200", () => {
  test("anomalies come newest first, a page at a time, filtered as asked", async () => {
    const [cpu, load] = [await harness.store("cpu", [[START, 1]]), await harness.store("load", [[START, 1]])];
    const old = await storeAnomaly(harness, cpu, START - 1, { historical: true, severity: "low" });
    const middle = await storeAnomaly(harness, load, START);
    const newest = await storeAnomaly(harness, cpu, START + 1, { severity: "critical" });
    const ids = async (query: object) => (await list(query)).items.map(({ id }) => id);

    const first = await list({ limit: "2" });
    expect(first.items.map(({ id }) => id)).toEqual([newest, middle]);
    expect(first.items[0]!.explanation.text).toMatch(/^500 is 450 \(900%\) above the expected 50/);
    expect(await list({ limit: "2", cursor: first.nextCursor })).toMatchObject({ items: [{ id: old }], nextCursor: null });
    expect(await ids({ series: cpu })).toEqual([newest, old]);
    expect(await ids({ metricKey: "load" })).toEqual([middle]);
    expect(await ids({ minSeverity: "critical" })).toEqual([newest]);
    expect(await ids({ historical: "true" })).toEqual([old]);
    expect(await ids({ historical: "false", from: "2026-11-20T10:00:00Z", to: String(START + 1) })).toEqual([middle]);
  });

  test("another organisation sees none of them", async () => {
    await storeAnomaly(harness, await harness.store("cpu", [[START, 1]]), START);
    expect((await list({}, { org: harness.otherOrg })).items).toEqual([]);
  });
});
