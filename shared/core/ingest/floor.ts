import { formatDuration, isoTime } from "../../contract/time.ts";

/** Points before `earliest`, Unix ms, are not taken in any more, and `reason` says why. */
export interface Floor {
  readonly earliest: number;
  readonly reason: string;
}

/**
 * How far back points are taken in where they are kept for a time only.
 *
 * @param rawMs - For how long, null: for ever.
 * @param droppedBefore - Unix ms: what lay before has been dropped, whatever the retention is by now. 0: nothing has.
 * @returns null where any time is taken.
 */
export function floorOf(rawMs: number | null, droppedBefore: number, now: number): Floor | null {
  const earliest = rawMs === null ? 0 : now - rawMs;
  if (earliest > droppedBefore) {
    return { earliest, reason: `Lies further back than the organisation's retention of ${formatDuration(rawMs!)} (GET /api/v1/retention)` };
  }
  if (droppedBefore === 0) return null;
  const reason = `Lies before ${isoTime(droppedBefore)}: the points from before were dropped by the organisation's retention`;
  return { earliest: droppedBefore, reason };
}
