import type { ArrivedPoints } from "./series-detection.ts";

/** The times, [from, to), of what came for a series and is not newer than what was scored of it; null where all of it is. */
export function olderWindow({ timestamps }: ArrivedPoints, scoredTo: number | null): { readonly from: number; readonly to: number } | null {
  if (scoredTo === null) return null;
  let [from, to] = [Infinity, -Infinity];
  for (const timestamp of timestamps) {
    if (timestamp > scoredTo) continue;
    from = Math.min(from, timestamp);
    to = Math.max(to, timestamp + 1);
  }
  return from < to ? { from, to } : null;
}

/**
 * Points without those that were there already, with the same value, and came once more: senders repeat what they have no answer for.
 *
 * @param stored - What was there before them in the window of those that are not newer than what was scored.
 */
export function withoutRepeats(
  arrived: ArrivedPoints,
  stored: { readonly timestamps: Float64Array; readonly values: Float64Array } | undefined,
): ArrivedPoints {
  const { timestamps, values, historical } = arrived;
  if (stored === undefined && isAscending(timestamps)) return arrived;
  const known = new Map<number, number>();
  for (const [row, timestamp] of (stored?.timestamps ?? []).entries()) known.set(timestamp, stored!.values[row]!);
  const kept: number[] = [];
  for (const [row, timestamp] of timestamps.entries()) {
    if (known.get(timestamp) === values[row]) continue;
    known.set(timestamp, values[row]!);
    kept.push(row);
  }
  if (kept.length === timestamps.length) return arrived;
  return {
    timestamps: Float64Array.from(kept, (row) => timestamps[row]!),
    values: Float64Array.from(kept, (row) => values[row]!),
    historical: Uint8Array.from(kept, (row) => historical[row]!),
  };
}

function isAscending(timestamps: Float64Array): boolean {
  for (let row = 1; row < timestamps.length; row++) if (!(timestamps[row]! > timestamps[row - 1]!)) return false;
  return true;
}
