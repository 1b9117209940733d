const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What series are counted by: hours, for steps shorter than a day, and UTC days. */
export const SCORED_SPANS: readonly number[] = [HOUR_MS, DAY_MS];

/** How many series were scored in a span of time. */
export interface ScoredSpan {
  /** Of SCORED_SPANS. */
  readonly span: number;
  /** Unix ms. */
  readonly startsAt: number;
  readonly n: number;
}

/**
 * The spans in which a series has its first point by these: what is not newer than what it was scored to has counted before, or came too late.
 *
 * @param scoredTo - Unix ms; null before the first point.
 * @param timestamps - In the order they came.
 * @returns Starts, by span; empty where there is none, as mostly.
 */
export function newSpans(scoredTo: number | null, timestamps: Float64Array): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  for (const span of SCORED_SPANS) {
    let newest = scoredTo === null ? -1 : Math.floor(scoredTo / span);
    const starts: number[] = [];
    for (const timestamp of timestamps) {
      const place = Math.floor(timestamp / span);
      if (place <= newest) continue;
      newest = place;
      starts.push(place * span);
    }
    if (starts.length > 0) found.set(span, starts);
  }
  return found;
}

/** Counts the series of a pass by the spans that are new for them. */
export function countSpans(series: Iterable<ReadonlyMap<number, readonly number[]>>): ScoredSpan[] {
  const counts = new Map(SCORED_SPANS.map((span) => [span, new Map<number, number>()]));
  for (const spans of series) {
    for (const [span, starts] of spans) {
      const own = counts.get(span)!;
      for (const startsAt of starts) own.set(startsAt, (own.get(startsAt) ?? 0) + 1);
    }
  }
  return [...counts].flatMap(([span, own]) => [...own].map(([startsAt, n]) => ({ span, startsAt, n })));
}

/** The spans that a step is counted by. */
export const spanOf = (stepMs: number): number => (stepMs < DAY_MS ? HOUR_MS : DAY_MS);
