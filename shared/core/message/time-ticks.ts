import { wallClock } from "../detect/wall-clock.ts";

/** A place on a time axis: Unix ms and its text, of a second line where a day begins that was not named yet. */
export interface TimeTick {
  readonly at: number;
  readonly text: string;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Steps that people count time in. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 3, 7, 14, 30, 90, 365].map((n) => n * DAY_MS),
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** A day as people write it: 20 Nov. */
const dayText = (wall: number): string => `${String(new Date(wall).getUTCDate())} ${MONTHS[new Date(wall).getUTCMonth()]!}`;
/** To the minute, or to the second where a step is shorter. */
const clockText = (wall: number, step: number): string => new Date(wall).toISOString().slice(11, step < MINUTE_MS ? 19 : 16);

/** A time to the minute, or to the second, on the clock of a zone: 20 Nov 2026, 10:00. */
export function clockTimeText(at: number, timezone: string, to: "minute" | "second"): string {
  const wall = wallClock(at, timezone);
  return `${dayText(wall)} ${String(new Date(wall).getUTCFullYear())}, ${clockText(wall, to === "second" ? SECOND_MS : MINUTE_MS)}`;
}

/**
 * The ticks of a time axis, at round times of a zone's clock.
 *
 * @param window - Unix ms; both ends may bear a tick.
 * @param most - Ticks, >= 1.
 * @returns Ascending. Steps of a day or more say the day, shorter ones the time, and the day on a second line where it is a new one.
 */
export function timeTicks({ from, to }: { readonly from: number; readonly to: number }, timezone: string, most: number): TimeTick[] {
  const step = STEPS_MS.find((size) => (to - from) / size <= most) ?? Math.ceil((to - from) / most / DAY_MS) * DAY_MS;
  const ticks: TimeTick[] = [];
  let named = "";
  for (let wall = Math.ceil(wallClock(from, timezone) / step) * step; ; wall += step) {
    const at = fromWallClock(wall, timezone);
    if (at > to) return ticks.slice(0, most);
    // An hour that the clock leaves out, or goes through twice.
    if (at < from || at <= (ticks.at(-1)?.at ?? -Infinity)) continue;
    const shown = wallClock(at, timezone);
    const day = dayText(shown);
    const text = step >= DAY_MS ? day : day === named ? clockText(shown, step) : `${clockText(shown, step)}\n${day}`;
    ticks.push({ at, text });
    named = day;
  }
}

/** When a zone's clock shows a time: the inverse of wallClock(), near a change of the clock to the hour. */
function fromWallClock(wall: number, timezone: string): number {
  const guess = wall - (wallClock(wall, timezone) - wall);
  return guess - (wallClock(guess, timezone) - wall);
}
