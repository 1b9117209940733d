import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { innovations } from "./arma-filter.ts";
import { autoregressionCovariances, fromPartial, withSeason } from "./arma-polynomial.ts";

const partials = (most: number) => fc.array(fc.double({ min: -0.9, max: 0.9, noNaN: true }), { minLength: 0, maxLength: most });
const models = fc.tuple(partials(3), partials(3), partials(1), partials(1)).map(([p, q, P, Q]) => ({
  phi: withSeason(fromPartial(p), fromPartial(P), 4),
  theta: withSeason(fromPartial(q), fromPartial(Q), 4).map((value) => -value),
}));

/** Autocovariances by the response to one shock, far enough for it to die out. */
function covariancesOf({ phi, theta }: { phi: Float64Array; theta: Float64Array }, lags: number): Float64Array {
  const response = new Float64Array(4_000);
  for (let k = 0; k < response.length; k++) {
    response[k] = k === 0 ? 1 : (theta[k - 1] ?? 0);
    for (let i = 1; i <= Math.min(k, phi.length); i++) response[k]! += phi[i - 1]! * response[k - i]!;
  }
  return Float64Array.from({ length: lags + 1 }, (_, lag) => {
    let sum = 0;
    for (let k = lag; k < response.length; k++) sum += response[k]! * response[k - lag]!;
    return sum;
  });
}

/** What each point is expected to be from those before it, by Cholesky's factor of the whole covariance matrix. */
function byCholesky(y: Float64Array, gamma: Float64Array): { expected: Float64Array; variances: Float64Array } {
  const n = y.length;
  const factor = Array.from({ length: n }, () => new Float64Array(n));
  const errors = new Float64Array(n);
  const [expected, variances] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const row = factor[i]!;
    for (let j = 0; j <= i; j++) {
      let sum = gamma[i - j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * factor[j]![k]!;
      row[j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!;
    }
    for (let k = 0; k < i; k++) expected[i]! += row[k]! * errors[k]!;
    variances[i] = row[i]! ** 2;
    errors[i] = (y[i]! - expected[i]!) / row[i]!;
  }
  return { expected, variances };
}

const y = Float64Array.from({ length: 40 }, (_, t) => ((t * t * 7) % 11) - 5);

test("every prediction is the one that the whole covariance matrix gives, and so is its error", () => {
  fc.assert(
    fc.property(models, (model) => {
      const made = innovations([y], model)!;
      const known = byCholesky(y, covariancesOf(model, y.length));
      for (let t = 0; t < y.length; t++) {
        expect(Math.abs(made.expected[0]![t]! - known.expected[t]!)).toBeLessThan(1e-4);
        expect(made.variances[t]! / known.variances[t]!).toBeCloseTo(1, 5);
      }
    }),
    { numRuns: 60 },
  );
});

test("beyond the last point an autoregression goes on by its own recursion", () => {
  const phi = Float64Array.of(0.5, 0.2);
  const ahead = innovations([y], { phi, theta: new Float64Array(0) }, 3)!.expected[0]!.slice(40);
  const first = 0.5 * y[39]! + 0.2 * y[38]!;
  expect(ahead[0]).toBeCloseTo(first, 12);
  expect(ahead[1]).toBeCloseTo(0.5 * first + 0.2 * y[39]!, 12);
});

test("beyond its order a moving average has nothing to say", () => {
  const ahead = innovations([y], { phi: new Float64Array(0), theta: Float64Array.of(0.5) }, 3)!.expected[0]!.slice(40);
  expect(Math.abs(ahead[0]!)).toBeGreaterThan(0.1);
  expect(ahead.slice(1)).toEqual(new Float64Array(2));
});

test("columns go through the same filter, each for itself", () => {
  const model = { phi: Float64Array.of(0.7), theta: Float64Array.of(0.4) };
  const both = innovations([y, y.map((value) => 2 * value)], model)!;
  expect(both.expected[0]).toEqual(innovations([y], model)!.expected[0]);
  expect(both.expected[1]).toEqual(both.expected[0]!.map((value) => 2 * value));
});

test("what is not stationary is refused", () => {
  expect(innovations([y], { phi: Float64Array.of(1.2), theta: new Float64Array(0) })).toBeNull();
});

test("an autoregression without noise lags has the covariances of its own recursion", () => {
  const phi = Float64Array.of(0.6, -0.3);
  const gamma = autoregressionCovariances(phi, 5)!;
  const known = covariancesOf({ phi, theta: new Float64Array(0) }, 5);
  for (const [lag, value] of gamma.entries()) expect(value).toBeCloseTo(known[lag]!, 10);
});
