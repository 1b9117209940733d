import { expect, test } from "@jest/globals";
import { movingAverage, seasonalEffects } from "./decomposition.ts";
import { AIR_PASSENGERS, AIR_PASSENGERS_EFFECTS } from "./golden.ts";

test("the seasonal effects of AirPassengers are those of R's decompose", () => {
  const effects = seasonalEffects(Float64Array.from([...AIR_PASSENGERS.train, ...AIR_PASSENGERS.test]), 12);
  for (const [phase, effect] of AIR_PASSENGERS_EFFECTS.entries()) expect(effects[phase]).toBeCloseTo(effect, 7);
});

test("a centred moving average of a line is the line, and is unknown at the ends", () => {
  const line = Float64Array.from({ length: 12 }, (_, t) => t + 1);
  expect(movingAverage(line, 4)).toEqual(Float64Array.of(NaN, NaN, 3, 4, 5, 6, 7, 8, 9, 10, NaN, NaN));
  expect(movingAverage(line.subarray(0, 5), 3)).toEqual(Float64Array.of(NaN, 2, 3, 4, NaN));
});

test("points that do not count leave the effects as they are", () => {
  const y = Float64Array.from({ length: 20 }, (_, t) => [1, -1, 3, -3][t % 4]!);
  const spoilt = y.slice();
  spoilt[9]! += 100;
  const clean = seasonalEffects(y, 4);
  expect([...clean]).toEqual([1, -1, 3, -3]);
  expect(seasonalEffects(spoilt, 4)[1]).not.toBe(-1);
  const phaseOfSpoilt = seasonalEffects(spoilt, 4, (i) => Math.abs(i - 9) > 2);
  for (const [phase, effect] of clean.entries()) expect(phaseOfSpoilt[phase]).toBeCloseTo(effect, 12);
});
