import { wallClock } from "../../shared/core/detect/wall-clock.ts";
import { normal, poisson, seeded } from "../../shared/testing/series-generators.ts";

/** A simulated normal series, and what the one who made it knows of it. */
export interface Base {
  readonly kind: BaseKind;
  readonly seed: number;
  /** IANA name. */
  readonly timezone: string;
  /** Unix ms, five minutes apart. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** What each value would be without its noise. */
  readonly expected: Float64Array;
  /** Whether the values are counts. */
  readonly counts: boolean;
}

export const POINTS_A_DAY = 288;
export const DAY_MS = 86_400_000;
export const SPACING_MS = DAY_MS / POINTS_A_DAY;
/** A Monday three weeks before clocks change in New York. */
export const FIRST_DAY = Date.UTC(2026, 1, 16);

/** The next value, and what it would be without noise. */
type Step = (timestamp: number, row: number) => readonly [value: number, expected: number];
interface Maker {
  readonly timezone?: string;
  readonly counts?: boolean;
  make(uniform: () => number): Step;
}

const daily = (timestamp: number, phase: number): number => Math.sin((2 * Math.PI * timestamp) / DAY_MS + phase);
const dayOfWeek = (timestamp: number): number => new Date(timestamp).getUTCDay();
const isWeekend = (timestamp: number): boolean => dayOfWeek(timestamp) % 6 === 0;
/** On a holiday, in the second week, business is as slow as on a Sunday. */
const HOLIDAYS = [8, 9, 10, 11];

const MAKERS = {
  traffic: {
    make(uniform) {
      const [level, swing, phase, noise] = [100 + 900 * uniform(), 0.3 + 0.4 * uniform(), 6 * uniform(), 0.02 + 0.06 * uniform()];
      return (timestamp) => {
        const expected = level * (1 + swing * daily(timestamp, phase)) * (isWeekend(timestamp) ? 0.6 : 1);
        return [Math.max(0, expected * (1 + noise * normal(uniform))), expected];
      };
    },
  },
  latency: {
    make(uniform) {
      const [level, spread, phase] = [20 + 200 * uniform(), 0.05 + 0.2 * uniform(), 6 * uniform()];
      let drift = 0;
      return (timestamp) => {
        drift = 0.9 * drift + 0.3 * normal(uniform);
        const expected = level * Math.exp(0.5 * spread * daily(timestamp, phase));
        return [expected * Math.exp(spread * drift), expected];
      };
    },
  },
  cpu: {
    make(uniform) {
      const [level, noise, every] = [10 + 40 * uniform(), 1 + 3 * uniform(), [3, 6, 12][Math.floor(3 * uniform())]!];
      return (timestamp, row) => {
        const expected = Math.max(0, level + 8 * daily(timestamp, 0) + (row % every === 0 ? 15 : 0));
        return [Math.min(100, Math.max(0, expected + noise * normal(uniform))), expected];
      };
    },
  },
  errors: {
    counts: true,
    make(uniform) {
      const mean = 0.3 + 6 * uniform();
      return (timestamp) => {
        const expected = mean * (1 + 0.5 * daily(timestamp, 0));
        return [poisson(uniform, expected), expected];
      };
    },
  },
  queue: {
    counts: true,
    make(uniform) {
      const [arriving, served, phase] = [8 + 20 * uniform(), 0.2 + 0.4 * uniform(), 6 * uniform()];
      let waiting = arriving / served;
      let expected = waiting;
      return (timestamp) => {
        const now = arriving * (1 + 0.4 * daily(timestamp, phase));
        waiting = Math.max(0, waiting + poisson(uniform, now) - poisson(uniform, served * waiting));
        expected += now - served * expected;
        return [Math.round(waiting), expected];
      };
    },
  },
  sawtooth: {
    make(uniform) {
      const [period, height, noise] = [36 + Math.floor(300 * uniform()), 50 + 500 * uniform(), 0.01 + 0.02 * uniform()];
      return (_timestamp, row) => {
        const expected = (height * (row % period)) / period;
        return [expected + height * noise * normal(uniform), expected];
      };
    },
  },
  business: {
    timezone: "America/New_York",
    make(uniform) {
      const [level, noise, opens, closes] = [200 + 800 * uniform(), 0.03 + 0.05 * uniform(), 7 + 2 * uniform(), 18 + 4 * uniform()];
      const holiday = HOLIDAYS[Math.floor(HOLIDAYS.length * uniform())]!;
      return (timestamp) => {
        const local = wallClock(timestamp, "America/New_York");
        const hour = (local % DAY_MS) / 3_600_000;
        const slow = isWeekend(local) || Math.floor((local - FIRST_DAY) / DAY_MS) === holiday;
        const open = hour > opens && hour < closes ? Math.sin((Math.PI * (hour - opens)) / (closes - opens)) : 0;
        const expected = level * (0.1 + open) * (slow ? 0.4 : 1);
        return [Math.max(0, expected + noise * Math.sqrt(expected * level) * normal(uniform)), expected];
      };
    },
  },
} satisfies Record<string, Maker>;

export type BaseKind = keyof typeof MAKERS;
export const BASE_KINDS = Object.keys(MAKERS) as BaseKind[];

/** Days of a normal series; the same for the same kind and seed. */
export function generateBase(kind: BaseKind, seed: number, days: number): Base {
  const { make, timezone = "UTC", counts = false }: Maker = MAKERS[kind];
  const step = make(seeded(seed * 104_729 + BASE_KINDS.indexOf(kind)));
  const n = days * POINTS_A_DAY;
  const timestamps = Float64Array.from({ length: n }, (_, row) => FIRST_DAY + row * SPACING_MS);
  const steps = Array.from(timestamps, (timestamp, row) => step(timestamp, row));
  const [values, expected] = [0, 1].map((part) => Float64Array.from(steps, (one) => one[part]!));
  return { kind, seed, timezone, timestamps, values: values!, expected: expected!, counts };
}
