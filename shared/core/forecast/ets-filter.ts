import { solvePositiveDefinite } from "./cholesky.ts";

/** Which components an additive-error model has: no, additive or damped trend; no or additive season. */
export interface EtsForm {
  readonly trend: "N" | "A" | "Ad";
  readonly season: "N" | "A";
}

/** Smoothing parameters: level, trend, season (0 where the form lacks them), and the trend's damping (1 when undamped). */
export interface EtsParameters {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
}

/** Level, slope and seasonal effects; `season[t % m]` belongs to step t counted from the first point. */
export interface EtsState {
  level: number;
  slope: number;
  readonly season: Float64Array;
}

/**
 * Runs the innovations recursion of an additive-error model over a series, changing the state in place.
 *
 * @param y - Points, shape (n,); null stands for zeros.
 * @param state - Before the first point; after the call, after the last. `season` has shape (m,), m >= 1 (a zero when not seasonal).
 * @param errors - Receives the one-step errors y - fitted, shape (n,).
 * @see Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing (2008), table 2.1 and section 2.5.
 */
export function runEts(y: Float64Array | null, { alpha, beta, gamma, phi }: EtsParameters, state: EtsState, errors: Float64Array): void {
  const { season } = state;
  const m = season.length;
  let { level, slope } = state;
  for (let t = 0, phase = 0; t < errors.length; t++) {
    const drift = phi * slope;
    const error = (y === null ? 0 : y[t]!) - level - drift - season[phase]!;
    errors[t] = error;
    level += drift + alpha * error;
    slope = drift + beta * error;
    season[phase]! += gamma * error;
    phase = phase + 1 === m ? 0 : phase + 1;
  }
  state.level = level;
  state.slope = slope;
}

/** The best initial state for given smoothing parameters, and the sum of squared errors it gives. */
export interface Concentrated {
  readonly sse: number;
  readonly state: EtsState;
}

/**
 * Gradient of a weighted sum of errors with respect to the initial state, by running the recursion backwards.
 *
 * @param weights - One a step, shape (n,).
 * @param phases - Season length m of the recursion, >= 1.
 * @param gradient - Receives d(sum of weights * errors)/d(level, slope, season[0..m-1]), shape (2 + m,).
 */
function gradientOfErrors(weights: Float64Array, { alpha, beta, gamma, phi }: EtsParameters, phases: number, gradient: Float64Array): void {
  gradient.fill(0);
  let level = 0;
  let slope = 0;
  for (let t = weights.length - 1, phase = t % phases; t >= 0; t--) {
    const season = gradient[2 + phase]!;
    const error = weights[t]! + alpha * level + beta * slope + gamma * season;
    slope = phi * (level + slope - error);
    level -= error;
    gradient[2 + phase] = season - error;
    phase = phase === 0 ? phases - 1 : phase - 1;
  }
  gradient[0] = level;
  gradient[1] = slope;
}

/**
 * Prepares the concentrated likelihood of a form on a series: the initial state that minimises the squared errors, for any parameters.
 *
 * The errors of an additive model are affine in its initial state, so the best one solves a least-squares problem. Each row of the normal
 * equations is one backward pass; a seasonal effect's response is that of the first one, delayed: O(n + m^2) in all, before solving.
 * @param y - Points, shape (n,), of order 1; n >= m.
 * @param m - Season length, >= 2 for a seasonal form; ignored otherwise.
 * @returns a function of the parameters; null from it when they admit no finite solution.
 * @see Hyndman et al. (2008), section 5.2 on estimating the initial state; De Livera, Hyndman & Snyder (2011), JASA 106, section 3.1.
 */
export function concentrateEts(y: Float64Array, form: EtsForm, m: number): (parameters: EtsParameters) => Concentrated | null {
  const n = y.length;
  const phases = form.season === "A" ? m : 1;
  const columns = form.trend === "N" ? 1 : 2;
  const seasons = phases - 1;
  const d = columns + seasons;
  const errors = new Float64Array(n);
  const response = new Float64Array(n);
  const row = new Float64Array(2 + phases);
  const gram = new Float64Array(d * d);
  const right = new Float64Array(d);
  const respond = (parameters: EtsParameters, level: number, slope: number, first: number): void => {
    const season = new Float64Array(phases);
    season[0] = first;
    runEts(null, parameters, { level, slope, season }, response);
    gradientOfErrors(response, parameters, phases, row);
  };

  return (parameters) => {
    runEts(y, parameters, { level: 0, slope: 0, season: new Float64Array(phases) }, errors);
    gradientOfErrors(errors, parameters, phases, row);
    for (let i = 0; i < columns; i++) right[i] = -row[i]!;
    for (let j = 0; j < seasons; j++) right[columns + j] = -row[2 + j]!;

    for (let i = 0; i < columns; i++) {
      respond(parameters, i === 0 ? 1 : 0, i === 0 ? 0 : 1, 0);
      for (let j = 0; j <= i; j++) gram[i * d + j] = row[j]!;
      for (let j = 0; j < seasons; j++) gram[(columns + j) * d + i] = row[2 + j]!;
    }
    if (seasons > 0) {
      respond(parameters, 0, 0, 1);
      for (let delay = 0; delay < seasons; delay++) {
        let product = row[2 + delay]!;
        for (let i = 0; i + delay < seasons; i++) {
          gram[(columns + delay + i) * d + columns + i] = product;
          const last = n - 1 - delay - i;
          product -= response[last + delay]! * response[last]!;
        }
      }
    }
    for (let i = 0; i < d; i++) gram[i * d + i]! *= 1 + 1e-12;

    const solution = right.slice();
    if (!solvePositiveDefinite(gram, solution)) return null;
    let total = 0;
    for (let t = 0; t < n; t++) total += errors[t]! * errors[t]!;
    let sse = total;
    for (let i = 0; i < d; i++) sse -= solution[i]! * right[i]!;
    if (!Number.isFinite(sse)) return null;

    const season = new Float64Array(phases);
    for (let j = 0; j < seasons; j++) season[j] = solution[columns + j]!;
    const offset = season.reduce((sum, effect) => sum + effect, 0) / phases;
    for (let j = 0; j < phases; j++) season[j]! -= offset;
    const state = { level: solution[0]! + offset, slope: columns === 2 ? solution[1]! : 0, season };
    return { sse: Math.max(sse, 1e-20 * total), state };
  };
}
