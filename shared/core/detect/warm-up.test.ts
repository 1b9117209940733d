import { describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../contract/ids.ts";
import { advance, createDetector } from "./detector.ts";
import { newDetectorRecord } from "./series-detection.ts";
import { encodeState } from "./state-codec.ts";
import { progressOf, progressOfRecord, warmUpOf } from "./warm-up.ts";
import type { DetectorProgress, WarmUp } from "./warm-up.ts";

const MINUTE = 60_000;
const SERIES = `ser_${"a".repeat(24)}` as SeriesId;

/** A detector that has seen n points a minute apart, from minute 1 on. */
function detectorAfter(n: number) {
  const detector = createDetector();
  const minutes = Float64Array.from({ length: n }, (_, row) => row + 1);
  const points = { timestamps: minutes.map((minute) => minute * MINUTE), values: minutes.map((minute) => 50 + ((minute * 7_919) % 101)) };
  return { detector, scores: advance(detector, points, { sensitivity: 0.5 }) };
}

describe("what is missing", () => {
  const known = (points: number): DetectorProgress => ({ points, newest: points * MINUTE, cadence: MINUTE });

  test.each<[string, DetectorProgress, number | undefined, WarmUp]>([
    [
      "before the first point",
      { points: 0, newest: null, cadence: null },
      5,
      { state: "warming-up", points: 0, pointsLeft: 20, readyAt: null },
    ],
    [
      "before there is a cadence",
      { points: 2, newest: 9, cadence: null },
      undefined,
      { state: "warming-up", points: 2, pointsLeft: 18, readyAt: null },
    ],
    ["before there is a score", known(12), undefined, { state: "warming-up", points: 12, pointsLeft: 8, readyAt: 20 * MINUTE }],
    ["at the last point without one", known(19), undefined, { state: "warming-up", points: 19, pointsLeft: 1, readyAt: 20 * MINUTE }],
    ["with the first score to come", known(20), undefined, { state: "settling", points: 20, pointsLeft: 180, readyAt: 200 * MINUTE }],
    ["before severity is free", known(199), undefined, { state: "settling", points: 199, pointsLeft: 1, readyAt: 200 * MINUTE }],
    ["when all is there", known(200), undefined, { state: "ready", points: 200, pointsLeft: 0, readyAt: null }],
    ["long after", known(9_999), 0, { state: "ready", points: 9_999, pointsLeft: 0, readyAt: null }],
    ["while the next point is not due", known(18), 18.5 * MINUTE, { state: "warming-up", points: 18, pointsLeft: 2, readyAt: 20 * MINUTE }],
    ["of a series that has gone silent", known(18), 90 * MINUTE, { state: "warming-up", points: 18, pointsLeft: 2, readyAt: 91 * MINUTE }],
  ])("%s", (_when, progress, now, expected) => {
    expect(warmUpOf(progress, now)).toEqual(expected);
  });
});

describe("what it says", () => {
  test("is what the detector does with the next point", () => {
    const { scores } = detectorAfter(230);
    for (const [row, { severity, warmingUp }] of scores.entries()) {
      const { state } = warmUpOf({ points: row, newest: null, cadence: null });
      expect([row, severity === null, warmingUp]).toEqual([row, state === "warming-up", state !== "ready"]);
    }
  });

  test("counts the points that wait to be learned", () => {
    const { detector } = detectorAfter(25);
    expect(detector.waiting.length).toBeGreaterThan(0);
    expect(progressOf(detector)).toEqual({ points: 25, newest: 25 * MINUTE, cadence: MINUTE });
    // The first points wait until there is a cadence, which they show all the same.
    expect([3, 4, 12].map((n) => progressOf(detectorAfter(n).detector).cadence)).toEqual([null, MINUTE, MINUTE]);
    expect(detectorAfter(12).detector.learned.cadence).toBeNull();
    expect(progressOf(createDetector())).toEqual({ points: 0, newest: null, cadence: null });
  });

  test("of a stored state is what its detector says, and nothing is known of a state that is of no use", () => {
    const state = encodeState(detectorAfter(25).detector);
    const record = { ...newDetectorRecord(SERIES), state };
    const unknown = { points: 0, newest: null, cadence: null };
    expect(progressOfRecord(record).points).toBe(25);
    expect(progressOfRecord(newDetectorRecord(SERIES))).toEqual(unknown);
    expect(progressOfRecord({ ...record, state: state.subarray(9) })).toEqual(unknown);
    expect(progressOfRecord({ ...record, kind: "counter" })).toEqual(unknown);
  });
});
