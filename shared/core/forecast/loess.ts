/** How a local regression looks at its neighbours. */
export interface Loess {
  /** Points of the window, odd; more than there are widen it as far. */
  readonly span: number;
  /** Of the polynomial: a constant or a line. */
  readonly degree: 0 | 1;
}

/**
 * Local regression at one place, with tricube weights over a window of the points.
 *
 * @param y - Points at 0, 1, 2, ..., shape (n,).
 * @param x - The place, which may lie outside the points.
 * @param left, right - The first and the last point of the window.
 * @param trust - How much each point counts, beside how near it is, 0..1, shape (n,); null: all alike, as where none in the window counts.
 * @see Cleveland et al. (1990), STL; its Fortran code, routine `est`, which leaves a point as it is where none counts: an outlier would be
 * followed for good.
 */
export function fitLoess(
  y: Float64Array,
  n: number,
  x: number,
  { span, degree }: Loess,
  left: number,
  right: number,
  trust: Float64Array | null = null,
): number {
  let reach = Math.max(x - left, right - x);
  if (span > n) reach += (span - n) >> 1;
  const near = 0.001 * reach;
  const far = 0.999 * reach;
  let sum = 0;
  let sumX = 0;
  let sumXX = 0;
  let sumY = 0;
  let sumXY = 0;
  for (let j = left; j <= right; j++) {
    const distance = Math.abs(j - x);
    if (distance > far) continue;
    let weight = 1;
    if (distance > near) {
      const share = distance / reach;
      const rest = 1 - share * share * share;
      weight = rest * rest * rest;
    }
    if (trust !== null) weight *= trust[j]!;
    // Places are counted from x: that keeps the sums small.
    const place = j - x;
    sum += weight;
    sumX += weight * place;
    sumXX += weight * place * place;
    sumY += weight * y[j]!;
    sumXY += weight * place * y[j]!;
  }
  if (sum <= 0 && trust !== null) return fitLoess(y, n, x, { span, degree }, left, right);
  const mean = sumY / sum;
  if (degree === 0 || reach <= 0) return mean;
  const centre = sumX / sum;
  const spread = Math.max(0, sumXX / sum - centre * centre);
  if (Math.sqrt(spread) <= 0.001 * (n - 1)) return mean;
  return mean - (centre * (sumXY / sum - centre * mean)) / spread;
}

/** The window of a place among n points: as far to the left as to the right, where there are points. */
function windowAt(x: number, n: number, span: number): number {
  return span >= n ? 0 : Math.max(0, Math.min(n - span, x + 1 - ((span + 1) >> 1)));
}

/** At places closer than a tenth of the window a regression of its own gains nothing. */
const JUMPS_A_WINDOW = 10;

/**
 * Smooths points by local regression at some of them, a tenth of the window apart, and the last, with straight lines between.
 *
 * @param y - Shape (at least n,).
 * @param smoothed - Where the result goes, shape (at least n,).
 * @param trust - How much each point counts, as for one place.
 * @see Cleveland et al. (1990), STL; its Fortran code, routine `ess`.
 */
export function smoothByLoess(y: Float64Array, n: number, loess: Loess, smoothed: Float64Array, trust: Float64Array | null = null): void {
  const jump = Math.ceil(loess.span / JUMPS_A_WINDOW);
  const fitAt = (x: number): number => {
    const left = windowAt(x, n, loess.span);
    return fitLoess(y, n, x, loess, left, Math.min(n - 1, left + loess.span - 1), trust);
  };
  let before = 0;
  smoothed[0] = n < 2 ? y[0]! : fitAt(0);
  for (let x = Math.min(jump, n - 1); before < n - 1; x = Math.min(x + jump, n - 1)) {
    smoothed[x] = fitAt(x);
    const slope = (smoothed[x]! - smoothed[before]!) / (x - before);
    for (let between = before + 1; between < x; between++) smoothed[between] = smoothed[before]! + slope * (between - before);
    before = x;
  }
}
