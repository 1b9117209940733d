import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { autoregressionCovariances, fromPartial, isStationary, withSeason } from "./arma-polynomial.ts";

const partials = fc.array(fc.double({ min: -0.95, max: 0.95, noNaN: true }), { minLength: 0, maxLength: 6 });

test("two partial autocorrelations make the coefficients of Durbin and Levinson", () => {
  const [r1, r2] = [0.5, -0.3];
  const phi = fromPartial([r1, r2]);
  expect(phi[0]).toBeCloseTo(r1 * (1 - r2), 12);
  expect(phi[1]).toBeCloseTo(r2, 12);
});

test("whatever the partial autocorrelations, the autoregression is stationary", () => {
  fc.assert(fc.property(partials, (partial) => expect(isStationary(fromPartial(partial))).toBe(true)));
});

test.each([
  [[1], 1, false],
  [[0.99], 1, true],
  [[0.99], 1.01, true],
  [[0.995], 1.01, false],
  [[1.2, -0.2], 1, false],
  [[1.6, -0.8], 1, true],
  [[1.6, -0.8], 1.2, false],
  [[], 1, true],
])("the roots of 1 less %j lie beyond %d: %j", (phi, modulus, expected) => {
  expect(isStationary(Float64Array.from(phi), modulus)).toBe(expected);
});

test("the covariances of an autoregression hold Yule and Walker's equations, at any lag", () => {
  fc.assert(
    fc.property(partials, (partial) => {
      const phi = fromPartial(partial);
      const gamma = autoregressionCovariances(phi, 12)!;
      for (let lag = 0; lag <= 12; lag++) {
        const noise = lag === 0 ? 1 : 0;
        const sum = phi.reduce((total, value, i) => total + value * gamma[Math.abs(lag - 1 - i)]!, noise);
        expect(Math.abs(sum - gamma[lag]!)).toBeLessThan(1e-7 * gamma[0]!);
      }
    }),
  );
});

test("what is not stationary has no covariances", () => {
  expect(autoregressionCovariances(Float64Array.of(1.1), 2)).toBeNull();
});

test("a seasonal polynomial multiplies the plain one", () => {
  // (1 - 0.5 B)(1 - 0.4 B^3) = 1 - 0.5 B - 0.4 B^3 + 0.2 B^4
  expect([...withSeason(Float64Array.of(0.5), Float64Array.of(0.4), 3)]).toEqual([0.5, 0, 0.4, -0.2]);
  expect([...withSeason(new Float64Array(0), Float64Array.of(0.4), 2)]).toEqual([0, 0.4]);
});
