const DAY = 86_400_000;
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] as const;
const UNITS = [
  ["D", DAY],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/**
 * A time between steps as pandas names it: `h`, `15min`, `D`, `W-MON`.
 *
 * @param frequencyMs - A whole number of milliseconds, >= 1.
 * @param at - Unix ms of a point: weeks are named by their day of it in UTC.
 * @see pandas, Time series / date functionality, offset aliases of 2.2 and later.
 */
export function pandasFrequency(frequencyMs: number, at: number): string {
  const count = (n: number) => (n === 1 ? "" : String(n));
  if (frequencyMs % (7 * DAY) === 0) return `${count(frequencyMs / (7 * DAY))}W-${WEEKDAYS[new Date(at).getUTCDay()]!}`;
  const [unit, ms] = UNITS.find(([, length]) => frequencyMs % length === 0)!;
  return `${count(frequencyMs / ms)}${unit}`;
}
