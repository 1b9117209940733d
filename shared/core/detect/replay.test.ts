import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SeriesId } from "../../contract/ids.ts";
import { advance, createDetector } from "./detector.ts";
import { DEFAULT_DETECTION } from "./effective-settings.ts";
import { isCheckpointDue, POINTS_A_CHECKPOINT, readable, replay } from "./replay.ts";
import type { Checkpoint } from "./replay.ts";
import { encodeState } from "./state-codec.ts";

const MINUTE = 60_000;
const { scoring } = DEFAULT_DETECTION;
const points = (start: number, end: number) => ({
  timestamps: Float64Array.from({ length: end - start }, (_, row) => (start + row) * MINUTE),
  values: Float64Array.from({ length: end - start }, (_, row) => {
    const minute = start + row;
    return minute % 97 === 0 ? 500 + minute : 50 + 3 * Math.sin(minute / 10) + ((minute * 7_919) % 101) / 101;
  }),
});
function all<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
  }
}

test("a detector is kept once for each so many points that it has learned, however they are split", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 }), (id, sizes) => {
      const series = `ser_${id.toString(32).padStart(24, "0")}` as SeriesId;
      let [n, kept] = [0, 0];
      for (const size of sizes) kept += Number(isCheckpointDue(series, [n, (n += size)]));
      expect(Math.abs(kept - n / POINTS_A_CHECKPOINT)).toBeLessThan(1);
    }),
  );
});

test("a replay goes on from each checkpoint with the detector that there was, and from the beginning without one", () => {
  const whole = advance(createDetector(), points(0, 600), scoring);
  // Between 400 and 500 live detection had forgotten everything; at 500 it was as if it never had.
  const [long, fresh] = [createDetector(), createDetector()];
  advance(long, points(0, 200), scoring);
  const at200 = encodeState(long);
  const forgotten = advance(fresh, points(400, 500), scoring);
  advance(long, points(200, 500), scoring);
  const checkpoints: Checkpoint[] = [
    { at: 199 * MINUTE, madeAt: 0, state: at200 },
    { at: 399 * MINUTE, madeAt: 0, state: encodeState(createDetector()) },
    { at: 499 * MINUTE, madeAt: 0, state: encodeState(long) },
  ];
  const replayed = all(replay(points(200, 600), readable(checkpoints), { scoring, verdicts: [] }));
  expect(replayed).toEqual([...whole.slice(200, 400), ...forgotten, ...whole.slice(500)]);
  expect(all(replay(points(0, 600), [], { scoring, verdicts: [] }))).toEqual(whole);
});

test("what was said after a checkpoint was made counts from the next one on", () => {
  const said = { from: 250 * MINUTE, to: 260 * MINUTE, verdict: "bad-data", isOpen: false, at: 5 } as const;
  const before = createDetector();
  advance(before, points(0, 200), scoring);
  const state = encodeState(before);
  const scores = (madeAt: number) =>
    all(replay(points(200, 400), readable([{ at: 199 * MINUTE, madeAt, state }]), { scoring, verdicts: [said] }));
  expect(scores(4)).toEqual(advance(createDetector(), points(0, 400), scoring).slice(200));
  expect(scores(5)).toEqual(advance(createDetector(), points(0, 400), { ...scoring, verdicts: [said] }).slice(200));
});

test("a checkpoint that cannot be read is passed over", () => {
  const state = encodeState(createDetector());
  expect(
    readable([
      { at: 0, madeAt: 0, state: state.slice(1) },
      { at: 1, madeAt: 0, state },
    ]).map(({ at }) => at),
  ).toEqual([1]);
});
