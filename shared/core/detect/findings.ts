import type { PointScore } from "./score-point.ts";

/** How far a series is scored, between two batches. Times are Unix ms. */
export interface ScoringProgress {
  /** The newest scored point; null before the first. */
  readonly scoredTo: number | null;
  /** The newest scored point that was no anomaly; null before the first. */
  readonly calmTo: number | null;
  /** Whether there are anomalies that no point has cleared: a live one, one of which nobody was told, or only historical ones. */
  readonly open: "none" | "historical" | "live" | "held";
}

export interface Finding {
  /** Of the scores. */
  readonly row: number;
  readonly historical: boolean;
  /** The first scored point after it that was none; null while there is no such point. */
  clearedAt: number | null;
  /** The live anomalies from when one opens the series to when none is open: 0 for those that go on from before. null of a historical one. */
  readonly episode: number | null;
}

export interface Findings {
  readonly anomalies: readonly Finding[];
  /** Points that clear what was open before this batch: each clears the anomalies before it. */
  readonly clears: readonly number[];
  /** The last point that cleared a live anomaly; null when none did. */
  readonly clearedAt: number | null;
  readonly progress: ScoringProgress;
  /** The live episode that is open at the end; null when none is. */
  readonly openEpisode: number | null;
}

/**
 * The anomalies among newly scored points, and what they clear: an anomaly is open until the first scored point after it that is none. One
 * that comes in behind such a point is cleared by it at once. Points without a score clear nothing.
 *
 * @param scores - Of one series, in the order the points came.
 * @param historical - Whether a row was older than the lateness bound when it came.
 * @param raises - Whether an anomalous row is an anomaly; one that is not clears nothing either.
 */
export function findAnomalies(
  scores: readonly PointScore[],
  historical: (row: number) => boolean,
  before: ScoringProgress,
  raises: (row: number) => boolean = () => true,
): Findings {
  let { scoredTo, calmTo } = before;
  let clearedAt: number | null = null;
  let openBefore = before.open;
  const isLiveBefore = () => openBefore === "live" || openBefore === "held";
  let [episodes, openEpisode] = [0, 0];
  const anomalies: Finding[] = [];
  const clears: number[] = [];
  let opened: Finding[] = [];
  let isLiveOpened = false;

  for (const [row, { timestamp, anomalous, severity }] of scores.entries()) {
    scoredTo = Math.max(scoredTo ?? timestamp, timestamp);
    if (anomalous) {
      if (!raises(row)) continue;
      const isHistorical = historical(row);
      const isOpen = isLiveBefore() || isLiveOpened;
      const episode = isHistorical ? null : isOpen ? openEpisode : (episodes += 1);
      const finding: Finding = { row, historical: isHistorical, clearedAt: null, episode };
      anomalies.push(finding);
      if (calmTo === null || timestamp >= calmTo) {
        opened.push(finding);
        isLiveOpened ||= !isHistorical;
        openEpisode = episode ?? openEpisode;
      } else {
        finding.clearedAt = calmTo;
        if (!finding.historical) clearedAt = calmTo;
      }
      continue;
    }
    if (severity === null || (calmTo !== null && timestamp <= calmTo)) continue;
    calmTo = timestamp;
    if (openBefore !== "none") {
      clears.push(timestamp);
      if (isLiveBefore()) clearedAt = timestamp;
      // Nothing that was open before is newer than what was scored before.
      if (timestamp > before.scoredTo!) openBefore = "none";
    }
    if (opened.length === 0) continue;
    const still: Finding[] = [];
    for (const finding of opened) {
      if (scores[finding.row]!.timestamp >= timestamp) still.push(finding);
      else {
        finding.clearedAt = timestamp;
        if (!finding.historical) clearedAt = timestamp;
      }
    }
    opened = still;
    isLiveOpened = still.some((finding) => !finding.historical);
  }

  const live = isLiveBefore() || isLiveOpened;
  const stillOpen = isLiveBefore() ? openBefore : "live";
  const open = live ? stillOpen : opened.length > 0 ? "historical" : openBefore;
  return { anomalies, clears, clearedAt, progress: { scoredTo, calmTo, open }, openEpisode: live ? openEpisode : null };
}
