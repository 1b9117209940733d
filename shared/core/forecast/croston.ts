export interface CrostonOptions {
  /** Steps ahead, >= 1. */
  readonly horizon: number;
  /** Croston's own, Syntetos and Boylan's correction of it, or Teunter, Syntetos and Babai's, which also lets a rate die out. */
  readonly variant: "croston" | "sba" | "tsb";
  /** How far each demand moves what is expected, in (0, 1). */
  readonly alpha?: number;
}

const ALPHA = 0.1;

/**
 * The rate of a demand that comes now and then: how much it is when it comes, by how often it comes, each by exponential smoothing.
 *
 * Croston and SBA learn at demands alone; TSB lets the chance of one fall with every step that has none.
 * @param y - Demand a step, oldest first, >= 0, shape (n,). No NaN.
 * @returns the expected demand of every step, the same for all, shape (horizon,); zeros where there never was any.
 * @see Croston (1972), Forecasting and stock control for intermittent demands; Syntetos & Boylan (2005), The accuracy of intermittent demand
 * estimates; Teunter, Syntetos & Babai (2011), Intermittent demand: linking forecasting to inventory obsolescence. Croston's starts and
 * alpha are those of R `forecast::croston`; TSB's chance starts from the share of all steps.
 */
export function crostonForecast(y: Float64Array, { horizon, variant, alpha = ALPHA }: CrostonOptions): Float64Array {
  const sizes = y.filter((value) => value > 0);
  const ahead = new Float64Array(horizon);
  if (sizes.length === 0) return ahead;
  const size = smoothed(sizes, alpha);
  if (variant === "tsb") {
    const came = y.map((value) => (value > 0 ? 1 : 0));
    return ahead.fill(size * smoothed(came, alpha, sizes.length / y.length));
  }
  const interval = smoothed(demandIntervals(y), alpha);
  return ahead.fill(((variant === "sba" ? 1 - alpha / 2 : 1) * size) / interval);
}

/** Steps from one demand to the next; the first from the start of the history. Shape (number of demands,). */
export function demandIntervals(y: Float64Array): Float64Array {
  const places = [...y.keys()].filter((t) => y[t]! > 0);
  return Float64Array.from(places, (place, i) => place - (places[i - 1] ?? -1));
}

function smoothed(values: Float64Array, alpha: number, start = values[0]!): number {
  return values.reduce((level, value) => level + alpha * (value - level), start);
}
