/** How strongly a smaller error counts for a member. */
const POWER = 2;
/** What sums of weights may be off by. */
const ROUNDING = 1e-12;
/** A member whose errors are so many times the least has nothing to say. */
const HOPELESS = 2;

/**
 * Weights of members by their errors in a backtest: (least error / error)^2, and 0 from twice the least error on.
 * @param errors - As the aim measures them, >= 0; Infinity leaves a member out.
 * @returns shape (members,), summing to 1.
 */
export function weightsOf(errors: readonly number[]): number[] {
  const least = Math.min(...errors);
  const raw = errors.map((error) => (error <= least ? 1 : error < HOPELESS * least ? (least / error) ** POWER : 0));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => weight / sum);
}

/**
 * The weighted median of forecasts, step by step.
 * @param forecasts - At least one, each of shape (horizon,).
 * @param weights - One each, summing to 1.
 */
export function weightedMedian(forecasts: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const order = [...forecasts.keys()];
  return forecasts[0]!.map((_, step) => {
    order.sort((a, b) => forecasts[a]![step]! - forecasts[b]![step]!);
    let below = 0;
    for (const [place, member] of order.entries()) {
      below += weights[member]!;
      const value = forecasts[member]![step]!;
      if (below > 0.5 + ROUNDING || place === order.length - 1) return value;
      // Half of the weight lies on either side.
      if (below > 0.5 - ROUNDING) return (value + forecasts[order[place + 1]!]![step]!) / 2;
    }
    return NaN;
  });
}

/**
 * The weighted mean of forecasts, step by step.
 * @param forecasts - At least one, each of shape (horizon,).
 * @param weights - One each, summing to 1.
 */
export function weightedMean(forecasts: readonly Float64Array[], weights: readonly number[]): Float64Array {
  return forecasts[0]!.map((_, step) => forecasts.reduce((sum, ahead, member) => sum + weights[member]! * ahead[step]!, 0));
}

/** What a forecast is to say of each step: how its members are combined, and by what error they are told apart. */
export interface Aim {
  readonly combine: (forecasts: readonly Float64Array[], weights: readonly number[]) => Float64Array;
  /** Of residuals, NaN left out; NaN where none is left. */
  readonly errorOf: (residuals: Float64Array) => number;
  /** The measure of accuracy that it is for. */
  readonly measure: "mae" | "rmse";
}

/** What lies as often below as above: robust, and right for most series. */
export const MEDIAN: Aim = {
  combine: weightedMedian,
  errorOf: (residuals) => meanOver(residuals, Math.abs),
  measure: "mae",
};

/** What comes on average, where the median is zero. */
export const MEAN: Aim = {
  combine: weightedMean,
  errorOf: (residuals) => Math.sqrt(meanOver(residuals, (residual) => residual * residual)),
  measure: "rmse",
};

function meanOver(residuals: Float64Array, of: (residual: number) => number): number {
  let [sum, count] = [0, 0];
  for (const residual of residuals) {
    if (Number.isNaN(residual)) continue;
    sum += of(residual);
    count += 1;
  }
  return sum / count;
}
