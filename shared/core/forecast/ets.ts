import type { Result } from "../result.ts";
import { concentrateEts, runEts } from "./ets-filter.ts";
import type { EtsForm, EtsParameters } from "./ets-filter.ts";
import type { TooShort } from "./naive.ts";
import { nelderMead } from "./nelder-mead.ts";
import type { Minimum } from "./nelder-mead.ts";
import { finite, scaleSeries } from "./scaling.ts";

/** Longest season that exponential smoothing carries as states; R's `ets` draws the same line. */
export const LONGEST_ETS_SEASON = 24;

/** A fitted additive-error exponential smoothing model. */
export interface EtsFit {
  /** Error, trend and season in the taxonomy's letters: `ets(A,Ad,N)`. */
  readonly name: string;
  readonly parameters: EtsParameters;
  /** Up to the constant that R leaves out too: -n/2 log(sum of squared errors). */
  readonly logLikelihood: number;
  /** Corrected Akaike criterion; comparable between forms on the same series. */
  readonly aicc: number;
  /** Expected values, shape (horizon,), in y's unit; finite. */
  readonly mean: (horizon: number) => Float64Array;
}

const LOWEST = 1e-4;
const HIGHEST = 0.9999;
const DAMPING = { min: 0.8, max: 0.98 };
/** A twentieth of a unit of log-likelihood would not change a choice; this is far below. */
const TOLERANCE = 1e-4;
/** First guesses of (alpha, share of the way to each upper bound), as in a coarse grid; the best one starts the search. */
const LEVEL_STARTS = [0.05, 0.3, 0.7, 0.95];
const SLOPE_STARTS = [0.05, 0.5];
const DAMPING_STARTS = [0.15, 0.85];

/** From the unit cube to the usual parameter region: beta < alpha, gamma < 1 - alpha, damping in [0.8, 0.98]. */
function parametersAt(cube: Float64Array, { trend, season }: EtsForm): EtsParameters {
  let next = 0;
  const within = (min: number, max: number): number => min + Math.max(0, Math.min(1, cube[next++]!)) * (max - min);
  const alpha = within(LOWEST, HIGHEST);
  const beta = trend === "N" ? 0 : within(LOWEST, alpha);
  const gamma = season === "N" ? 0 : within(LOWEST, Math.max(LOWEST, 1 - alpha));
  const phi = trend === "Ad" ? within(DAMPING.min, DAMPING.max) : 1;
  return { alpha, beta, gamma, phi };
}

/** Smoothing parameters, initial states (seasonal effects sum to zero) and the variance: what AICc charges for. */
function countParameters({ trend, season }: EtsForm, seasonLength: number): number {
  const ofTrend = { N: 0, A: 2, Ad: 3 }[trend];
  return 3 + ofTrend + (season === "A" ? seasonLength : 0);
}

/**
 * Fits one additive-error exponential smoothing form by maximum likelihood.
 *
 * The initial state is concentrated out by least squares (R's `ets` searches it together with the rest, and so ends at or below this
 * likelihood); the smoothing parameters are searched by Nelder-Mead within the usual region.
 * @param y - Points, oldest first, equally spaced, shape (n,). Finite.
 * @param options.seasonLength - Points per cycle, 2..24 for a seasonal form; ignored otherwise.
 * @returns the fit; or `too-short` when there are no more points than parameters plus one, or fewer than two cycles.
 * @see Hyndman & Khandakar (2008), JSS 27(3); conventions of R `forecast::ets` 8.20 (opt.crit "lik").
 */
