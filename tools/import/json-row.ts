import { parseTime } from "../../shared/contract/time.ts";
import type { RowPart } from "./layout.ts";

/** More characters than the longest metric has, each of them escaped. */
const MAX_CHARACTERS = 262_144;
/** A metric has 4 members, and at most 32 dimensions: what is wrong about more than these is not worth asking the door. */
const MAX_MEMBERS = 100;

/**
 * Reads a line of JSON Lines. What comes near a metric is left for the door to judge, which keeps what it refuses; what does not might
 * cost it the whole batch.
 */
export function jsonRow(text: string): readonly RowPart[] {
  if (text.trim() === "") return [];
  if (text.length > MAX_CHARACTERS) return [{ why: "Expected a metric, got more characters than one has" }];
  let metric: unknown;
  try {
    metric = JSON.parse(text);
  } catch {
    return [{ why: "Expected JSON" }];
  }
  if (typeof metric !== "object" || metric === null || Array.isArray(metric)) return [{ why: "Expected a JSON object" }];
  const members = Object.values(metric).flatMap((value: unknown) => (isObject(value) ? Object.values(value) : [value]));
  if (members.length > MAX_MEMBERS || members.some(isObject)) return [{ why: "Expected a metric, got more members than one has" }];
  const { metricKey, timestamp, dimensions } = metric as Record<string, unknown>;
  const named = isObject(dimensions) ? Object.entries(dimensions).map(([name, value]) => [name, String(value)] as const) : [];
  return [
    {
      metric,
      series: JSON.stringify([metricKey, named.toSorted(([a], [b]) => (a < b ? -1 : 1))]),
      timestamp: parseTime(timestamp) ?? Number.NaN,
      characters: text.length,
    },
  ];
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
