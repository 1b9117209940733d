import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { countDimensions, topDimensions } from "./top-dimensions.ts";

type Row = readonly [dimension: `${string}=${string}`, alerts: number, series: number];
const split = (dimension: string) => ({ name: dimension.split("=", 1)[0]!, value: dimension.slice(dimension.indexOf("=") + 1) });
const top = (alerts: number, series: number, rows: readonly Row[]) =>
  topDimensions(
    { alerts, dimensions: rows.map(([dimension, having]) => ({ ...split(dimension), alerts: having })) },
    { series, dimensions: rows.map(([dimension, , all]) => ({ ...split(dimension), series: all })) },
  ).map(({ name, value }) => `${name}=${value}`);

test("a dimension that most alerts have and few other series comes with the counts of both", () => {
  const firing = { alerts: 10, dimensions: [{ name: "region", value: "eu", alerts: 9 }] };
  const watched = { series: 100, dimensions: [{ name: "region", value: "eu", series: 12 }] };
  expect(topDimensions(firing, watched)).toEqual([{ name: "region", value: "eu", alerts: 9, ofAlerts: 10, series: 12, ofSeries: 100 }]);
});

test.each<[string, number, number, readonly Row[], readonly string[]]>([
  ["what all series have tells nothing", 4, 40, [["env=prod", 4, 40]], []],
  ["what half as many again have tells something", 4, 40, [["env=prod", 3, 20]], ["env=prod"]],
  ["what is a little more frequent tells nothing", 4, 40, [["env=prod", 3, 21]], []],
  ["what fewer than half of the alerts have is left out", 5, 40, [["host=a", 2, 2]], []],
  ["two alerts make no picture", 2, 40, [["host=a", 2, 2]], []],
  ["where every series fires there are no others", 4, 4, [["host=a", 4, 4]], []],
  ["the farthest apart come first", 10, 100, [["a=x", 10, 40], ["b=x", 9, 5], ["c=x", 5, 1], ["d=x", 10, 60]], ["b=x", "a=x", "c=x"]], // prettier-ignore
  ["of one name there is one value", 4, 40, [["zone=a", 2, 3], ["zone=b", 2, 2], ["rack=r", 2, 5]], ["zone=b", "rack=r"]], // prettier-ignore
])("%s", (_, alerts, series, rows, expected) => {
  expect(top(alerts, series, rows)).toEqual(expected);
});

test("the order in which dimensions come changes nothing, and more series alike do not either", () => {
  const row = fc.tuple(
    fc.constantFrom<`${string}=${string}`>("a=x", "b=x", "c=x", "d=x", "e=x"),
    fc.integer({ min: 1, max: 10 }),
    fc.nat(100),
  );
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: ([dimension]) => dimension }), fc.integer({ min: 2, max: 9 }), (rows, times) => {
      const plausible = rows.map(([dimension, alerts, others]): Row => [dimension, alerts, alerts + (others % 90)]);
      const found = top(10, 100, plausible);
      expect(top(10, 100, plausible.toReversed())).toEqual(found);
      const more = plausible.map(([dimension, alerts, series]): Row => [dimension, alerts * times, series * times]);
      expect(top(10 * times, 100 * times, more)).toEqual(found);
    }),
  );
});

test("series are counted by the dimensions that are asked for, and by nothing that every object has", () => {
  const asked = [
    { name: "region", value: "eu", alerts: 3 },
    { name: "constructor", value: "x", alerts: 3 },
  ];
  expect(countDimensions([{ region: "eu" }, { region: "us" }, { region: "eu", host: "a" }, {}], asked)).toEqual({
    series: 4,
    dimensions: [
      { name: "region", value: "eu", series: 2 },
      { name: "constructor", value: "x", series: 0 },
    ],
  });
});
