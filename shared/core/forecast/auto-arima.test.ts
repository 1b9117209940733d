import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fitArima, forecastArima, nameOf, withoutDifferences } from "./arima.ts";
import type { ArimaFit, ArimaOrder } from "./arima.ts";
import { autoArima } from "./auto-arima.ts";
import { ARIMA_GOLDENS } from "./golden-arima.ts";
import type { ArimaGolden } from "./golden-arima.ts";
import { AIR_PASSENGERS } from "./golden.ts";

const goldens = Object.entries(ARIMA_GOLDENS);
const AIRLINE: ArimaOrder = { p: 0, d: 1, q: 1, P: 0, D: 1, Q: 1, m: 12, constant: false };

const asR = ({ train, order, seasonLength }: ArimaGolden): ArimaFit => fitArima(Float64Array.from(train), { ...order, m: seasonLength })!;
const chosen = (values: readonly number[], seasonLength = 1): ArimaFit => autoArima(Float64Array.from(values), { seasonLength })!;
/** Uniform noise in [0, 1) from a linear congruential generator. */
function noise(n: number): number[] {
  let state = 7_919;
  return Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}

describe("against R", () => {
  test.each(goldens)("the model of %s is as likely as R's of the same order, within 0.05", (_name, golden) => {
    const { logLikelihood, aicc } = asR(golden);
    expect(Math.abs(logLikelihood - golden.logLikelihood)).toBeLessThan(0.05);
    expect(Math.abs(aicc - golden.aicc)).toBeLessThan(0.1);
  });

  test.each(goldens)("the model of %s forecasts within a thousandth of R's of the same order", (_name, golden) => {
    const ahead = forecastArima(Float64Array.from(golden.train), asR(golden), golden.mean.length);
    for (const [step, value] of golden.mean.entries()) expect(Math.abs(ahead[step]! / value - 1)).toBeLessThan(1e-3);
  });

  test.each(goldens)("the orders chosen for %s have an AICc no higher than R's, of the same differences", (_name, golden) => {
    const { order, aicc } = chosen(golden.train, golden.seasonLength);
    expect([order.d, order.D]).toEqual([golden.order.d, golden.order.D]);
    expect(aicc).toBeLessThan(golden.aicc + 0.05);
  });

  test("the airline model of the logarithms of all twelve years has the coefficients that R's help prints", () => {
    const logs = Float64Array.from([...AIR_PASSENGERS.train, ...AIR_PASSENGERS.test], Math.log);
    const { arma, logLikelihood } = fitArima(logs, AIRLINE)!;
    expect(arma.theta[0]).toBeCloseTo(-0.4018, 3);
    expect(arma.theta[11]).toBeCloseTo(-0.5569, 3);
    expect(arma.theta[12]).toBeCloseTo(0.4018 * 0.5569, 3);
    expect(logLikelihood).toBeCloseTo(244.7, 1);
  });
});

describe("the choice", () => {
  test("of a line is a drift alone, and of a parabola two differences; both go on", () => {
    const line = chosen(Array.from({ length: 40 }, (_, t) => 3 * t + 5));
    expect(nameOf(line.order)).toBe("arima(0,1,0) with drift");
    const y = Float64Array.from({ length: 40 }, (_, t) => t * t);
    const parabola = chosen([...y]);
    expect(nameOf(parabola.order)).toBe("arima(0,2,0)");
    const ahead = forecastArima(
      Float64Array.from({ length: 40 }, (_, t) => 3 * t + 5),
      line,
      2,
    );
    for (const [step, value] of ahead.entries()) expect(value).toBeCloseTo(3 * (40 + step) + 5, 9);
  });

  test("of an autoregression finds it again", () => {
    let [last, before] = [0, 0];
    const values = noise(600).map((part) => ([last, before] = [1.2 * last - 0.6 * before + part - 0.5, last])[0]);
    const { order, arma } = chosen(values);
    expect(nameOf(order)).toBe("arima(2,0,0) with mean");
    expect(arma.phi[0]).toBeCloseTo(1.2, 1);
    expect(arma.phi[1]).toBeCloseTo(-0.6, 1);
  });

  test("of noise is a mean, and of a random walk its last value", () => {
    expect(nameOf(chosen(noise(200)).order)).toBe("arima(0,0,0) with mean");
    let level = 0;
    const walk = noise(200).map((part) => (level += part - 0.5));
    expect(nameOf(chosen(walk).order)).toBe("arima(0,1,0)");
  });

  test("stops where the time is up, with the best that was found by then", () => {
    const { train, seasonLength } = ARIMA_GOLDENS["UKgas"]!;
    const after = (turns: number): ArimaFit => autoArima(Float64Array.from(train), { seasonLength, isLate: () => (turns -= 1) < 0 })!;
    expect(nameOf(after(0).order)).toBe("arima(0,1,0)(0,1,0)[4]");
    expect(after(3).aicc).toBeLessThan(after(0).aicc);
    expect(after(3).aicc).toBeGreaterThan(after(1_000).aicc);
  });

  test("is the same for the same series", () => {
    const { train } = ARIMA_GOLDENS["lynx"]!;
    expect(chosen(train)).toEqual(chosen(train));
  });

  test("of too few points is none", () => {
    expect(autoArima(Float64Array.of(1, 5, 2), { seasonLength: 1 })).toBeNull();
    expect(fitArima(Float64Array.of(1, 5, 2, 4), { ...AIRLINE, m: 4 })).toBeNull();
  });

  test("has roots that are clear of the unit circle, and is finite, for any series", () => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.constantFrom(1, 4), (integers, seasonLength) => {
        const y = Float64Array.from(integers);
        const fit = autoArima(y, { seasonLength });
        expect(fit?.isSound ?? true).toBe(true);
        if (fit !== null) expect(forecastArima(y, fit, 30).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test("moves with a shift and a scale of the series", () => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 12, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: -50, max: 50 }), (integers, shift) => {
        const y = Float64Array.from(integers);
        const moved = y.map((value) => 4 * (value + shift));
        const [fit, movedFit] = [autoArima(y, { seasonLength: 1 }), autoArima(moved, { seasonLength: 1 })];
        fc.pre(fit !== null && movedFit !== null && nameOf(fit.order) === nameOf(movedFit.order));
        const [ahead, movedAhead] = [forecastArima(y, fit, 5), forecastArima(moved, movedFit, 5)];
        for (const [step, value] of ahead.entries()) expect(Math.abs(movedAhead[step]! - 4 * (value + shift))).toBeLessThan(8);
      }),
      { numRuns: 40 },
    );
  });
});

test("differences are taken from season to season, then from step to step, and come back in the forecast", () => {
  const y = Float64Array.from({ length: 24 }, (_, t) => (t % 4) * 10 + t * t);
  const order = { ...AIRLINE, q: 0, Q: 0, m: 4 };
  expect([...withoutDifferences(y, order)]).toEqual(Array.from({ length: 19 }, () => 8));
  const fit = { order, arma: { phi: new Float64Array(0), theta: new Float64Array(0) }, mean: 8 };
  expect([...forecastArima(y, fit, 8)]).toEqual(Array.from({ length: 8 }, (_, step) => ((24 + step) % 4) * 10 + (24 + step) ** 2));
});
