import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { mstl } from "./mstl.ts";
import { stl } from "./stl.ts";

/** An hourly series of the M4 competition, which is not ours to ship, as R's mstl takes it apart. */
const GOLDEN = new URL("../../../../shared/reference/forecast-golden/M4_H1.json", import.meta.url);

interface Golden {
  readonly train: readonly number[];
  readonly mstl: { readonly components: Readonly<Record<"Trend" | "Seasonal24" | "Seasonal168", readonly number[]>> };
}

const golden = existsSync(GOLDEN) ? test : test.skip;
golden(`an hourly series comes apart as in R (skipped where ${GOLDEN.pathname.split("/").slice(-3).join("/")} is not there)`, () => {
  const { train, mstl: wanted } = JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;
  const { seasonals, trend } = mstl(Float64Array.from(train), [24, 168]);
  const scale = Math.max(...train.map(Math.abs));
  for (const [got, part] of [
    [trend, wanted.components.Trend],
    [seasonals[0]!, wanted.components.Seasonal24],
    [seasonals[1]!, wanted.components.Seasonal168],
  ] as const)
    expect(Math.max(...got.map((value, t) => Math.abs(value - part[t]!)))).toBeLessThan(1e-8 * scale);
});

test("of one season it is stl", () => {
  const y = Float64Array.from({ length: 100 }, (_, t) => Math.sin(t) + (t % 7));
  expect(mstl(y, [7]).seasonals[0]).toEqual(stl(y, { seasonLength: 7, seasonalWindow: 11 }).seasonal);
});

test("fitted once, seasons are nearly what they are fitted twice", () => {
  const y = Float64Array.from({ length: 200 }, (_, t) => Math.sin((2 * Math.PI * t) / 12) + (t / 100) ** 2);
  const [once, twice] = [mstl(y, [12], { passes: 1 }), mstl(y, [12])].map(({ seasonals }) => seasonals[0]!);
  expect(once).not.toEqual(twice);
  const apart = once!.reduce((sum, value, t) => sum + Math.abs(value - twice![t]!), 0) / y.length;
  expect(apart).toBeLessThan(0.03);
});

test("two seasons are told apart, and the parts add up to the series", () => {
  const daily = (t: number): number => Math.sin((2 * Math.PI * t) / 24);
  const weekly = (t: number): number => (Math.floor(t / 24) % 7 > 4 ? -2 : 0.8);
  const y = Float64Array.from({ length: 24 * 7 * 6 }, (_, t) => 10 + daily(t) + weekly(t));
  const { seasonals, adjusted } = mstl(y, [24, 168]);
  for (let t = 0; t < y.length; t++) expect(seasonals[0]![t]! + seasonals[1]![t]! + adjusted[t]!).toBeCloseTo(y[t]!, 9);
  const swing = (part: Float64Array): number => Math.max(...part) - Math.min(...part);
  expect(swing(adjusted)).toBeLessThan(0.5);
  expect(swing(seasonals[0]!)).toBeGreaterThan(1.5);
});
