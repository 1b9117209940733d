import { meanOf } from "../measure.ts";
import type { Group, GroupSeries } from "./data.ts";

/** A forecast of one series with its intervals; columns of shape (horizon,). */
export interface Scored {
  readonly mean: Float64Array;
  readonly lo80: Float64Array;
  readonly hi80: Float64Array;
  readonly lo95: Float64Array;
  readonly hi95: Float64Array;
}

export interface Scores {
  /** sMAPE and MASE, each by that of Naive2, and the mean of both: the M4 competition's measure. */
  readonly owa: number;
  /** Geometric mean of the errors by those of seasonal naive. */
  readonly relativeMase: number;
  /** Mean scaled interval score of the 95% intervals. */
  readonly msis: number;
  /** Shares of what came that lay inside, one a series. */
  readonly inside80: readonly number[];
  readonly inside95: readonly number[];
}

/** Scores the forecasts of a group, in the order of its series. @see Makridakis et al. (2020), The M4 Competition. */
export function score({ series, seasonLength }: Group, forecasts: readonly Scored[]): Scores {
  const scored = series.map((one, place) => scoreOne(one, forecasts[place]!, seasonLength));
  const scaled = scored.filter(({ scale }) => scale > 0);
  const mean = (of: (one: (typeof scored)[number]) => number, all = scaled): number => meanOf(all.map(of));
  const smape = mean(({ own }) => own.smape, scored) / mean(({ naive2 }) => naive2.smape, scored);
  const mase = mean(({ own, scale }) => own.mae / scale) / mean(({ naive2, scale }) => naive2.mae / scale);
  const floored = (error: number, scale: number): number => Math.log(Math.max(error, 1e-9 * scale));
  return {
    owa: (smape + mase) / 2,
    relativeMase: Math.exp(mean(({ own, seasonal, scale }) => floored(own.mae, scale) - floored(seasonal.mae, scale))),
    msis: mean(({ interval, scale }) => interval / scale),
    inside80: scaled.map(({ inside80 }) => inside80),
    inside95: scaled.map(({ inside95 }) => inside95),
  };
}

function scoreOne({ train, test, naive2 }: GroupSeries, forecast: Scored, m: number) {
  const differences = Array.from(train.subarray(m), (value, t) => Math.abs(value - train[t]!)).filter((value) => !Number.isNaN(value));
  const known = [...test.keys()].filter((step) => !Number.isNaN(test[step]!));
  const inside = (lo: Float64Array, hi: Float64Array): number =>
    meanOf(known.map((step) => Number(lo[step]! <= test[step]! && test[step]! <= hi[step]!)));
  const { lo95, hi95 } = forecast;
  return {
    scale: meanOf(differences),
    own: errorsOf(test, forecast.mean),
    naive2: errorsOf(test, naive2),
    seasonal: errorsOf(
      test,
      test.map((_, step) => train[train.length - m + (step % m)]!),
    ),
    interval: meanOf(
      known.map((step) => {
        const [y, lo, hi] = [test[step]!, lo95[step]!, hi95[step]!];
        return hi - lo + (2 / 0.05) * (Math.max(lo - y, 0) + Math.max(y - hi, 0));
      }),
    ),
    inside80: inside(forecast.lo80, forecast.hi80),
    inside95: inside(lo95, hi95),
  };
}

function errorsOf(test: Float64Array, forecast: Float64Array): { mae: number; smape: number } {
  const known = [...test.keys()].filter((step) => !Number.isNaN(test[step]!));
  const errors = known.map((step) => Math.abs(test[step]! - forecast[step]!));
  const sizes = known.map((step) => Math.abs(test[step]!) + Math.abs(forecast[step]!));
  return { mae: meanOf(errors), smape: meanOf(errors.map((error, place) => (error === 0 ? 0 : (200 * error) / sizes[place]!))) };
}
