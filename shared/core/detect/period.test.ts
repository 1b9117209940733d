import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { byteReader, byteWriter } from "./bytes.ts";
import { createPeriod, decodePeriod, encodePeriod, learnPeriod, predictPeriod } from "./period.ts";
import type { Period } from "./period.ts";

const PLACES = 448;

/** Learns values, each but NaN, which is a place without a point. */
function learned(values: readonly number[], most = Infinity, period = createPeriod()): Period {
  let skipped = 0;
  for (const value of values) {
    if (Number.isNaN(value)) skipped += 1;
    else {
      learnPeriod(period, value, skipped, most);
      skipped = 0;
    }
  }
  return period;
}
const sawtooth = (lag: number, n: number, from = 0): number[] => Array.from({ length: n }, (_, place) => (from + place) % lag);
function bytesOf(period: Period): Uint8Array {
  const writer = byteWriter(4_096);
  encodePeriod(period, writer);
  return writer.done();
}

describe("a period that no clock gives", () => {
  test.each([7, 29, 100, 213, 290])("of %d places is learned once it was seen three times, and predicts what comes", (lag) => {
    const period = learned(sawtooth(lag, Math.max(200, 3 * lag)));
    expect(period.lag).toBe(lag);
    learned(sawtooth(lag, 12 * lag, period.places), Infinity, period);
    for (const skipped of [0, 1, 5, lag, 3 * lag + 2]) {
      expect(predictPeriod(period, skipped)).toBeCloseTo((period.places + skipped) % lag, 0);
    }
  });

  test("is found under noise", () => {
    const uniform = seeded(11);
    const period = learned(sawtooth(40, 480).map((value) => value + 2 * normal(uniform)));
    expect(period.lag).toBe(40);
    const errors = Array.from({ length: 40 }, (_, skipped) => Math.abs(predictPeriod(period, skipped) - ((480 + skipped) % 40)));
    expect(errors.reduce((sum, error) => sum + error, 0) / 40).toBeLessThan(3);
  });

  test("survives single missing points, and a gap of any length: the phase is that of the time", () => {
    for (const gap of [1, 10, 100, PLACES - 1, PLACES, PLACES + 1, 501, 1_234, 100_000]) {
      const values = sawtooth(37, 400).map((value, place) => (place % 23 === 5 ? Number.NaN : value));
      const period = learned(values);
      expect(period.lag).toBe(37);
      expect(predictPeriod(period, gap)).toBe((400 + gap) % 37);
      learnPeriod(period, (400 + gap) % 37, gap, Infinity);
      for (const skipped of [0, 3, 36]) expect(predictPeriod(period, skipped)).toBe((401 + gap + skipped) % 37);
    }
  });

  test("is met again where clocks are set back: places that were passed come once more", () => {
    const period = learned(sawtooth(37, 800));
    for (const back of [-1, -12, -37]) {
      const place = period.places + back;
      expect(predictPeriod(period, back)).toBe(place % 37);
      learnPeriod(period, place % 37, back, Infinity);
      expect(period.places).toBe(place + 1);
      expect(predictPeriod(period, 0)).toBe((place + 1) % 37);
    }
  });

  test("keeps its profile through a spike, and follows a change that comes twice", () => {
    const period = learned(sawtooth(30, 300), 5);
    expect(period.lag).toBe(30);
    const spiked = learned([1_000, ...sawtooth(30, 29, 1)], 5, period);
    expect(predictPeriod(spiked, 0)).toBe(0);
    learned([1_000, ...sawtooth(30, 29, 1)], 5, spiked);
    // The second time on the same side it is what the profile is now.
    expect(predictPeriod(spiked, 0)).toBe(1_000);
    expect(predictPeriod(spiked, 1)).toBe(1);
  });

  test("a spike to the other side the next round changes nothing", () => {
    const period = learned(sawtooth(30, 300), 5);
    for (const spike of [1_000, -1_000, 1_000]) {
      learned([spike, ...sawtooth(30, 29, 1)], 5, period);
      expect(predictPeriod(period, 0)).toBe(0);
    }
  });

  test("that becomes another is replaced, within what is kept of the values", () => {
    const period = learned(sawtooth(30, 480));
    expect(period.lag).toBe(30);
    learned(sawtooth(47, 2 * PLACES), Infinity, period);
    expect(period.lag).toBe(47);
  });

  test("that ends is forgotten", () => {
    const uniform = seeded(3);
    const period = learned(sawtooth(30, 480));
    learned(
      Array.from({ length: 2 * PLACES }, () => 30 * uniform()),
      Infinity,
      period,
    );
    expect(period.lag).toBe(0);
    expect(predictPeriod(period, 0)).toBeNaN();
  });
});

describe("there is none", () => {
  test("in noise, in walks and in trends, but for three of a hundred", () => {
    let found = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const uniform = seeded(seed);
      let walk = 0;
      const values = Array.from({ length: 480 }, (_, place) => {
        walk += normal(uniform);
        return [normal(uniform), walk, place + 3 * normal(uniform), Math.floor(3 * uniform())][seed % 4]!;
      });
      if (learned(values).lag > 0) found += 1;
    }
    expect(found).toBeLessThanOrEqual(3);
  });

  test.each([
    ["a constant", () => 7],
    ["a ramp", (place: number) => place],
    ["a step", (place: number) => (place < 250 ? 0 : 1)],
    ["one odd point", (place: number) => (place === 100 ? 1 : 0)],
  ])("in %s", (_name, valueAt) => {
    expect(learned(Array.from({ length: 1_000 }, (_, place) => valueAt(place))).lag).toBe(0);
  });

  test("before two dozen places, nor where nothing but gaps is left", () => {
    expect(predictPeriod(createPeriod(), 0)).toBeNaN();
    expect(learned(sawtooth(5, 23)).lag).toBe(0);
    const period = learned(sawtooth(50, 60));
    learnPeriod(period, 1, 10_000, Infinity);
    expect(predictPeriod(period, 0)).toBeNaN();
  });
});

test("what was saved and loaded goes on as what was not, whatever was learned", () => {
  const step = fc.record({
    value: fc.double({ min: -1e30, max: 1e30, noNaN: true }),
    skipped: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -40, max: 1_000_000 }) }),
    most: fc.constantFrom(0, 1, 1e10, Infinity),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 250 }), fc.nat({ max: 60 }), (steps, lag) => {
      const period = learned(sawtooth(lag + 1, 2 * lag + 30));
      for (const { value, skipped, most } of steps) learnPeriod(period, value, skipped, most);
      const reader = byteReader(bytesOf(period));
      const again = decodePeriod(reader);
      expect(reader.left).toBe(0);
      for (const either of [period, again]) learned([1, Number.NaN, 2, 3], 1, either);
      expect(bytesOf(again)).toEqual(bytesOf(period));
    }),
    { numRuns: 40 },
  );
});
