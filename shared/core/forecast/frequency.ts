const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Periods that series are commonly sampled at, in ms. */
const COMMON = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, DAY, 7 * DAY];
/** Share of a common period within which a median spacing is taken for it: scrapers jitter, weeks lose an hour to daylight saving. */
const SNAP = 0.05;

/**
 * Infers the period of a series from the spacing of its observations.
 *
 * @param timestamps - Unix ms, any order, repeats allowed, shape (n,).
 * @returns the median spacing of distinct times in ms, snapped to 1 min, 5 min, 15 min, 1 h, 1 d or 1 week when within 5%; or null when
 * there are fewer than two distinct times.
 */
export function inferFrequency(timestamps: Float64Array): number | null {
  const sorted = ascending(timestamps);
  const spacings = new Float64Array(sorted.length);
  let n = 0;
  for (let i = 1; i < sorted.length; i++) if (sorted[i]! > sorted[i - 1]!) spacings[n++] = sorted[i]! - sorted[i - 1]!;
  if (n === 0) return null;

  const median = spacings.subarray(0, n).toSorted()[(n - 1) >> 1]!;
  return COMMON.find((period) => Math.abs(median - period) <= SNAP * period) ?? median;
}

/** The finite ones, sorted where they are not: most are. */
function ascending(times: Float64Array): Float64Array {
  const finite = times.every(Number.isFinite) ? times : times.filter(Number.isFinite);
  for (let i = 1; i < finite.length; i++) if (finite[i]! < finite[i - 1]!) return finite.toSorted();
  return finite;
}

/**
 * The times that follow the newest one, in equal steps of UTC time.
 *
 * A day is 24 hours here: a change to or from daylight saving moves the local clock time of a step, never its distance from the last.
 * @param last - Unix ms of the newest point.
 * @returns Unix ms, shape (horizon,).
 */
export function nextTimestamps(last: number, frequencyMs: number, horizon: number): Float64Array {
  return Float64Array.from({ length: horizon }, (_, step) => last + (step + 1) * frequencyMs);
}

/** Points beyond two cycles, so that there is something to tell them apart by. */
const SPARE_POINTS = 10;

/** Whether n points can show a season of m. */
export const canShow = (n: number, m: number): boolean => n >= 2 * m + SPARE_POINTS;

/**
 * Season lengths worth testing at a period: the hour, the day and the week for sub-daily series, the week and the year from daily on.
 *
 * @param frequencyMs - Time between points, in ms.
 * @returns points per cycle, ascending, each at least 2: 60, 1440, 10080 for a minute; 7, 365 for a day; 52 for a week.
 */
export function candidateSeasons(frequencyMs: number): number[] {
  const cycles = frequencyMs < DAY ? [HOUR, DAY, 7 * DAY] : [7 * DAY, 365 * DAY];
  return cycles.map((cycle) => Math.round(cycle / frequencyMs)).filter((m) => m >= 2);
}
