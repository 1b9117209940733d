import { WEEKDAYS } from "../../contract/alert-policy.ts";
import type { MuteWindowDefinition } from "../../contract/alert-policy.ts";
import { wallClock } from "../detect/wall-clock.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** Longer than any window lasts, the hour of autumn included: windows that follow each other without a break are looked at again then. */
const FARTHEST_MINUTES = 26 * 60;

type Times = Pick<MuteWindowDefinition, "timezone" | "weekdays" | "start" | "end">;

/**
 * Whether the clock of the zone is inside a window: from its start, inclusive, to its end, exclusive, on each of its weekdays. A window
 * that ends before it starts goes on after midnight, and belongs to the day that it started on. What the clock skips in spring is not
 * there, what it shows twice in autumn is inside twice.
 *
 * @param now - Unix ms.
 */
export function isMuted({ timezone, weekdays, start, end }: Times, now: number): boolean {
  const minutes = Math.floor(wallClock(now, timezone) / MINUTE_MS);
  const minute = minutes % DAY_MINUTES;
  // 1 January 1970 was a Thursday.
  const day = (Math.floor(minutes / DAY_MINUTES) + 3) % 7;
  const isOn = (which: number) => weekdays.includes(WEEKDAYS[(which + 7) % 7]!);
  const [from, to] = [minuteOf(start), minuteOf(end)];
  if (from < to) return isOn(day) && minute >= from && minute < to;
  return (isOn(day) && minute >= from) || (isOn(day - 1) && minute < to);
}

/**
 * When the window that holds at a time ends.
 *
 * @param now - Unix ms.
 * @returns Unix ms, at most 26 hours later, also where the next window follows without a break; null where none holds.
 */
export function mutedUntil(window: Times, now: number): number | null {
  if (!isMuted(window, now)) return null;
  const minute = Math.floor(now / MINUTE_MS);
  for (let n = 1; n < FARTHEST_MINUTES; n += 1) {
    const at = (minute + n) * MINUTE_MS;
    if (!isMuted(window, at)) return at;
  }
  return (minute + FARTHEST_MINUTES) * MINUTE_MS;
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
