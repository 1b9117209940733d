/** How far back evaluations are made up after an outage. */
export const MADE_UP_MS = 3_600_000;

/**
 * The evaluation times that are due: every multiple of the interval in (lastEvaluatedAt, now - evalDelay], ascending.
 * After an outage the last hour is made up; the newest time is due however long ago it was, so that a daily rule loses no day.
 *
 * @param lastEvaluatedAt - Unix ms; null for an instance that was never evaluated, for which the newest time alone is due.
 * @param now - Unix ms.
 * @param rule - Its interval and evalDelay, ms.
 */
export function dueEvaluations(
  lastEvaluatedAt: number | null,
  now: number,
  { interval, evalDelay }: { readonly interval: number; readonly evalDelay: number },
): readonly number[] {
  const end = now - evalDelay;
  const newest = Math.floor(end / interval) * interval;
  if (newest < 0 || (lastEvaluatedAt !== null && newest <= lastEvaluatedAt)) return [];
  if (lastEvaluatedAt === null) return [newest];

  const after = Math.max(lastEvaluatedAt, end - MADE_UP_MS);
  const first = Math.min(newest, (Math.floor(after / interval) + 1) * interval);
  return Array.from({ length: (newest - first) / interval + 1 }, (_, n) => first + n * interval);
}
