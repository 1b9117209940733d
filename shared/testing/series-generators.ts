/** Uniform in [0, 1), the same for the same seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Standard normal (Box and Muller). */
export function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A count of what comes at random, so many on average. */
export function poisson(uniform: () => number, mean: number): number {
  const limit = Math.exp(-mean);
  let [n, product] = [0, uniform()];
  while (product > limit) {
    n += 1;
    product *= uniform();
  }
  return n;
}

/** A normal series without any incident. */
export interface GeneratedSeries {
  readonly kind: SeriesKind;
  /** Unix ms. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;
/** A Monday. */
const FIRST_DAY = Date.UTC(2026, 0, 5);

type Step = (timestamp: number, row: number) => number;

const daily = (timestamp: number, phase: number): number => Math.sin((2 * Math.PI * timestamp) / DAY_MS + phase);
const isWeekend = (timestamp: number): boolean => [0, 6].includes(new Date(timestamp).getUTCDay());

/** What systems look like when nothing is wrong: each kind makes the step function of one series. */
const KINDS = {
  traffic(uniform) {
    const [level, swing, phase, noise] = [100 + 900 * uniform(), 0.3 + 0.4 * uniform(), 6 * uniform(), 0.02 + 0.06 * uniform()];
    return (timestamp) => level * (1 + swing * daily(timestamp, phase)) * (isWeekend(timestamp) ? 0.6 : 1) * (1 + noise * normal(uniform));
  },
  latency(uniform) {
    const [level, spread, phase] = [20 + 200 * uniform(), 0.05 + 0.2 * uniform(), 6 * uniform()];
    let drift = 0;
    return (timestamp) => {
      drift = 0.9 * drift + 0.3 * normal(uniform);
      return level * Math.exp(spread * (drift + 0.5 * daily(timestamp, phase)));
    };
  },
  cpu(uniform) {
    const [level, noise, every] = [10 + 40 * uniform(), 1 + 3 * uniform(), [3, 6, 12][Math.floor(3 * uniform())]!];
    return (timestamp, row) => {
      const cron = row % every === 0 ? 15 : 0;
      return Math.min(100, Math.max(0, level + 8 * daily(timestamp, 0) + cron + noise * normal(uniform)));
    };
  },
  errors(uniform) {
    const mean = 0.3 + 6 * uniform();
    return (timestamp) => poisson(uniform, mean * (1 + 0.5 * daily(timestamp, 0)));
  },
  sawtooth(uniform) {
    const [period, height, noise] = [36 + Math.floor(300 * uniform()), 50 + 500 * uniform(), 0.01 + 0.02 * uniform()];
    return (_timestamp, row) => height * ((row % period) / period + noise * normal(uniform));
  },
} satisfies Record<string, (uniform: () => number) => Step>;

export type SeriesKind = keyof typeof KINDS;
export const SERIES_KINDS = Object.keys(KINDS) as SeriesKind[];

/** Days of a normal series, a point each five minutes. */
export function generateSeries(kind: SeriesKind, seed: number, days: number): GeneratedSeries {
  const step = KINDS[kind](seeded(seed * 7_919 + SERIES_KINDS.indexOf(kind)));
  const n = (days * DAY_MS) / FIVE_MINUTES_MS;
  const timestamps = Float64Array.from({ length: n }, (_, row) => FIRST_DAY + row * FIVE_MINUTES_MS);
  return { kind, timestamps, values: timestamps.map((timestamp, row) => step(timestamp, row)) };
}
