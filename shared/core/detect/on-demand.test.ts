import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { advance, createDetector } from "./detector.ts";
import { scoreRows } from "./on-demand.ts";
import { decodeState, encodeState } from "./state-codec.ts";

const OPTIONS = { sensitivity: 0.5 };
const MINUTE = 60_000;

const rows = (...points: (readonly [number, number])[]) => ({
  timestamps: Float64Array.from(points, ([minute]) => minute * MINUTE),
  values: Float64Array.from(points, ([, value]) => value),
});
const wave = Array.from({ length: 200 }, (_, minute) => [minute, 50 + 3 * Math.sin(minute / 10) + ((minute * 7_919) % 101) / 101] as const);

test("rows in time order are scored as live detection scores them, and leave the same state", () => {
  const [live, asked] = [createDetector(), createDetector()];
  expect(scoreRows(asked, rows(...wave), OPTIONS)).toEqual(advance(live, rows(...wave), OPTIONS));
  expect(encodeState(asked)).toEqual(encodeState(live));
});

test.each([
  ["a duplicate", 150],
  ["a row just behind", 149.5],
  ["a row far behind", 20],
])("%s is scored in its place, and not learned", (_which, minute) => {
  const [without, withIt] = [createDetector(), createDetector()];
  const [before, after] = [wave.slice(0, 151), wave.slice(151)];
  const expected = [...scoreRows(without, rows(...before), OPTIONS), ...scoreRows(without, rows(...after), OPTIONS)];
  const scored = scoreRows(withIt, rows(...before, [minute, 500], ...after), OPTIONS);
  const [extra] = scored.splice(151, 1);
  expect(scored).toEqual(expected);
  expect(extra).toMatchObject({ timestamp: minute * MINUTE, value: 500, anomalous: true });
  expect(encodeState(withIt)).toEqual(encodeState(without));
});

test("rows that are not newer are each scored as if it came alone, however many follow each other", () => {
  const before = createDetector();
  scoreRows(before, rows(...wave), OPTIONS);
  const state = encodeState(before);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double({ min: 180, max: 199, noNaN: true }), fc.integer({ min: 0, max: 200 }))), (behind) => {
      const alone = behind.flatMap((row) => scoreRows(before, rows(row), OPTIONS));
      expect(scoreRows(before, rows(...behind), OPTIONS)).toEqual(alone);
      expect(encodeState(before)).toEqual(state);
      const live = behind.flatMap((row) => {
        const decoded = decodeState(state);
        return decoded.ok ? advance(decoded.value, rows(row), OPTIONS) : [];
      });
      expect(alone).toEqual(live);
    }),
    { numRuns: 20 },
  );
});
