import { normal, poisson, seeded } from "../../shared/testing/series-generators.ts";
import { DAY_MS, FIRST_DAY, POINTS_A_DAY, SPACING_MS } from "./bases.ts";

/** A simulated normal series of a kind that the suite has no incidents for: its largest values are far beyond all others. */
export interface HeavyTailed {
  readonly timezone: "UTC";
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

type Step = (daily: number) => number;

const MAKERS = {
  /** Counts of what people do together: now and then many at once, which fades. */
  crowd(uniform, level) {
    const spread = 0.25 + 0.5 * uniform();
    let burst = 0;
    return (daily) => {
      if (uniform() < 1 / 150) burst += (uniform() + 1e-9) ** -0.6 - 1;
      burst *= 0.7;
      return poisson(uniform, Math.min(1e5, level * daily * (1 + burst) * Math.exp(spread * normal(uniform))));
    };
  },
  /** Bytes: noise that is far from normal, and transfers. */
  transfers(uniform, level) {
    const spread = 0.25 + 0.5 * uniform();
    let drift = 0;
    return (daily) => {
      drift = 0.7 * drift + spread * studentOfThree(uniform);
      const transfer = uniform() < 1 / 200 ? (2 * uniform()) / Math.sqrt(Math.max(0.001, uniform())) : 0;
      return 1e4 * level * (daily * Math.exp(0.3 * Math.max(-8, Math.min(8, drift))) + transfer);
    };
  },
} satisfies Record<string, (uniform: () => number, level: number) => Step>;

export type HeavyTailedKind = keyof typeof MAKERS;
export const HEAVY_TAILED_KINDS = Object.keys(MAKERS) as HeavyTailedKind[];

/** Student's t with three degrees of freedom. */
function studentOfThree(uniform: () => number): number {
  const squares = [0, 1, 2].reduce((sum) => sum + normal(uniform) ** 2, 0);
  return normal(uniform) / Math.sqrt(Math.max(0.05, squares / 3));
}

/** Days of a normal series; the same for the same kind and seed. */
export function generateHeavyTailed(kind: HeavyTailedKind, seed: number, days: number): HeavyTailed {
  const uniform = seeded(seed * 7_919 + HEAVY_TAILED_KINDS.indexOf(kind) + 1);
  const [phase, level, swing] = [6 * uniform(), 5 + 60 * uniform(), 0.3 + 0.4 * uniform()];
  const step = MAKERS[kind](uniform, level);
  const timestamps = Float64Array.from({ length: days * POINTS_A_DAY }, (_, row) => FIRST_DAY + row * SPACING_MS);
  const values = timestamps.map((timestamp) => step(1 + swing * Math.sin((2 * Math.PI * timestamp) / DAY_MS + phase)));
  return { timezone: "UTC", timestamps, values };
}
