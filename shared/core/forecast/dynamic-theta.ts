import { goldenSection } from "./golden-section.ts";

/** Where the smoothing parameter is looked for: at so many places first, then finer beside the best of them. */
const SEARCH = { from: 0.1, to: 0.99, places: 8, steps: 20 };
/** Errors of the first points say how the model begins, not how it fits. */
const SKIPPED = 3;
/** A power below this adds nothing to a sum. */
const NOTHING = 1e-12;
/** Two columns whose squared correlation is closer to 1 cannot be told apart. */
const ALIKE = 1e-9;

/**
 * Dynamic optimised theta forecast: exponential smoothing with a share of the straight line through all points so far, which moves with each
 * of them. First level, smoothing and share are those of the least squared errors one step ahead.
 *
 * With the smoothing given both others are linear, and solved for: the search has one dimension.
 * @param y - Points, oldest first, equally spaced, without a season, shape (n,). Finite.
 * @returns shape (horizon,), in y's unit; null below six points.
 * @see Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method, model DOTM; the limits of the
 * parameters and the first points skipped are those of StatsForecast's DynamicOptimizedTheta. The share is 1 - 1 / theta.
 */
export function dynamicThetaForecast(y: Float64Array, horizon: number): Float64Array | null {
  const n = y.length;
  if (n < 2 * SKIPPED) return null;
  const lines = linesThrough(y);
  const { alpha, first, share } = bestFit(y, lines);

  let level = alpha * y[0]! + (1 - alpha) * first;
  for (let i = 1; i < n; i++) level += alpha * (y[i]! - level);
  let line = { mean: lines.mean, intercept: lines.intercepts[n - 1]!, slope: lines.slopes[n - 1]! };
  return Float64Array.from({ length: horizon }, (_, step) => {
    const power = (1 - alpha) ** (n + step);
    const ahead = level + share * (line.intercept * power + (line.slope * (1 - power * (1 - alpha))) / alpha);
    level += alpha * (ahead - level);
    line = nextLine(line, ahead, n + step);
    return ahead;
  });
}

/** The straight line of least squares through points 1, 2, ... */
interface Line {
  readonly mean: number;
  readonly intercept: number;
  readonly slope: number;
}

/** The line with one point more. @param i - How many there were. */
function nextLine({ mean: before, slope: was }: Line, value: number, i: number): Line {
  const mean = (i * before + value) / (i + 1);
  const slope = ((i - 1) * was + (6 * (value - before)) / (i + 1)) / (i + 2);
  return { mean, slope, intercept: mean - (slope * (i + 2)) / 2 };
}

interface Lines {
  /** Of the line through the points up to each, shape (n,). */
  readonly intercepts: Float64Array;
  readonly slopes: Float64Array;
  /** Of all points. */
  readonly mean: number;
}

function linesThrough(y: Float64Array): Lines {
  const [intercepts, slopes] = [new Float64Array(y.length), new Float64Array(y.length)];
  let line: Line = { mean: y[0]!, intercept: y[0]!, slope: 0 };
  for (let i = 0; i < y.length; i++) {
    if (i > 0) line = nextLine(line, y[i]!, i);
    intercepts[i] = line.intercept;
    slopes[i] = line.slope;
  }
  return { intercepts, slopes, mean: line.mean };
}

interface Fit {
  readonly alpha: number;
  /** Level before the first point. */
  readonly first: number;
  /** Of the line, 0..1. */
  readonly share: number;
  readonly squares: number;
}

/** The best of places all over, then by golden section between its neighbours. */
function bestFit(y: Float64Array, lines: Lines): Fit {
  const gap = (SEARCH.to - SEARCH.from) / (SEARCH.places - 1);
  let best = fitWith(y, lines, SEARCH.from);
  const keep = (fit: Fit): number => {
    if (fit.squares < best.squares) best = fit;
    return fit.squares;
  };
  for (let place = 1; place < SEARCH.places; place++) keep(fitWith(y, lines, SEARCH.from + place * gap));

  const [from, to] = [Math.max(SEARCH.from, best.alpha - gap), Math.min(SEARCH.to, best.alpha + gap)];
  goldenSection((alpha) => keep(fitWith(y, lines, alpha)), { from, to, steps: SEARCH.steps });
  return best;
}

/** First level and share of the least squared errors with a smoothing parameter. */
function fitWith(y: Float64Array, { intercepts, slopes }: Lines, alpha: number): Fit {
  // What is left of each point beside the level from zero on, as share times the line's part, and first level times what is left of it.
  let level = alpha * y[0]!;
  let power = 1 - alpha;
  let [ofRest, ofLine, ofFirst, lineFirst, restLine, restFirst] = [0, 0, 0, 0, 0, 0];
  for (let i = 1; i < y.length; i++) {
    const rest = y[i]! - level;
    if (i >= SKIPPED) {
      const line = intercepts[i - 1]! * power + (slopes[i - 1]! * (1 - power * (1 - alpha))) / alpha;
      ofRest += rest * rest;
      ofLine += line * line;
      restLine += rest * line;
      if (power > 0) {
        ofFirst += power * power;
        lineFirst += line * power;
        restFirst += rest * power;
      }
    }
    level += alpha * rest;
    power = power > NOTHING ? power * (1 - alpha) : 0;
  }
  const determinant = ofLine * ofFirst - lineFirst * lineFirst;
  const free = determinant > ALIKE * ofLine * ofFirst ? (restLine * ofFirst - restFirst * lineFirst) / determinant : 0;
  const share = Math.max(0, Math.min(1, free));
  const first = ofFirst > 0 ? (restFirst - share * lineFirst) / ofFirst : y[0]!;
  const squares =
    ofRest + share * share * ofLine + first * first * ofFirst - 2 * (share * restLine + first * restFirst - share * first * lineFirst);
  return { alpha, first, share, squares };
}
