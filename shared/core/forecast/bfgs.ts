import type { Minimum } from "./nelder-mead.ts";

export interface BfgsOptions {
  /** Stop when a step gains no more than this, in f's unit. */
  readonly tolerance: number;
  /** Stop at the first step after so many evaluations. */
  readonly maxEvaluations: number;
}

/** Step of the differences that slopes are taken by: between curvature and rounding. */
const DIFFERENCE = 1e-6;
/** Share of what the slope promises that a step has to keep, and how much shorter the next try is. */
const SUFFICIENT = 1e-4;
const SHORTER = 0.35;
const TRIES = 12;
/** No coordinate moves further in one step. */
const LONGEST_STEP = 1;

/**
 * Minimises a smooth function by the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno, with slopes by differences.
 *
 * @param f - Any function of d numbers; +Infinity marks a forbidden point. Its argument is reused: do not keep it.
 * @param start - Shape (d,); f must be finite there.
 * @returns the best point met, start at the worst. Deterministic.
 * @see Nocedal & Wright, Numerical Optimization, algorithm 6.1, with backtracking in place of Wolfe's conditions.
 */
export function bfgs(f: (x: Float64Array) => number, start: ArrayLike<number>, { tolerance, maxEvaluations }: BfgsOptions): Minimum {
  const d = start.length;
  let left = maxEvaluations;
  const evaluate = (x: Float64Array): number => {
    left -= 1;
    return f(x);
  };
  let x = Float64Array.from(start);
  let value = evaluate(x);
  let slope = slopeAt(x, value);
  let inverse = identity(d);
  let isFresh = true;

  while (left > 0 && d > 0) {
    let direction = x.map((_, i) => -dot(inverse.subarray(i * d, (i + 1) * d), slope));
    let descent = dot(direction, slope);
    if (!(descent < 0)) {
      [inverse, isFresh] = [identity(d), true];
      direction = slope.map((part) => -part);
      descent = dot(direction, slope);
      if (!(descent < 0)) break;
    }
    const longest = direction.reduce((most, part) => Math.max(most, Math.abs(part)), 0);
    let length = Math.min(1, LONGEST_STEP / longest);
    let next = x;
    let there = Infinity;
    for (let tries = 0; tries < TRIES; tries++, length *= SHORTER) {
      const tried = length;
      next = x.map((part, i) => part + tried * direction[i]!);
      there = evaluate(next);
      if (there <= value + SUFFICIENT * length * descent) break;
      there = Infinity;
    }
    if (there === Infinity) {
      if (isFresh) break;
      [inverse, isFresh] = [identity(d), true];
      continue;
    }
    const gained = value - there;
    const nextSlope = slopeAt(next, there);
    const step = next.map((part, i) => part - x[i]!);
    const bend = nextSlope.map((part, i) => part - slope[i]!);
    update(inverse, step, bend, isFresh);
    [x, value, slope] = [next, there, nextSlope];
    if (gained <= tolerance && !isFresh) break;
    isFresh = false;
  }
  return { x, value };

  function slopeAt(at: Float64Array, here: number): Float64Array {
    const moved = at.slice();
    return at.map((part, i) => {
      moved[i] = part + DIFFERENCE;
      const rise = (evaluate(moved) - here) / DIFFERENCE;
      moved[i] = part;
      return Number.isFinite(rise) ? rise : 0;
    });
  }
}

/** The inverse Hessian, in place, by what the slope did along a step; left alone where the function is not convex along it. */
function update(inverse: Float64Array, step: Float64Array, bend: Float64Array, isFresh: boolean): void {
  const d = step.length;
  const curvature = dot(step, bend);
  if (!(curvature > 1e-14)) return;
  if (isFresh) inverse.set(inverse.map((value) => (value * curvature) / dot(bend, bend)));
  const moved = step.map((_, i) => dot(inverse.subarray(i * d, (i + 1) * d), bend));
  const scale = 1 + dot(bend, moved) / curvature;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      inverse[i * d + j]! += (scale * step[i]! * step[j]! - moved[i]! * step[j]! - step[i]! * moved[j]!) / curvature;
    }
  }
}

const identity = (d: number): Float64Array => Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0));

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
