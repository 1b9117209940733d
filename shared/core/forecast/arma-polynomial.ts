/**
 * Coefficients of a stationary autoregression from its partial autocorrelations.
 * @param partial - In (-1, 1), shape (p,).
 * @returns of lags 1..p, shape (p,).
 * @see Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models: the Durbin-Levinson recursion.
 */
export function fromPartial(partial: ArrayLike<number>): Float64Array {
  const phi = new Float64Array(partial.length);
  for (let k = 0; k < partial.length; k++) {
    const r = partial[k]!;
    for (let i = 0; 2 * i < k; i++) {
      const [near, far] = [phi[i]!, phi[k - 1 - i]!];
      phi[i] = near - r * far;
      phi[k - 1 - i] = far - r * near;
    }
    phi[k] = r;
  }
  return phi;
}

/** The same recursion backwards, all of its steps: row k - 1 holds the k coefficients that predict from k points; null if not stationary. */
function predictors(phi: Float64Array): Float64Array[] | null {
  const rows: Float64Array[] = [];
  let row = phi;
  for (let k = phi.length - 1; k >= 0; k--) {
    const longer = row;
    const r = longer[k]!;
    if (!(Math.abs(r) < 1)) return null;
    rows[k] = longer;
    row = longer.slice(0, k).map((value, i) => (value + r * longer[k - 1 - i]!) / (1 - r * r));
  }
  return rows;
}

/** Whether all roots of 1 - phi(B) lie further out than `modulus`. */
export function isStationary(phi: Float64Array, modulus = 1): boolean {
  return predictors(phi.map((value, i) => value * modulus ** (i + 1))) !== null;
}

const NONE = new Float64Array(0);

/** What a row of coefficients makes of the values before place k, the nearest first. */
function dot(row: Float64Array, k: number, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * values[k - 1 - i]!;
  return sum;
}

/**
 * Autocovariances of an autoregression whose noise has variance 1.
 * @param phi - Of lags 1..p, shape (p,).
 * @returns of lags 0..lags, shape (lags + 1,); null if it is not stationary.
 */
export function autoregressionCovariances(phi: Float64Array, lags: number): Float64Array | null {
  const rows = predictors(phi);
  if (rows === null) return null;
  const partial = rows.map((row) => row.at(-1)!);
  const gamma = new Float64Array(lags + 1);
  let left = partial.reduce((variance, r) => variance / (1 - r * r), 1);
  gamma[0] = left;
  for (let k = 1; k <= lags; k++) {
    // Beyond p the last row predicts for good.
    const r = partial[k - 1] ?? 0;
    const row = rows[Math.min(k - 2, rows.length - 1)] ?? NONE;
    gamma[k] = r * left + dot(row, k, gamma);
    left *= 1 - r * r;
  }
  return gamma;
}

/** Coefficients of lags 1.. that the product of 1 - a(B) and 1 - b(B^m) takes from 1: a polynomial and a seasonal one. */
export function withSeason(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const product = new Float64Array(a.length + m * b.length);
  product.set(a);
  for (let j = 0; j < b.length; j++) {
    const lag = m * (j + 1);
    product[lag - 1]! += b[j]!;
    for (let i = 0; i < a.length; i++) product[lag + i]! -= a[i]! * b[j]!;
  }
  return product;
}
