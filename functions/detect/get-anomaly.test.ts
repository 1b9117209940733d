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

describe("404", () => {
  test("an anomaly of another organisation is answered like one that is missing", async () => {
    const id = await storeAnomaly(harness, await harness.store("cpu", [[START, 500]]), START);
    await expect(harness.call(getAnomaly, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getAnomaly, { id: `ano_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
