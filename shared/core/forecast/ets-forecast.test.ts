import { expect, test } from "@jest/globals";
import { etsForecast } from "./ets-forecast.ts";

const wave = (n: number, m: number): Float64Array =>
  Float64Array.from({ length: n }, (_, t) => Math.sin((2 * Math.PI * t) / m) + (t * 0.5) / m + 0.01 * ((t * 7919) % 13));

test.each([
  [12, /^ets\(A,(N|A|Ad),A\)$/],
  [96, /^ets\(A,(N|A|Ad),N\) deseasonalised$/],
])("a season of %i points is carried into the forecast", (m, name) => {
  const y = wave(6 * m, m);
  const known = y.subarray(0, 5 * m);
  const forecast = etsForecast(known, { seasonLength: m, horizon: m });
  if (!forecast.ok) throw new Error("refused");
  expect(forecast.value.name).toMatch(name);
  for (const [step, value] of forecast.value.mean.entries()) expect(Math.abs(value - y[5 * m + step]!)).toBeLessThan(0.3);
});

test("below two cycles the season is left out", () => {
  const forecast = etsForecast(wave(100, 96), { seasonLength: 96, horizon: 3 });
  if (!forecast.ok) throw new Error("refused");
  expect(forecast.value.name).toMatch(/^ets\(A,(N|A|Ad),N\)$/);
});

test("fewer than five points are refused", () => {
  expect(etsForecast(Float64Array.of(1, 2, 3, 4), { seasonLength: 1, horizon: 1 }).ok).toBe(false);
});
