import { autoregressionCovariances } from "./arma-polynomial.ts";

/** An autoregressive moving average with noise of variance 1; coefficients of lags 1.., most of them zero where it is seasonal. */
export interface Arma {
  /** Shape (p,): x[t] = phi[0] x[t-1] + ... + noise. */
  readonly phi: Float64Array;
  /** Shape (q,): ... + noise[t] + theta[0] noise[t-1] + ... */
  readonly theta: Float64Array;
}

export interface Innovations {
  /** What was expected of each point from those before it, one array a column, shape (n + horizon,). */
  readonly expected: readonly Float64Array[];
  /** Expected squared error of that, shape (n + horizon,); 1 from where the start is forgotten. */
  readonly variances: Float64Array;
}

/** The start is forgotten where the variance is this close to the noise's. */
const FORGOTTEN = 1e-8;

/**
 * Predicts every point of series from those before it by an ARMA model, exactly: as its Gaussian likelihood and its forecasts need it.
 *
 * @param columns - Series, oldest first, shape (n,) each; all go through the same filter.
 * @param horizon - Steps beyond the last point that are predicted too, >= 0.
 * @returns null where the model is not stationary, or too nearly so for double precision.
 * @see Brockwell & Davis, Time Series: Theory and Methods, section 5.3 (the innovations algorithm for ARMA processes; Ansley 1979).
 */
export function innovations(columns: readonly Float64Array[], { phi, theta }: Arma, horizon = 0): Innovations | null {
  const [p, q] = [phi.length, theta.length];
  const lead = Math.max(p, q);
  const total = columns[0]!.length + horizon;
  const covariance = covariances(phi, theta, lead);
  if (covariance === null) return null;
  const { ofSeries, across, ofNoise } = covariance;
  const lags = [...phi.keys()].filter((i) => phi[i] !== 0);
  const noiseLags = [...theta.keys()].filter((i) => theta[i] !== 0);

  const expected = columns.map(() => new Float64Array(total));
  // Errors of the known points; beyond them there are none.
  const errors = columns.map(() => new Float64Array(total));
  const values = columns.map((column) => {
    const padded = new Float64Array(total);
    padded.set(column);
    return padded;
  });
  const variances = new Float64Array(total);
  const rows = lead + 1;
  const weights = new Float64Array(rows * Math.max(1, lead));
  // Of this row: the weights by the variances.
  const shared = new Float64Array(Math.max(1, lead));
  let isForgotten = false;

  for (let t = 0; t < total; t++) {
    const reach = t < lead ? t : q;
    const row = (t % rows) * lead;
    if (isForgotten) variances[t] = 1;
    else {
      let variance = t < lead ? ofSeries[0]! : ofNoise[0]!;
      for (let k = t - reach; k < t; k++) {
        const lag = t - k;
        const rowK = (k % rows) * lead + k - 1;
        let sum = t < lead ? ofSeries[lag]! : k < lead ? across[lag]! : ofNoise[lag]!;
        for (let j = t - reach; j < k; j++) sum -= weights[rowK - j]! * shared[t - 1 - j]!;
        shared[lag - 1] = sum;
        const weight = sum / variances[k]!;
        weights[row + lag - 1] = weight;
        variance -= weight * sum;
      }
      if (!(variance > 0)) return null;
      variances[t] = variance;
      isForgotten = t >= 2 * lead && variance < 1 + FORGOTTEN;
    }
    for (const [place, x] of values.entries()) {
      const e = errors[place]!;
      let sum = 0;
      if (t >= lead) for (const i of lags) sum += phi[i]! * x[t - 1 - i]!;
      if (isForgotten) for (const i of noiseLags) sum += theta[i]! * e[t - 1 - i]!;
      else for (let lag = 1; lag <= reach; lag++) sum += weights[row + lag - 1]! * e[t - lag]!;
      expected[place]![t] = sum;
      if (t < columns[place]!.length) e[t] = x[t]! - sum;
      else x[t] = sum;
    }
  }
  return { expected, variances };
}

/** By lag: of the series, of the series with what the noise adds to it, and of what the noise adds to it. */
function covariances(phi: Float64Array, theta: Float64Array, lead: number) {
  const q = theta.length;
  const full = Float64Array.of(1, ...theta);
  const ofNoise = new Float64Array(lead + 1);
  for (let lag = 0; lag <= q; lag++) for (let i = lag; i <= q; i++) ofNoise[lag]! += full[i]! * full[i - lag]!;

  const response = new Float64Array(q + 1);
  for (let k = 0; k <= q; k++) {
    response[k] = full[k]!;
    for (let i = 1; i <= Math.min(k, phi.length); i++) response[k]! += phi[i - 1]! * response[k - i]!;
  }
  const across = new Float64Array(lead + 1);
  for (let lag = 0; lag <= q; lag++) for (let i = lag; i <= q; i++) across[lag]! += full[i]! * response[i - lag]!;

  const ofAutoregression = autoregressionCovariances(phi, lead + q);
  if (ofAutoregression === null) return null;
  const ofSeries = new Float64Array(lead + 1);
  for (let lag = 0; lag <= lead; lag++) {
    for (let shift = -q; shift <= q; shift++) ofSeries[lag]! += ofNoise[Math.abs(shift)]! * ofAutoregression[Math.abs(lag - shift)]!;
  }
  return { ofSeries, across, ofNoise };
}
