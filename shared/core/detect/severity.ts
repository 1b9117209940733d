import type { AnomalySeverity } from "../../contract/anomaly.ts";

/** Days per false alarm at which the score is one half. */
const HALF_SCORE_DAYS = 14;
/** A method agrees that a point is anomalous where it finds it at least so rare, in days per false alarm. */
export const AGREEING_DAYS = 10;

/** The score of a point, 0..1, from how rare it is in days per false alarm. */
export const scoreOf = (days: number): number => days / (days + HALF_SCORE_DAYS);

/**
 * The rarity that a sensitivity asks for: 60 days per false alarm and series at 0, 10 at 0.5, 1.7 at 1.
 * @param sensitivity - 0..1.
 */
export const daysAtSensitivity = (sensitivity: number): number => 60 * 36 ** -sensitivity;

/** What decides a severity beside the rarity. */
export interface SeverityFacts {
  /** Two methods agree, or it is the third rare point in a row. */
  readonly consensus: boolean;
  /** How far off, in robust scales; null where there is no scale. */
  readonly effect: number | null;
  readonly warmingUp: boolean;
}

const CRITICAL_EFFECT = 6;

/** The severity of an anomaly, which does not depend on the sensitivity: low below 30 days per false alarm, medium below 120, high below 365. */
export function severityOf(days: number, { consensus, effect, warmingUp }: SeverityFacts): AnomalySeverity {
  if (days < 30) return "low";
  if (days < 120 || warmingUp) return "medium";
  if (days < 365) return "high";
  return consensus && effect !== null && effect >= CRITICAL_EFFECT ? "critical" : "high";
}