export function fitEts(y: Float64Array, form: EtsForm, { seasonLength }: { readonly seasonLength: number }): Result<EtsFit, TooShort> {
  const n = y.length;
  const m = form.season === "A" ? seasonLength : 1;
  const count = countParameters(form, m);
  const needed = Math.max(count + 2, 2 * m);
  if (n < needed) return { ok: false, error: { reason: "too-short", needed, got: n } };

  const { z, unit, from } = scaleSeries(y);
  const concentrate = concentrateEts(z, form, m);
  const cost = (cube: Float64Array): number => {
    const best = concentrate(parametersAt(cube, form));
    return best === null ? Infinity : (n / 2) * Math.log(Math.max(best.sse, Number.MIN_VALUE));
  };
  const found = search(form, cost);
  const parameters = parametersAt(found.x, form);
  const solved = concentrate(parameters);
  const state = solved?.state ?? { level: 0, slope: 0, season: new Float64Array(m) };
  runEts(z, parameters, state, new Float64Array(n));

  const logLikelihood = finite(-found.value - n * Math.log(unit));
  return {
    ok: true,
    value: {
      name: `ets(A,${form.trend},${form.season})`,
      parameters,
      logLikelihood,
      aicc: -2 * logLikelihood + 2 * count + (2 * count * (count + 1)) / (n - count - 1),
      mean: (horizon) => {
        const mean = new Float64Array(horizon);
        for (let step = 0, damped = parameters.phi, drift = 0; step < horizon; step++, damped *= parameters.phi) {
          drift += damped;
          mean[step] = from(state.level + drift * state.slope + state.season[(n + step) % m]!);
        }
        return mean;
      },
    },
  };
}

/** The simplex search, once more from the other damping where that turns out lower: the likelihood often has a hollow at either end. */
function search(form: EtsForm, cost: (cube: Float64Array) => number): Minimum {
  const options = { step: stepOf(form), tolerance: TOLERANCE, maxEvaluations: 300 };
  const found = nelderMead(cost, startOf(form, cost), options);
  if (form.trend !== "Ad") return found;

  const phi = found.x.length - 1;
  const elsewhere = [0, 1].map((end) => found.x.with(phi, end)).find((cube) => cost(cube) < found.value);
  if (elsewhere === undefined) return found;
  const again = nelderMead(cost, [...elsewhere], options);
  return again.value < found.value ? again : found;
}

function startOf({ trend, season }: EtsForm, cost: (cube: Float64Array) => number): number[] {
  let best: number[] = [];
  let lowest = Infinity;
  for (const level of LEVEL_STARTS) {
    for (const slope of trend === "N" ? [[]] : SLOPE_STARTS.map((share) => [share])) {
      for (const damping of trend === "Ad" ? DAMPING_STARTS.map((share) => [share]) : [[]]) {
        const start = [level, ...slope, ...(season === "N" ? [] : [0.1]), ...damping];
        const value = cost(Float64Array.from(start));
        if (best.length > 0 && value >= lowest) continue;
        best = start;
        lowest = value;
      }
    }
  }
  return best;
}

function stepOf({ trend, season }: EtsForm): number[] {
  return [-0.04, ...(trend === "N" ? [] : [0.2]), ...(season === "N" ? [] : [0.2]), ...(trend === "Ad" ? [0.1] : [])];
}

/**
 * Fits the additive-error forms that the series is long enough for and keeps the one with the lowest AICc; the simpler one on a tie.
 *
 * @param y - Points, oldest first, equally spaced, shape (n,). Finite.
 * @param options.seasonLength - Points per cycle; seasonal forms are tried for 2..24, 1 means none.
 * @returns the chosen fit; or `too-short` when even the simplest form has too few points (n < 5).
 * @see Hyndman & Athanasopoulos, FPP3, section 8.6.
 */
export function chooseEts(y: Float64Array, { seasonLength }: { readonly seasonLength: number }): Result<EtsFit, TooShort> {
  const seasons: EtsForm["season"][] = seasonLength > 1 && seasonLength <= LONGEST_ETS_SEASON ? ["N", "A"] : ["N"];
  const forms = seasons.flatMap((season) => (["N", "A", "Ad"] as const).map((trend) => ({ trend, season })));
  const fits = forms.map((form) => fitEts(y, form, { seasonLength }));
  return fits.reduce((best, fit) => (fit.ok && (!best.ok || fit.value.aicc < best.value.aicc) ? fit : best));
}
