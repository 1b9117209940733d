import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import { DEFAULT_DETECTION } from "./effective-settings.ts";
import type { Scoring } from "./effective-settings.ts";
import { relearn } from "./relearn.ts";
import { encodeState } from "./state-codec.ts";

const MINUTE = 60_000;
const FIRST = Date.UTC(2026, 10, 20);

function pointsOf(n: number) {
  const uniform = seeded(11);
  return {
    timestamps: Float64Array.from({ length: n }, (_, row) => FIRST + row * 5 * MINUTE),
    values: Float64Array.from({ length: n }, (_, row) => (row % 97 === 96 ? 140 : 100) + normal(uniform)),
  };
}

function learned(n: number, scoring: Scoring): { state: DetectorState; parts: number } {
  const learning = relearn(pointsOf(n), scoring);
  for (let parts = 0; ; parts++) {
    const part = learning.next();
    if (part.done === true) return { state: part.value, parts };
  }
}

describe("a series that is learned anew", () => {
  test("by what held when it was learned comes to the same state, bit for bit, however its points had come", () => {
    const scoring = { ...DEFAULT_DETECTION.scoring, timezone: "Europe/Berlin", holidays: new Set(["2026-11-21"]) };
    const n = 1_200;
    const anew = encodeState(learned(n, scoring).state);
    const { timestamps, values } = pointsOf(n);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 6 }), (sizes) => {
        const live = createDetector(scoring);
        let start = 0;
        for (const size of [...sizes, n]) {
          advance(live, { timestamps: timestamps.subarray(start, start + size), values: values.subarray(start, start + size) }, scoring);
          start += size;
        }
        expect(encodeState(live)).toEqual(anew);
      }),
      { numRuns: 5 },
    );
  });

  test("is another by another clock or with other holidays, and the same by what only judges", () => {
    const { scoring } = DEFAULT_DETECTION;
    const state = (changes: Partial<Scoring>) => encodeState(learned(800, { ...scoring, ...changes }).state);
    const usual = state({});
    expect(state({ timezone: "Asia/Tokyo" })).not.toEqual(usual);
    expect(state({ holidays: new Set(["2026-11-21"]) })).not.toEqual(usual);
    expect(state({ sensitivity: 1, direction: "below", minAbsolute: 7, minRelative: 1, consensus: 1, weights: { residual: 0 } })).toEqual(
      usual,
    );
  });

  test.each([
    [0, 0],
    [1_000, 1],
    [1_001, 2],
    [2_500, 3],
  ])("of %d points is learned in %d parts", (n, parts) => {
    const done = learned(n, DEFAULT_DETECTION.scoring);
    expect([done.parts, done.state.learned.n + done.state.waiting.length]).toEqual([parts, n]);
  });
});
