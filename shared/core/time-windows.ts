/** A stretch of time, Unix ms, the end exclusive. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** Windows as those that they come to together, oldest first, no two of which meet. */
export function joined(windows: readonly TimeWindow[]): readonly TimeWindow[] {
  const whole: TimeWindow[] = [];
  for (const { from, to } of windows.toSorted((a, b) => a.from - b.from)) {
    const last = whole.at(-1);
    if (last === undefined || last.to < from) whole.push({ from, to });
    else whole[whole.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  }
  return whole;
}

/** The one of joined windows that a time lies in; null where it lies in none. */
export function windowAt(windows: readonly TimeWindow[], at: number): TimeWindow | null {
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (windows[middle]!.to <= at) low = middle + 1;
    else high = middle;
  }
  const found = windows[low];
  return found !== undefined && found.from <= at ? found : null;
}
