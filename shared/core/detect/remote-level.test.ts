import { describe, expect, test } from "@jest/globals";
import { levelAt, regularFrom } from "./remote-level.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

describe("the level that a sensitivity asks for", () => {
  test.each([
    [0.5, HOUR, 99.58],
    [0, HOUR, 99.93],
    [1, HOUR, 97.5],
    [0.5, 5 * MINUTE, 99.97],
    [0.5, MINUTE, 99.99],
    [0, MINUTE, 99.99],
    [0.5, DAY, 90],
    [1, 7 * DAY, 50],
  ])("at %p, of points %p ms apart, is %p", (sensitivity, frequencyMs, level) => {
    expect(levelAt(sensitivity, frequencyMs)).toBe(level);
  });
});

describe("points are equally spaced", () => {
  test.each<[string, number[], number]>([
    ["from the first on", [0, 1, 2, 3], 0],
    ["though some come a little early or late", [0, 1.04, 1.98, 3.02], 0],
    ["after the newest gap", [0, 1, 3, 4, 7, 8, 9], 4],
    ["not before a point that came twice", [0, 1, 2, 2, 3], 3],
    ["not before one that goes back", [5, 6, 1, 2, 3], 2],
    ["by itself", [9], 0],
  ])("%s", (_which, minutes, from) => {
    expect(
      regularFrom(
        Float64Array.from(minutes, (minute) => minute * MINUTE),
        MINUTE,
      ),
    ).toBe(from);
  });
});
