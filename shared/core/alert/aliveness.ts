import type { Rule } from "../../contract/rule.ts";

/** What may wait so long before something is stuck, ms: a tick may be lost, and a worker die with its lease. */
export const STUCK_AFTER_MS = 5 * 60_000;
/** Evaluations that may be missing. */
const INTERVALS = 3;
/** The kinds that are evaluated on a schedule; the others are when something comes in. */
const SCHEDULED: ReadonlySet<string> = new Set(["threshold", "rate-of-change", "missing-data"]);

/** What is known of the parts that an alert goes through. Times are Unix ms. */
export interface Signs {
  /** The enabled rules, each with its newest evaluation: null where it has never looked at a series. */
  readonly rules: readonly (Pick<Rule, "kind" | "interval" | "evalDelay" | "updatedAt"> & { readonly lastEvaluatedAt: number | null })[];
  /** When the oldest points came in that were not scored yet; null where all were. */
  readonly unscoredSince: number | null;
  /** When the oldest event happened that was not handed on yet; null where all were. */
  readonly unpublishedSince: number | null;
  /** Whether messages, or groups of alerts, wait past STUCK_AFTER_MS for somebody to work on them. */
  readonly stuck: { readonly deliveries: boolean; readonly groups: boolean };
}

/**
 * What is wrong with the way from a point to a message, in words; nothing where it works.
 *
 * Rules that were never evaluated say nothing: they may have no series yet.
 */
export function faultsOf({ rules, unscoredSince, unpublishedSince, stuck }: Signs, now: number): readonly string[] {
  const late = rules.filter(({ kind, interval, evalDelay, updatedAt, lastEvaluatedAt }) => {
    if (!SCHEDULED.has(kind) || lastEvaluatedAt === null) return false;
    return now - Math.max(lastEvaluatedAt, updatedAt) > INTERVALS * interval + evalDelay;
  });
  const isLate = (since: number | null) => since !== null && now - since > STUCK_AFTER_MS;
  return [
    ...(late.length === 0 ? [] : [`evaluation: ${late.length} of ${rules.length} rules were not evaluated for ${INTERVALS} intervals`]),
    ...(isLate(unscoredSince) ? ["detection: points wait to be scored"] : []),
    ...(isLate(unpublishedSince) ? ["events: changes wait to be handed on"] : []),
    ...(stuck.groups ? ["delivery: alerts wait to be told"] : []),
    ...(stuck.deliveries ? ["delivery: messages wait to be sent"] : []),
  ];
}
