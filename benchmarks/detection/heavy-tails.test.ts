import { describe, expect, test } from "@jest/globals";
import { DAY_MS, POINTS_A_DAY } from "./bases.ts";
import { generateHeavyTailed, HEAVY_TAILED_KINDS } from "./heavy-tails.ts";

describe("generateHeavyTailed", () => {
  test.each(HEAVY_TAILED_KINDS)("%s is the same for the same seed, and another for another", (kind) => {
    const { values } = generateHeavyTailed(kind, 3, 7);
    expect(generateHeavyTailed(kind, 3, 7).values).toEqual(values);
    expect(generateHeavyTailed(kind, 4, 7).values).not.toEqual(values);
  });

  test.each(HEAVY_TAILED_KINDS)("%s has largest values that are far beyond its usual ones, in every seed", (kind) => {
    for (let seed = 1; seed <= 12; seed++) {
      const sorted = generateHeavyTailed(kind, seed, 28).values.toSorted();
      const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
      // Of a normal distribution the largest of 8,064 values is less than three such distances off.
      expect((at(1) - at(0.5)) / (at(0.9) - at(0.5))).toBeGreaterThan(3);
    }
  });

  test("its points are equally spaced over whole days", () => {
    const { timestamps } = generateHeavyTailed("crowd", 1, 2);
    expect(timestamps).toHaveLength(2 * POINTS_A_DAY);
    expect(timestamps.at(-1)! - timestamps[0]!).toBe(2 * DAY_MS - DAY_MS / POINTS_A_DAY);
  });
});
