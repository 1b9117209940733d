import { Cron } from "croner";
import type { Result } from "./result.ts";

/** Schedules that have a name. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["hourly", "0 * * * *"],
  ["daily", "0 0 * * *"],
]);

/**
 * When a schedule comes up next.
 *
 * The clock of the zone counts: what falls into the hour that is left out in spring comes up right after it, and what falls into the hour
 * that autumn has twice comes up the first time; `hourly` comes up in both.
 *
 * @param schedule - `hourly`, `daily` (at midnight), or the five fields of cron: minute, hour, day of the month, month, day of the week.
 * @param timezone - An IANA time zone.
 * @param after - Unix ms.
 * @returns Unix ms, later than `after`; or what is wrong with the schedule.
 */
export function nextRun(schedule: string, timezone: string, after: number): Result<number, string> {
  const fields = NAMED.get(schedule) ?? schedule.trim();
  if (fields.split(/\s+/).length !== 5) return { ok: false, error: "Expected hourly, daily, or the five fields of a cron schedule" };
  try {
    const next = new Cron(fields, { timezone, paused: true }).nextRun(new Date(after));
    return next === null ? { ok: false, error: "Expected a schedule that comes up" } : { ok: true, value: next.getTime() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error) };
  }
}
