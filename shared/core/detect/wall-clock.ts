const HALF_HOUR_MS = 1_800_000;
const MOST_CACHED = 50_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/**
 * What the clock on the wall shows in a time zone, as if it were UTC. Offsets are looked up once a half hour of data and zone: clocks
 * change on the half hour of UTC in St. John's and on Lord Howe, on the full one elsewhere.
 *
 * @param timestamp - Unix ms.
 * @param timezone - IANA name; `UTC` costs nothing.
 */
export function wallClock(timestamp: number, timezone: string): number {
  if (timezone === "UTC") return timestamp;
  const halfHour = Math.floor(timestamp / HALF_HOUR_MS);
  const name = `${timezone} ${String(halfHour)}`;
  let offset = offsets.get(name);
  if (offset === undefined) {
    offset = offsetAt(halfHour * HALF_HOUR_MS, timezone);
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
