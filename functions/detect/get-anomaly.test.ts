import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeAnomaly } from "../../shared/testing/detection.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { getAnomaly } from "./get-anomaly.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("an anomaly is answered with its band, its severity and what each method said", async () => {
    const series = await harness.store("cpu", [[START, 500]]);
    const id = await storeAnomaly(harness, series, START);
    expect(await harness.call(getAnomaly, { id })).toMatchObject({
      id,
      series,
      timestamp: "2026-11-20T10:00:00.000Z",
      expected: 50,
      severity: "high",
      methods: { "value-novelty": { score: 0.9, weight: 1 } },
      historical: false,
      clearedAt: null,
      explanation: {
        text: "500 is 450 (900%) above the expected 50 (45.5 to 54.25). A point like it comes about once in 340 days: a value that this series has not had.",
        rarity: "about once in 340 days",
        reasons: [{ method: "value-novelty", text: "a value that this series has not had", score: 0.9 }],
      },
    });
  });
});

describe("the context", () => {
  const rows = Array.from({ length: 60 }, (_, minute) => [START + minute * 60_000, minute === 40 ? 500 : minute] as const);
  const contextOf = async (id: string, more: object = {}) =>
    ((await harness.call(getAnomaly, { id, ...more })) as { context: { values: number[] } | null }).context;

  test("is the stored points around it, 24 to either side unless it says otherwise, with their statistics", async () => {
    harness.clock.set(START + 59 * 60_000);
    const id = await storeAnomaly(harness, await harness.store("cpu", rows), START + 40 * 60_000);
    const values = rows.map(([, value]) => value);
    expect((await contextOf(id))!.values).toEqual(values.slice(16));
    expect(await contextOf(id, { context: "2" })).toEqual({
      timestamps: rows.slice(38, 43).map(([timestamp]) => timestamp),
      values: [38, 39, 500, 41, 42],
      mean: 132,
      standardDeviation: expect.closeTo(184.005, 2),
      min: 38,
      max: 500,
    });
    expect(await contextOf(id, { context: "0" })).toBeNull();
    await expect(contextOf(id, { context: "501" })).rejects.toThrow();
  });

  test("is of the rates of a counter, and null where the point is not stored any more", async () => {
    harness.clock.set(START + 59 * 60_000);
    const series = await harness.store(
      "requests",
      rows.slice(0, 20).map(([timestamp], row) => [timestamp, 60 * row * row]),
    );
    const { series: all } = harness.deps.store.forOrg(harness.org);
    const present = (await all.get(series))!;
    await all.update({ ...present, kind: "counter" }, present);
    const id = await storeAnomaly(harness, series, START + 10 * 60_000);
    expect((await contextOf(id, { context: "1" }))!.values).toEqual([17, 19, 21]);
    expect(await contextOf(await storeAnomaly(harness, series, START + 1))).toBeNull();
  });
});

describe("404", () => {
  test("an anomaly of another organisation is answered like one that is missing", async () => {
    const id = await storeAnomaly(harness, await harness.store("cpu", [[START, 500]]), START);
    await expect(harness.call(getAnomaly, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getAnomaly, { id: `ano_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
