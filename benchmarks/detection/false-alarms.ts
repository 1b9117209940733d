/** What exceeds a threshold within an hour of an alarm belongs to it. */
const COOL_DOWN_POINTS = 12;

/** How many alarms a threshold raises on series without incidents. */
export function alarmsAt(series: readonly Float64Array[], threshold: number): number {
  let alarms = 0;
  for (const scores of series) {
    let quietTo = -1;
    for (let row = 0; row < scores.length; row++) {
      if (scores[row]! < threshold || row <= quietTo) continue;
      alarms += 1;
      quietTo = row + COOL_DOWN_POINTS;
    }
  }
  return alarms;
}

/** The least score, by bisection over those there are, that raises at most so many alarms; Infinity where even the highest raises more. */
export function thresholdFor(series: readonly Float64Array[], alarms: number): number {
  const scores = Float64Array.from(new Set(series.flatMap((one) => [...one]))).toSorted();
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (alarmsAt(series, scores[middle]!) > alarms) low = middle + 1;
    else high = middle;
  }
  return scores[low] ?? Infinity;
}
