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

/** Accidental deaths in the USA a month, 1973-1977: R's USAccDeaths. */
const DEATHS = [
  9007, 8106, 8928, 9137, 10017, 10826, 11317, 10744, 9713, 9938, 9161, 8927, 7750, 6981, 8038, 8422, 8714, 9512, 10120, 9823, 8743, 9129,
  8710, 8680, 8162, 7306, 8124, 7870, 9387, 9556, 10093, 9620, 8285, 8466, 8160, 8034, 7717, 7461, 7767, 7925, 8623, 8945, 10078, 9179,
  8037, 8488, 7874, 8647, 7792, 6957, 7726, 8106, 8890, 9299, 10625, 9302, 8314, 8850, 8265, 8796,
];

// The first four of the season; the first and the last four of the trend.
const ROBUST = {
  // R 4.2.2, stl("periodic", robust = TRUE), and statsmodels 0.15 alike.
  USAccDeaths: {
    seasonal: [-681.5933043, -1590.602222, -739.8641778, -517.8673522],
    trend: [9799.6562, 9768.270766, 9736.885331, 9699.331286, 8607.477184, 8626.707143, 8645.937101, 8664.90851],
  },
  // statsmodels 0.15 with R's windows. R's trend is up to 0.1% off here: it gives its partial sort, which needs them ascending, the two middle places
  // of an even number of points the other way round, and now and then gets one that is not the middle.
  AirPassengers: {
    seasonal: [-14.92127658, -21.05767621, 9.821299762, 1.038614121],
    trend: [122.9282139, 123.3129127, 123.6976115, 124.2504504, 356.911188, 357.5799369, 358.2486857, 358.9244024],
  },
  nottem: {
    seasonal: [-9.486343407, -9.749598196, -7.188283552, -2.912041661],
    trend: [50.19906965, 50.09663279, 49.99419592, 49.92103307, 48.8579279, 48.69926283, 48.54059776, 48.37195605],
  },
};

test.each([
  ["USAccDeaths", DEATHS, ROBUST.USAccDeaths],
  ["AirPassengers", AIR_PASSENGERS.train, ROBUST.AirPassengers],
  ["nottem", NOTTEM.train, ROBUST.nottem],
])("%s comes apart robustly, with one season for all years, as in statsmodels", (_name, train, parts) => {
  const { seasonal, trend } = stl(Float64Array.from(train), { seasonLength: 12, seasonalWindow: "periodic", robust: true });
  for (const [place, value] of parts.seasonal.entries()) expect(Math.abs(seasonal[place + 24]! / value - 1)).toBeLessThan(1e-8);
  const ends = [...trend.subarray(0, 4), ...trend.subarray(-4)];
  for (const [place, value] of parts.trend.entries()) expect(Math.abs(ends[place]! / value - 1)).toBeLessThan(1e-8);
});

test("outliers move neither season nor trend where they are robust", () => {
  const noise = (t: number): number => Math.sin(17 * t) * Math.cos(5 * t);
  const clean = Float64Array.from({ length: 240 }, (_, t) => 100 + t / 10 + 10 * Math.sin((2 * Math.PI * t) / 12) + noise(t));
  const y = clean.map((value, t) => (t === 50 || t === 151 ? value + 1_000 : value));
  const moved = (robust: boolean): number => {
    const [of, beside] = [clean, y].map((points) => stl(points, { seasonLength: 12, seasonalWindow: 11, robust }));
    return Math.max(
      ...of!.seasonal.map((value, t) => Math.abs(value - beside!.seasonal[t]!) + Math.abs(of!.trend[t]! - beside!.trend[t]!)),
    );
  };
  expect(moved(true)).toBeLessThan(1);
  expect(moved(false)).toBeGreaterThan(100);
});

test("where a season has too few cycles to tell an outlier, a robust one follows it no more than another", () => {
  const clean = Float64Array.from({ length: 48 }, (_, t) => 10 * Math.sin((2 * Math.PI * t) / 12) + Math.sin(17 * t));
  const y = clean.with(27, 60);
  const swing = (robust: boolean): number => Math.max(...stl(y, { seasonLength: 12, seasonalWindow: 11, robust }).seasonal);
  expect(swing(true)).toBeLessThan(1.05 * swing(false));
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
