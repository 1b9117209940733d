import type { SeriesId } from "../../contract/ids.ts";

/** A stretch of time of which somebody said what it was: Unix ms, `to` exclusive. */
export interface LabelledTime {
  readonly from: number;
  readonly to: number;
  /** null: of all series. */
  readonly series: SeriesId | null;
  readonly kind: "incident" | "no-incident";
}

/** An episode as far as it is compared with labels. Unix ms; `resolvedAt` is null while it is open. */
export interface LabelledEpisode {
  /** null of a rule that looks at no series of its own: any label is one of its. */
  readonly series: SeriesId | null;
  readonly startedAt: number;
  readonly resolvedAt: number | null;
}

/** How episodes meet what is known of a time. */
export interface LabelScore {
  readonly incidents: number;
  /** Incidents during which an episode was firing. */
  readonly found: number;
  /** Episodes that were firing during an incident. */
  readonly truePositives: number;
  /** Episodes that were not, where it is known that there was none. */
  readonly falsePositives: number;
  /** Episodes of which nobody said anything. */
  readonly unlabelled: number;
  /** truePositives of all that are known to be one or the other; null where there are none. */
  readonly precision: number | null;
  /** found of incidents; null where there are none. */
  readonly recall: number | null;
}

/**
 * Compares episodes with labels. An episode and a stretch meet where they share a moment.
 *
 * @param isComplete - Every incident of the time is labelled: whatever meets none is a false alarm, and nothing is unlabelled.
 */
export function scoreEpisodes(
  episodes: readonly LabelledEpisode[],
  labels: readonly LabelledTime[],
  { isComplete }: { readonly isComplete: boolean },
): LabelScore {
  const incidents = labels.filter(({ kind }) => kind === "incident");
  const others = labels.filter(({ kind }) => kind !== "incident");
  const met = episodes.map((episode) => incidents.some((label) => meets(episode, label)));
  const truePositives = met.filter(Boolean).length;
  const falsePositives = episodes.filter((episode, n) => !met[n]! && (isComplete || others.some((label) => meets(episode, label)))).length;
  const found = incidents.filter((label) => episodes.some((episode) => meets(episode, label))).length;
  const known = truePositives + falsePositives;
  return {
    incidents: incidents.length,
    found,
    truePositives,
    falsePositives,
    unlabelled: episodes.length - known,
    precision: known === 0 ? null : truePositives / known,
    recall: incidents.length === 0 ? null : found / incidents.length,
  };
}

function meets({ series, startedAt, resolvedAt }: LabelledEpisode, label: LabelledTime): boolean {
  if (series !== null && label.series !== null && series !== label.series) return false;
  return startedAt < label.to && (resolvedAt === null || resolvedAt > label.from);
}
