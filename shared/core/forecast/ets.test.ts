import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { chooseEts, fitEts } from "./ets.ts";
import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";
import type { Golden } from "./golden.ts";

const SERIES = { AirPassengers: AIR_PASSENGERS, nottem: NOTTEM, Nile: NILE, WWWusage: WWW_USAGE };

function fitted({ train, seasonLength }: Golden, form: Golden["ets"][number]["form"]) {
  const fit = fitEts(Float64Array.from(train), form, { seasonLength });
  if (!fit.ok) throw new Error("refused");
  return fit.value;
}

describe("against R", () => {
  const rows = Object.entries(SERIES).flatMap(([name, series]) =>
    series.ets.map((golden) => ({ name, series, golden, letters: `A,${golden.form.trend},${golden.form.season}` })),
  );

  test.each(rows)("ets($letters) of $name is at least as likely as R's fit, within 0.05", ({ series, golden }) => {
    expect(fitted(series, golden.form).logLikelihood).toBeGreaterThan(golden.logLikelihood - 0.05);
  });

  // R searches the initial states with everything else and stops short elsewhere: there its points are those of a less likely model.
  const converged = rows.filter(({ series, golden }) => fitted(series, golden.form).logLikelihood < golden.logLikelihood + 0.15);
  test("most of R's fits are the maximum that is found here", () => {
    expect(converged.map(({ name, letters }) => `${name} ${letters}`)).toEqual([
      "AirPassengers A,N,N",
      "AirPassengers A,A,N",
      "AirPassengers A,Ad,N",
      "nottem A,N,N",
      "nottem A,A,N",
      "nottem A,N,A",
      "Nile A,N,N",
      "Nile A,A,N",
      "WWWusage A,N,N",
    ]);
  });
  test.each(converged)("ets($letters) of $name forecasts within 1% of R", ({ series, golden }) => {
    const mean = fitted(series, golden.form).mean(golden.mean.length);
    for (const [step, value] of golden.mean.entries()) expect(Math.abs(mean[step]! / value - 1)).toBeLessThan(0.01);
  });

  test.each([
    ["nottem", NOTTEM, "ets(A,N,A)", 1545.855614],
    ["WWWusage", WWW_USAGE, "ets(A,Ad,N)", 638.3881473],
  ])("the form chosen for %s is that of R's ets, with an AICc no more than 2 above", (_name, { train, seasonLength }, name, aicc) => {
    const fit = chooseEts(Float64Array.from(train), { seasonLength });
    if (!fit.ok) throw new Error("refused");
    expect(fit.value.name).toBe(name);
    expect(fit.value.aicc).toBeLessThan(aicc + 2);
  });
});

const integers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 12, maxLength: 60 });
const meanOf = (values: readonly number[], seasonLength = 4): Float64Array => {
  const fit = chooseEts(Float64Array.from(values), { seasonLength });
  if (!fit.ok) throw new Error("refused");
  return fit.value.mean(6);
};

describe("for any series", () => {
  test("forecasts scale and shift with the series", () => {
    fc.assert(
      fc.property(integers, fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -30, max: 30 }), (values, shift, power) => {
        const mean = meanOf(values);
        const shifted = meanOf(values.map((value) => value + shift));
        const scaled = meanOf(values.map((value) => value * 2 ** power));
        for (const [step, value] of mean.entries()) {
          expect(shifted[step]).toBeCloseTo(value + shift, 6);
          expect(scaled[step]).toBe(value * 2 ** power);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("forecasts are finite, however large, small or flat the values", () => {
    const nasty = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1e300, -1e300, 5e-324, 1));
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 5, maxLength: 40 }), (values) => {
        expect(meanOf(values).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each([0, 0.1, -7, 1e300])("a constant %p is forecast to stay", (value) => {
    expect([...meanOf(Array.from({ length: 30 }, () => value))]).toEqual(Array.from({ length: 6 }, () => value));
  });

  test("a straight line goes on", () => {
    const mean = meanOf(Array.from({ length: 40 }, (_, t) => 3 * t + 5));
    for (const [step, value] of mean.entries()) expect(value).toBeCloseTo(3 * (40 + step) + 5, 4);
  });

  test("a form with more parameters than points is refused with the count it needs", () => {
    const refusal = fitEts(
      new Float64Array(13).map((_, t) => t),
      { trend: "Ad", season: "A" },
      { seasonLength: 12 },
    );
    expect(refusal).toEqual({ ok: false, error: { reason: "too-short", needed: 24, got: 13 } });
    expect(chooseEts(Float64Array.of(1, 2, 3, 4), { seasonLength: 1 })).toMatchObject({ ok: false });
  });
});
