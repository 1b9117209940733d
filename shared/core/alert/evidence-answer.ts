import type { Evidence } from "../../contract/alert.ts";
import { isoTime } from "../../contract/time.ts";

/** Members that are times: in evidence as it is kept Unix ms. */
const TIMES: readonly string[] = ["timestamp", "lastPointAt", "lastSeenAt", "cutoff"];
/** Members that are points, and members that are times of different probability. */
const POINTS: readonly string[] = ["first", "last"];
const SPREADS: readonly string[] = ["breachAt"];

/** Evidence as the API and every message show it: single times as ISO 8601, durations as they are, in ms. */
export function evidenceAnswer(evidence: Evidence): Evidence {
  return membersOf(evidence, (name, value) => {
    if (TIMES.includes(name)) return time(value);
    if (POINTS.includes(name)) return membersOf(value, (of, part) => (of === "timestamp" ? time(part) : part));
    return SPREADS.includes(name) ? membersOf(value, (_, part) => time(part)) : value;
  }) as Evidence;
}

const time = (value: unknown): unknown => (typeof value === "number" && Math.abs(value) <= 8.64e15 ? isoTime(value) : value);

const membersOf = (value: unknown, written: (name: string, value: unknown) => unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, written(name, part)]))
    : value;
