import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";

/** What R 4.2.2 with forecast 8.20 makes of a series by `auto.arima`, `ndiffs` and `nsdiffs`, to ten significant digits. */
export interface ArimaGolden {
  readonly seasonLength: number;
  readonly train: readonly number[];
  readonly differences: number;
  readonly seasonalDifferences: number;
  readonly order: {
    readonly p: number;
    readonly d: number;
    readonly q: number;
    readonly P: number;
    readonly D: number;
    readonly Q: number;
    readonly constant: boolean;
  };
  readonly logLikelihood: number;
  readonly aicc: number;
  /** The first steps ahead. */
  readonly mean: readonly number[];
}

/** Accidental deaths a month in the USA, 1973-1977. */
const US_ACCIDENTAL_DEATHS = [
  9007, 8106, 8928, 9137, 10017, 10826, 11317, 10744, 9713, 9938, 9161, 8927, 7750, 6981, 8038, 8422, 8714, 9512, 10120, 9823, 8743, 9129,
  8710, 8680, 8162, 7306, 8124, 7870, 9387, 9556, 10093, 9620, 8285, 8466, 8160, 8034, 7717, 7461, 7767, 7925, 8623, 8945, 10078, 9179,
  8037, 8488, 7874, 8647, 7792, 6957, 7726, 8106, 8890, 9299, 10625, 9302, 8314, 8850, 8265, 8796,
];

/** Gas used a quarter in the UK, million therms, 1960-1984. */
const UK_GAS = [
  160.1, 129.7, 84.8, 120.1, 160.1, 124.9, 84.8, 116.9, 169.7, 140.9, 89.7, 123.3, 187.3, 144.1, 92.9, 120.1, 176.1, 147.3, 89.7, 123.3,
  185.7, 155.3, 99.3, 131.3, 200.1, 161.7, 102.5, 136.1, 204.9, 176.1, 112.1, 140.9, 227.3, 195.3, 115.3, 142.5, 244.9, 214.5, 118.5, 153.7,
  244.9, 216.1, 188.9, 142.5, 301, 196.9, 136.1, 267.3, 317, 230.5, 152.1, 336.2, 371.4, 240.1, 158.5, 355.4, 449.9, 286.6, 179.3, 403.4,
  491.5, 321.8, 177.7, 409.8, 593.9, 329.8, 176.1, 483.5, 584.3, 395.4, 187.3, 485.1, 669.2, 421, 216.1, 509.1, 827.7, 467.5, 209.7, 542.7,
  840.5, 414.6, 217.7, 670.8, 848.5, 437, 209.7, 701.2, 925.3, 443.4, 214.5, 683.6, 917.3, 515.5, 224.1, 694.8, 989.4, 477.1, 233.7, 730,
];

/** Lynx trapped a year in Canada, 1821-1920. */
const LYNX = [
  269, 321, 585, 871, 1475, 2821, 3928, 5943, 4950, 2577, 523, 98, 184, 279, 409, 2285, 2685, 3409, 1824, 409, 151, 45, 68, 213, 546, 1033,
  2129, 2536, 957, 361, 377, 225, 360, 731, 1638, 2725, 2871, 2119, 684, 299, 236, 245, 552, 1623, 3311, 6721, 4254, 687, 255, 473, 358,
  784, 1594, 1676, 2251, 1426, 756, 299, 201, 229, 469, 736, 2042, 2811, 4431, 2511, 389, 73, 39, 49, 59, 188, 377, 1292, 4031, 3495, 587,
  105, 153, 387, 758, 1307, 3465, 6991, 6313, 3794, 1836, 345, 382, 808, 1388, 2713, 3800, 3091, 2985, 3790, 674, 81, 80, 108,
];

export const ARIMA_GOLDENS: Readonly<Record<string, ArimaGolden>> = {
  AirPassengers: {
    seasonLength: 12,
    train: AIR_PASSENGERS.train,
    differences: 1,
    seasonalDifferences: 1,
    order: { p: 1, d: 1, q: 0, P: 0, D: 1, Q: 0, constant: false },
    logLikelihood: -399.6407757,
    aicc: 803.396936,
    mean: [341.9589286, 319.7290426, 363.7841536, 349.7709417],
  },
  nottem: {
    seasonLength: 12,
    train: NOTTEM.train,
    differences: 0,
    seasonalDifferences: 1,
    order: { p: 1, d: 0, q: 2, P: 1, D: 1, Q: 2, constant: false },
    logLikelihood: -462.5433535,
    aicc: 939.6581355,
    mean: [37.85832249, 37.48175873, 42.59348299, 45.78436903],
  },
  Nile: {
    seasonLength: 1,
    train: NILE.train,
    differences: 1,
    seasonalDifferences: 0,
    order: { p: 1, d: 1, q: 1, P: 0, D: 0, Q: 0, constant: false },
    logLikelihood: -566.8763556,
    aicc: 1140.035064,
    mean: [860.1975733, 871.9006373, 874.9309263, 875.7155628],
  },
  WWWusage: {
    seasonLength: 1,
    train: WWW_USAGE.train,
    differences: 0,
    seasonalDifferences: 0,
    order: { p: 2, d: 0, q: 2, P: 0, D: 0, Q: 0, constant: true },
    logLikelihood: -229.999888,
    aicc: 473.0118242,
    mean: [185.927396, 186.5489003, 185.8553425, 183.9449397],
  },
  USAccDeaths: {
    seasonLength: 12,
    train: US_ACCIDENTAL_DEATHS,
    differences: 0,
    seasonalDifferences: 1,
    order: { p: 0, d: 1, q: 1, P: 0, D: 1, Q: 1, constant: false },
    logLikelihood: -341.7709312,
    aicc: 690.100002,
    mean: [8026.182991, 7334.177881, 8011.204573, 8258.552342],
  },
  UKgas: {
    seasonLength: 4,
    train: UK_GAS,
    differences: 1,
    seasonalDifferences: 1,
    order: { p: 3, d: 1, q: 1, P: 0, D: 1, Q: 1, constant: false },
    logLikelihood: -461.6647968,
    aicc: 936.2841391,
    mean: [1010.834838, 504.4405474, 243.1163334, 758.1282818],
  },
  lynx: {
    seasonLength: 1,
    train: LYNX,
    differences: 0,
    seasonalDifferences: 0,
    order: { p: 2, d: 0, q: 2, P: 0, D: 0, Q: 0, constant: true },
    logLikelihood: -822.6411634,
    aicc: 1658.185553,
    mean: [770.5377805, 1530.169797, 2033.995033, 2203.260126],
  },
};
