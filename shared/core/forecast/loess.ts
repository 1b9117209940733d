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
 * @see Cleveland et al. (1990), STL; its Fortran code, routine `est`.
 */
export function fitLoess(y: Float64Array, n: number, x: number, { span, degree }: Loess, left: number, right: number): number {
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
    // Places are counted from x: that keeps the sums small.
    const place = j - x;
    sum += weight;
    sumX += weight * place;
    sumXX += weight * place * place;
    sumY += weight * y[j]!;
    sumXY += weight * place * y[j]!;
  }
  const mean = sumY / sum;
  if (degree === 0 || reach <= 0) return mean;
  return lineAt(mean, n, sumX / sum, sumXX / sum, sumXY / sum);
}

/**
 * Local regression at one place in which points count as far as they are trusted; where none of the window is, all count alike.
 *
 * A loop of its own: the plain one is where the time goes.
 * @param trust - 0..1, shape (n,).
 * @see Cleveland et al. (1990), STL; where no point counts, the Fortran code leaves one as it is, and follows an outlier for good.
 */
export function fitTrusted(y: Float64Array, n: number, x: number, loess: Loess, left: number, right: number, trust: Float64Array): number {
  const reach = Math.max(x - left, right - x) + (loess.span > n ? (loess.span - n) >> 1 : 0);
  let [sum, sumX, sumXX, sumY, sumXY] = [0, 0, 0, 0, 0];
  for (let j = left; j <= right; j++) {
    const distance = Math.abs(j - x);
    if (distance > 0.999 * reach) continue;
    const share = distance > 0.001 * reach ? distance / reach : 0;
    const weight = trust[j]! * (1 - share ** 3) ** 3;
    const place = j - x;
    sum += weight;
    sumX += weight * place;
    sumXX += weight * place * place;
    sumY += weight * y[j]!;
    sumXY += weight * place * y[j]!;
  }
  if (sum <= 0) return fitLoess(y, n, x, loess, left, right);
  const mean = sumY / sum;
  if (loess.degree === 0 || reach <= 0) return mean;
  return lineAt(mean, n, sumX / sum, sumXX / sum, sumXY / sum);
}

/** The value at 0 of the line through points with these means of y, x, x squared and x times y; that of y where the points lie too close. */
function lineAt(mean: number, n: number, centre: number, meanXX: number, meanXY: number): number {
  const spread = Math.max(0, meanXX - centre * centre);
  if (Math.sqrt(spread) <= 0.001 * (n - 1)) return mean;
  return mean - (centre * (meanXY - centre * mean)) / spread;
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
 * @param trust - How much each point counts, where not all count alike; see `fitTrusted`.
 * @see Cleveland et al. (1990), STL; its Fortran code, routine `ess`.
 */
export function smoothByLoess(y: Float64Array, n: number, loess: Loess, smoothed: Float64Array, trust: Float64Array | null = null): void {
  const jump = Math.ceil(loess.span / JUMPS_A_WINDOW);
  const fitAt = (x: number): number => {
    const left = windowAt(x, n, loess.span);
    const right = Math.min(n - 1, left + loess.span - 1);
    return trust === null ? fitLoess(y, n, x, loess, left, right) : fitTrusted(y, n, x, loess, left, right, trust);
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
