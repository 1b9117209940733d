import { withinBudget } from "./budget.ts";
import type { Episode, SeriesDetection } from "./series-detection.ts";

/** How many episodes people want to be told of in 24 hours. */
export interface Budget {
  readonly anomaliesPerDay: number;
  /** How rare those were that they were told of in the 24 hours up to now, in days per false alarm: ascending. */
  readonly told: readonly number[];
}

/** What a pass has found, as people are told of it. */
export interface Telling {
  readonly detections: readonly SeriesDetection[];
  /** How rare the episodes are that they are told of now, in days per false alarm. */
  readonly told: readonly number[];
}

/** The episodes that people could be told of now: new ones, and those that were held back and go on. */
export const untoldEpisodes = (detections: readonly SeriesDetection[]): Episode[] =>
  detections.flatMap(({ episodes }) => episodes.filter(({ isNews }) => isNews));

/**
 * Decides which episodes people are told of; the anomalies of the others are over the budget. One that was held back is looked at again when it
 * goes on: by then it may be rare enough.
 *
 * @param budget - null: people are told of everything.
 */
export function decideTelling(detections: readonly SeriesDetection[], budget: Budget | null): Telling {
  const news = untoldEpisodes(detections).map((episode) => ({ key: episode, days: episode.days }));
  const telling = budget === null ? news : withinBudget(budget.told, budget.anomaliesPerDay, news);
  const told = new Set(telling.map(({ key }) => key));
  return {
    detections: news.length === 0 ? detections : detections.map((detection) => heldBack(detection, told)),
    told: telling.map(({ days }) => days),
  };
}

/** A detection without what people are not told of. */
function heldBack(detection: SeriesDetection, told: ReadonlySet<Episode>): SeriesDetection {
  const { record, anomalies, episodes } = detection;
  const held = new Set(episodes.filter((episode) => episode.isNews && !told.has(episode)).flatMap((episode) => episode.anomalies));
  const open = episodes.find(({ isNews, isOpen }) => isNews && isOpen);
  return {
    ...detection,
    record: open === undefined ? record : { ...record, open: told.has(open) ? "live" : "held" },
    anomalies: anomalies.map((anomaly) => (held.has(anomaly.id) ? { ...anomaly, overBudget: true } : anomaly)),
  };
}
