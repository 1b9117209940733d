const HOUR_MS = 3_600_000;
const MOST_CACHED = 50_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/**
 * What the clock on the wall shows in a time zone, as if it were UTC. Offsets are looked up once an hour of data and zone: no zone in use
 * changes its offset within an hour of UTC.
 *
 * @param timestamp - Unix ms.
 * @param timezone - IANA name; `UTC` costs nothing.
 */
export function wallClock(timestamp: number, timezone: string): number {
  if (timezone === "UTC") return timestamp;
  const hour = Math.floor(timestamp / HOUR_MS);
  const name = `${timezone} ${String(hour)}`;
  let offset = offsets.get(name);
  if (offset === undefined) {
    offset = offsetAt(hour * HOUR_MS, timezone);
    if (offsets.size >= MOST_CACHED) offsets.clear();
    offsets.set(name, offset);
  }
  return timestamp + offset;
}

function offsetAt(timestamp: number, timezone: string): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timezone, format);
  }
  const parts = new Map(format.formatToParts(timestamp).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - timestamp;
}
