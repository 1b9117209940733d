export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
}

export interface NelderMeadOptions {
  /** Edge of the first simplex, per coordinate, shape (d,). */
  readonly step: readonly number[];
  /** Stop when the values over the simplex differ by no more than this, in f's unit. */
  readonly tolerance: number;
  /** Stop after this many evaluations. */
  readonly maxEvaluations: number;
}

/**
 * Minimises a function without derivatives by the Nelder-Mead simplex.
 *
 * @param f - Any function of d numbers; +Infinity marks a forbidden point. Its argument is reused: do not keep it.
 * @param start - First vertex, shape (d,), d >= 1; f must be finite there.
 * @returns the best vertex met. Deterministic.
 * @see Nelder & Mead (1965), A simplex method for function minimization; coefficients 1, 2, 1/2, 1/2.
 */
export function nelderMead(f: (x: Float64Array) => number, start: readonly number[], options: NelderMeadOptions): Minimum {
  const d = start.length;
  const { tolerance, maxEvaluations } = options;
  const budget = { left: maxEvaluations };
  const evaluate = (x: Float64Array): Minimum => {
    budget.left -= 1;
    return { x, value: f(x) };
  };

  const simplex = [evaluate(Float64Array.from(start))];
  for (let i = 0; i < d; i++) simplex.push(evaluate(Float64Array.from(start, (value, j) => (i === j ? value + options.step[i]! : value))));
  const centre = new Float64Array(d);
  const along = (towards: Float64Array, t: number): Float64Array => centre.map((value, j) => value + t * (towards[j]! - value));

  while (budget.left > 0) {
    simplex.sort((a, b) => (a.value === b.value ? 0 : a.value - b.value));
    const [best, second, worst] = [simplex[0]!, simplex[d - 1]!, simplex[d]!];
    if (worst.value - best.value <= tolerance) break;

    centre.fill(0);
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) centre[j]! += simplex[i]!.x[j]! / d;

    const reflected = evaluate(along(worst.x, -1));
    if (reflected.value < best.value) {
      const expanded = evaluate(along(worst.x, -2));
      simplex[d] = expanded.value < reflected.value ? expanded : reflected;
      continue;
    }
    if (reflected.value < second.value) {
      simplex[d] = reflected;
      continue;
    }
    const contracted = evaluate(along(reflected.value < worst.value ? reflected.x : worst.x, 0.5));
    if (contracted.value < Math.min(reflected.value, worst.value)) {
      simplex[d] = contracted;
      continue;
    }
    for (let i = 1; i <= d; i++) simplex[i] = evaluate(simplex[i]!.x.map((value, j) => (value + best.x[j]!) / 2));
  }
  return simplex.reduce((best, vertex) => (vertex.value < best.value ? vertex : best));
}
