import { expect, test } from "@jest/globals";
import { AIR_PASSENGERS, NOTTEM } from "./golden.ts";
import { stl } from "./stl.ts";

// R 4.2.2, stl(s.window = 11): the first and the last four of each part.
const R = {
  AirPassengers: {
    seasonal: [-16.19125934, -15.20561153, 8.168910139, -0.622996919, 18.42072614, -24.19669401, -62.4476547, -34.83031668],
    trend: [123.0642, 123.6606444, 124.2570887, 124.853533, 385.9652027, 387.3731474, 388.8131561, 390.2531648],
  },
  nottem: {
    seasonal: [-8.280964915, -8.921355641, -6.474057996, -2.991149426, 8.144129706, 0.2118854425, -6.492257016, -9.589602668],
    trend: [49.04015421, 49.04246622, 49.04477824, 49.04709025, 48.63794194, 48.50048949, 48.35104721, 48.20160492],
  },
};

test.each([
  ["AirPassengers", AIR_PASSENGERS, R.AirPassengers],
  ["nottem", NOTTEM, R.nottem],
])("%s comes apart as in R", (_name, { train }, parts) => {
  const { seasonal, trend } = stl(Float64Array.from(train), { seasonLength: 12, seasonalWindow: 11 });
  for (const [got, wanted] of [
    [seasonal, parts.seasonal],
    [trend, parts.trend],
  ] as const) {
    const ends = [...got.subarray(0, 4), ...got.subarray(-4)];
    for (const [place, value] of wanted.entries()) expect(Math.abs(ends[place]! - value)).toBeLessThan(1e-8 * Math.max(...train));
  }
});

test("a line with an exact season is taken apart into both, all but exactly", () => {
  const season = [3, -1, -4, 2];
  const y = Float64Array.from({ length: 60 }, (_, t) => 5 + t / 2 + season[t % 4]!);
  const { seasonal, trend } = stl(y, { seasonLength: 4, seasonalWindow: 11 });
  for (let t = 0; t < y.length; t++) {
    expect(seasonal[t]).toBeCloseTo(season[t % 4]!, 0);
    expect(trend[t]).toBeCloseTo(5 + t / 2, 0);
  }
});
