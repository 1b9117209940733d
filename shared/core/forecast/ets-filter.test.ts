import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concentrateEts, runEts } from "./ets-filter.ts";
import type { EtsForm, EtsState } from "./ets-filter.ts";

test("two steps of a damped seasonal model follow the textbook recursion", () => {
  const state: EtsState = { level: 10, slope: 2, season: Float64Array.of(1, -1) };
  const errors = new Float64Array(2);
  runEts(Float64Array.of(14, 12), { alpha: 0.5, beta: 0.25, gamma: 0.125, phi: 0.5 }, state, errors);
  // f1 = 10 + 1 + 1 = 12, e1 = 2: level 12, slope 1.5, season 1.25; f2 = 12 + 0.75 - 1 = 11.75, e2 = 0.25.
  expect(errors).toEqual(Float64Array.of(2, 0.25));
  expect(state).toEqual({ level: 12.875, slope: 0.8125, season: Float64Array.of(1.25, -0.96875) });
});

const forms: EtsForm[] = (["N", "A", "Ad"] as const).flatMap((trend) => (["N", "A"] as const).map((season) => ({ trend, season })));

test.each(forms)("no initial state of $trend,$season gives smaller errors than the concentrated one", (form) => {
  const m = 4;
  const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  const points = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 16, maxLength: 30 });
  fc.assert(
    fc.property(points, share, share, share, (values, alpha, slow, nudge) => {
      const y = Float64Array.from(values);
      const beta = form.trend === "N" ? 0 : alpha * slow;
      const gamma = form.season === "N" ? 0 : (1 - alpha) * slow;
      const parameters = { alpha, beta, gamma, phi: form.trend === "Ad" ? 0.9 : 1 };
      const best = concentrateEts(y, form, m)(parameters);
      if (best === null) return;
      const sseFrom = (state: EtsState): number => {
        const errors = new Float64Array(y.length);
        runEts(y, parameters, state, errors);
        return errors.reduce((sum, error) => sum + error * error, 0);
      };
      const copy = (): EtsState => ({ ...best.state, season: best.state.season.slice() });
      const sse = sseFrom(copy());
      expect(sse).toBeCloseTo(best.sse, 8);
      for (const step of [nudge, -nudge]) {
        expect(sseFrom({ ...copy(), level: best.state.level + step })).toBeGreaterThan(sse - 1e-9);
        if (form.trend !== "N") expect(sseFrom({ ...copy(), slope: best.state.slope + step })).toBeGreaterThan(sse - 1e-9);
        if (form.season === "N") continue;
        const state = copy();
        state.season[2]! += step;
        expect(sseFrom(state)).toBeGreaterThan(sse - 1e-9);
      }
    }),
    { numRuns: 50 },
  );
});
