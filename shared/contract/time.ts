import * as v from "valibot";

/** The years that a timestamp may lie in: 1970 to 9999, as Unix milliseconds. */
export const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

const UnixMs = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LATEST_MS));

/** A smaller number is of seconds, or of a day in 1973 at the latest: whoever means that writes it as text. */
const LEAST_UNIX_MS = 1e11;
export const isSeconds = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < LEAST_UNIX_MS;
export const SECONDS_MESSAGE = "Looks like seconds: expected Unix milliseconds; a time before March 1973 comes as ISO 8601";
/** 0 begins both counts, and stands for the beginning. */
const isMs = (value: number): boolean => value === 0 || !isSeconds(value);

/**
 * Parses an ISO 8601 time with a zone, or Unix milliseconds.
 * @returns Unix milliseconds, or null when the value is neither, or not a day of the calendar.
 */
export function parseTime(value: unknown): number | null {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value <= LATEST_MS ? value : null;
  if (typeof value !== "string" || !ISO_TIME.test(value)) return null;
  const day = Number(value.slice(8, 10));
  const ms = Date.parse(value);
  if (Number.isNaN(ms) || ms < 0 || ms > LATEST_MS) return null;
  if (day <= 28) return ms;
  // Date.parse rolls 30 February over into March: the written day has to come back.
  const midnight = new Date(`${value.slice(0, 10)}T00:00:00Z`);
  return midnight.getUTCDate() === day ? ms : null;
}

export const TIME_MESSAGE = "Expected an ISO 8601 time with a zone, such as 2026-11-20T10:00:00Z, or Unix milliseconds";

const WrittenTime = v.pipe(
  v.string(),
  v.check((text) => parseTime(text) !== null, TIME_MESSAGE),
  v.transform((text) => parseTime(text)!),
);

/** A time in: ISO 8601 with a zone, or Unix milliseconds; a number that looks like seconds is none. Parsed to Unix milliseconds. */
export const Time = v.union([v.pipe(UnixMs, v.check(isMs, SECONDS_MESSAGE)), WrittenTime], TIME_MESSAGE);
export type Time = v.InferOutput<typeof Time>;

/** The same of a series that a request brings: where its clock begins is its own affair, so that small numbers are times too. */
export const PointTime = v.union([UnixMs, WrittenTime], TIME_MESSAGE);

/** A time in a query string: as Time, where milliseconds are digits. */
export const QueryTime = v.pipe(
  v.string(),
  v.transform((text) => (/^\d+$/.test(text) ? Number(text) : text)),
  v.check((value) => parseTime(value) !== null, TIME_MESSAGE),
  v.check((value) => typeof value === "string" || isMs(value), SECONDS_MESSAGE),
  v.transform((value) => parseTime(value)!),
);

/** A single time out: ISO 8601, UTC. */
export const IsoTime = v.pipe(v.string(), v.isoTimestamp());
export type IsoTime = v.InferOutput<typeof IsoTime>;

/** A column of times out: Unix milliseconds. */
export const TimeColumn = v.pipe(v.array(UnixMs), v.maxLength(100_000));

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DURATION = /^(\d{1,16})(ms|s|m|h|d|w)$/;
const LONGEST_MS = 400 * UNIT_MS.d;
const DURATION_MESSAGE = "Expected a duration such as 30s, 5m, 1h or 1d, at most 400d, or milliseconds";

/** Milliseconds of a duration such as `5m`; null when it is none, or longer than the longest. */
export function parseDuration(text: string, longestMs = LONGEST_MS): number | null {
  const match = DURATION.exec(text);
  if (!match) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  return ms <= longestMs ? ms : null;
}

/** A duration in: `30s`, `5m`, `1h`, `1d`, or milliseconds. Parsed to milliseconds. */
export const Duration = v.union(
  [
    v.pipe(v.number(), v.integer(DURATION_MESSAGE), v.minValue(0, DURATION_MESSAGE), v.maxValue(LONGEST_MS, DURATION_MESSAGE)),
    v.pipe(
      v.string(),
      v.check((text) => parseDuration(text) !== null, DURATION_MESSAGE),
      v.transform((text) => parseDuration(text)!),
    ),
  ],
  DURATION_MESSAGE,
);
export type Duration = v.InferOutput<typeof Duration>;

/** Bounds of a duration, ms, that say what they are as durations. */
export const atLeast = (ms: number) => v.minValue<number, number, string>(ms, `Expected at least ${formatDuration(ms)}`);
export const atMost = (ms: number) => v.maxValue<number, number, string>(ms, `Expected at most ${formatDuration(ms)}`);

/** A duration out, in the largest unit that divides it: 300000 is `5m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  const unit = (["d", "h", "m", "s"] as const).find((name) => ms % UNIT_MS[name] === 0) ?? "ms";
  return `${ms / UNIT_MS[unit]}${unit}`;
}

/** An IANA time zone, such as Europe/Berlin. */
export const TimeZone = v.pipe(
  v.string(),
  v.maxLength(100),
  v.check((zone) => isTimeZone(zone), "Expected an IANA time zone such as Europe/Berlin"),
);
export type TimeZone = v.InferOutput<typeof TimeZone>;

function isTimeZone(zone: string): boolean {
  // An offset has no summer, and is no zone.
  if (/^[+-]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

/** A time out: Unix milliseconds as ISO 8601, UTC. */
export const isoTime = (ms: number): IsoTime => new Date(ms).toISOString();
/** As isoTime; null stays null. */
export const isoTimeOrNull = (ms: number | null): IsoTime | null => (ms === null ? null : isoTime(ms));
