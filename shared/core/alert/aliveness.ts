/** What may wait so long before something is stuck, ms: a tick may be lost, and a worker die with its lease. */
export const STUCK_AFTER_MS = 5 * 60_000;

/** What is known of the parts that an alert goes through. Times are Unix ms. */
export interface Signs {
  /** When the oldest evaluation fell due, or points came in, that rules have not been looked at for; null where there is none. */
  readonly unevaluatedSince: number | null;
  /** When the oldest points came in that were not scored yet; null where all were. */
  readonly unscoredSince: number | null;
  /** When the oldest event happened that was not handed on yet; null where all were. */
  readonly unpublishedSince: number | null;
  /** Whether messages, or groups of alerts, wait past STUCK_AFTER_MS for somebody to work on them. */
  readonly stuck: { readonly deliveries: boolean; readonly groups: boolean };
}

/** What is wrong with the way from a point to a message, in words; nothing where it works. */
export function faultsOf({ unevaluatedSince, unscoredSince, unpublishedSince, stuck }: Signs, now: number): readonly string[] {
  const isLate = (since: number | null) => since !== null && now - since > STUCK_AFTER_MS;
  return [
    ...(isLate(unevaluatedSince) ? ["evaluation: rules wait to be evaluated"] : []),
    ...(isLate(unscoredSince) ? ["detection: points wait to be scored"] : []),
    ...(isLate(unpublishedSince) ? ["events: changes wait to be handed on"] : []),
    ...(stuck.groups ? ["delivery: alerts wait to be told"] : []),
    ...(stuck.deliveries ? ["delivery: messages wait to be sent"] : []),
  ];
}
