import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";
import { seasonalNaive } from "./naive.ts";

describe("seasonalNaive", () => {
  test.each([
    ["AirPassengers", AIR_PASSENGERS],
    ["nottem", NOTTEM],
    ["Nile", NILE],
    ["WWWusage", WWW_USAGE],
  ])("forecasts %s exactly as R does", (_name, { train, seasonLength, seasonalNaive: golden }) => {
    const forecast = seasonalNaive(Float64Array.from(train), { seasonLength, horizon: golden.mean.length });
    expect(forecast).toEqual({ ok: true, value: { mean: Float64Array.from(golden.mean) } });
  });

  test("a series shorter than one season is refused with the count it needs", () => {
    const refusal = seasonalNaive(Float64Array.of(1, 2), { seasonLength: 3, horizon: 1 });
    expect(refusal).toEqual({ ok: false, error: { reason: "too-short", needed: 3, got: 2 } });
  });

  test("every step equals the point one season before it", () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100 }), (values, length, horizon) => {
        const seasonLength = Math.min(length, values.length);
        const forecast = seasonalNaive(Float64Array.from(values), { seasonLength, horizon });
        if (!forecast.ok) throw new Error("refused");
        const whole = [...values, ...forecast.value.mean];
        for (let t = values.length; t < whole.length; t++) expect(whole[t]).toBe(whole[t - seasonLength]);
        expect(whole).toHaveLength(values.length + horizon);
      }),
    );
  });
});
