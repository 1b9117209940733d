const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Narrows down where a function of one valley is lowest, by a fixed share a step.
 *
 * @param f - Evaluated at steps + 2 places.
 * @returns the interval that is left of [from, to].
 * @see Kiefer (1953), Sequential minimax search for a maximum.
 */
export function goldenSection(
  f: (x: number) => number,
  { from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number },
): { readonly from: number; readonly to: number } {
  let [low, high] = [from, to];
  const inside = (share: number): number => low + share * (high - low);
  let [left, right] = [inside(1 - GOLDEN), inside(GOLDEN)];
  let [atLeft, atRight] = [f(left), f(right)];
  for (let step = 0; step < steps; step++) {
    if (atLeft < atRight) {
      high = right;
      [right, atRight] = [left, atLeft];
      left = inside(1 - GOLDEN);
      atLeft = f(left);
    } else {
      low = left;
      [left, atLeft] = [right, atRight];
      right = inside(GOLDEN);
      atRight = f(right);
    }
  }
  return { from: low, to: high };
}
