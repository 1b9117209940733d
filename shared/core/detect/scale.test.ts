import { expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { advance, createDetector } from "./detector.ts";

const STEP = 300_000;
const FIRST = Date.UTC(2026, 0, 5);
const YEAR = 52 * 7 * 86_400_000;

/** Five days of a wave with noise, a spike and a shift; in other units, at another time, or upside down. */
function scoresOf({ unit = 1, later = 0 } = {}) {
  const uniform = seeded(4);
  const values = Float64Array.from({ length: 5 * 288 }, (_, row) => {
    const usual = 100 + 10 * Math.sin((2 * Math.PI * row) / 288) + normal(uniform);
    return unit * (row === 1_000 ? usual + 15 : row >= 1_300 ? usual + 8 : usual);
  });
  const timestamps = Float64Array.from(values, (_, row) => FIRST + later + row * STEP);
  return advance(createDetector(), { timestamps, values }, { sensitivity: 0.5, band: true });
}

// Powers of two, by which every number is multiplied exactly.
test.each([2 ** -100, 2 ** -44, 2 ** -20, 2 ** 20, 2 ** 80])("a series in units %p as large is scored alike", (unit) => {
  const [plain, scaled] = [scoresOf(), scoresOf({ unit })];
  expect(plain[1_000]!.anomalous).toBe(true);
  expect(scaled.map(({ anomalous }) => anomalous)).toEqual(plain.map(({ anomalous }) => anomalous));
  for (const [row, { score, expected, lo, hi }] of plain.entries()) {
    const own = scaled[row]!;
    expect(own.score).toBeCloseTo(score, 6);
    for (const [one, other] of [
      [own.expected, expected],
      [own.lo, lo],
      [own.hi, hi],
    ] as const) {
      if (other === null) expect(one).toBeNull();
      else expect(one! / unit).toBeCloseTo(other, 3);
    }
  }
});

test("a series that comes whole weeks later is scored alike", () => {
  const [plain, later] = [scoresOf(), scoresOf({ later: YEAR })];
  expect(later.map(({ timestamp, ...score }) => ({ ...score, timestamp: timestamp - YEAR }))).toEqual(plain);
});
