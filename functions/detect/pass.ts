import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { aheadRows, arrivalsOf, splitAhead, splitArrivals } from "../../shared/core/detect/arrivals.ts";
import { BUDGET_WINDOW_MS } from "../../shared/core/detect/budget.ts";
import type { Scoring } from "../../shared/core/detect/effective-settings.ts";
import { olderWindow, withoutRepeats } from "../../shared/core/detect/repeats.ts";
import { countSpans } from "../../shared/core/detect/scored-spans.ts";
import { detectSeries } from "../../shared/core/detect/series-detection.ts";
import type { ArrivedPoints, DetectorRecord, SeriesDetection } from "../../shared/core/detect/series-detection.ts";
import { decideTelling, untoldEpisodes } from "../../shared/core/detect/telling.ts";
import type { Budget } from "../../shared/core/detect/telling.ts";
import { verdictsAtHand } from "../../shared/core/detect/verdicts.ts";
import type { SequencedPoints } from "../../shared/core/series/merge.ts";
import type { Deps } from "../../shared/ports.ts";
import type { DetectionPass } from "../../shared/ports/detection.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { relearned } from "./relearn.ts";

/** A pass holds so many points in memory, or those of one row. */
const POINTS_A_PASS = 200_000;
/** A batch writes the states of so many series. */
const SERIES_A_BATCH = 1_000;
/** After so many points others get their turn in this process. */
const POINTS_A_TURN = 5_000;
/** What reading and writing the state of a series costs, in points scored. */
const POINTS_A_SERIES = 50;
/** A pass learns series anew, whose clock is another now, from about so many points: those that are left are scored by their old one meanwhile. */
const POINTS_RELEARNED_A_PASS = 60_000;
/** What reading the points of a series costs, in points learned. */
const POINTS_A_READ = 500;

/** `lost`: somebody else has written meanwhile, and this is to be done again. */
export type PassOutcome = "scored" | "nothing" | "lost";

/** What one series of a pass gets. */
interface Work {
  readonly record: DetectorRecord;
  readonly points: ArrivedPoints;
  readonly scoring: Scoring;
}

/** Scores the points that came before their time, which has come. */
export async function scoreAhead(org: OrgId, deps: Deps, now: number): Promise<PassOutcome> {
  const tenant = deps.store.forOrg(org);
  const rows = await tenant.detection.due(now, { maxPoints: POINTS_A_PASS });
  if (rows.length === 0) return "nothing";

  const { due, rest } = splitAhead(rows, { now, mostSeries: SERIES_A_BATCH });
  const cursor = await tenant.cursor("detect");
  const known = await knownOf(tenant, [...due.keys()]);
  // What comes due while its series is switched off is not scored.
  const work = known.map(({ record, scoring }): Work => ({ record, points: due.get(record.series)!, scoring }));
  const detections = await detectAll(tenant, deps, work, { now, relearning: { left: POINTS_RELEARNED_A_PASS } });
  const ahead = { add: aheadRows(rest), remove: rows.map(({ id }) => id) };
  return commit(tenant, { cursor: { from: cursor, to: cursor }, detections, ahead, at: now });
}

/** Scores what the write log holds after the cursor, in one batch, or in several where there are many series. */
export async function scoreLog(org: OrgId, deps: Deps, now: number): Promise<PassOutcome> {
  const tenant = deps.store.forOrg(org);
  const from = await tenant.cursor("detect");
  const rows = await tenant.points.after(from, { maxPoints: POINTS_A_PASS });
  if (rows.length === 0) return "nothing";

  const seq = Math.max(...rows.map((row) => row.seq));
  const arrivals = arrivalsOf(rows);
  const series = [...arrivals.keys()];
  const relearning = { left: POINTS_RELEARNED_A_PASS };
  for (let start = 0; start === 0 || start < series.length; start += SERIES_A_BATCH) {
    const part = series.slice(start, start + SERIES_A_BATCH);
    const ahead: { series: SeriesId; points: SequencedPoints }[] = [];
    const work = (await knownOf(tenant, part)).map(({ record, scoring }): Work => {
      const split = splitArrivals(arrivals.get(record.series)!, record, now);
      ahead.push(...split.ahead.map((points) => ({ series: record.series, points })));
      return { record: { ...record, seq: Math.max(record.seq, seq) }, points: split.due, scoring };
    });
    const detections = await detectAll(tenant, deps, await onlyNews(tenant, work, from), { now, relearning });
    // The cursor moves with the last batch. Until then the states know how far they are.
    const cursor = { from, to: start + SERIES_A_BATCH < series.length ? from : seq };
    const outcome = await commit(tenant, { cursor, detections, ahead: { add: aheadRows(ahead), remove: [] }, at: now });
    if (outcome === "lost") return outcome;
  }
  return "scored";
}

/** Leaves out what was there by a row of the log, and was scored when it first came. */
async function onlyNews({ points: stored }: OrgStore, work: readonly Work[], seq: number): Promise<Work[]> {
  const windows = new Map<SeriesId, { from: number; to: number }>();
  for (const { record, points } of work) {
    const window = olderWindow(points, record.scoredTo);
    if (window !== null) windows.set(record.series, window);
  }
  const present = windows.size === 0 ? null : await stored.asOf(seq, windows);
  return work.map(({ points, ...rest }) => ({ ...rest, points: withoutRepeats(points, present?.get(rest.record.series)) }));
}

/** What is known of those of some series that are scored at all, and how they are. */
async function knownOf(
  { detection, detectionSettings }: OrgStore,
  series: readonly SeriesId[],
): Promise<{ record: DetectorRecord; scoring: Scoring }[]> {
  const [records, effective] = await Promise.all([detection.states(series), detectionSettings.effective(series)]);
  return records.flatMap((record) => {
    const { settings, scoring } = effective(record.series);
    return settings.enabled ? [{ record, scoring }] : [];
  });
}

/** @param relearning.left - Points from which series may still be learned anew; counted down. */
async function detectAll(
  tenant: OrgStore,
  deps: Deps,
  work: readonly Work[],
  { now, relearning }: { readonly now: number; readonly relearning: { left: number } },
): Promise<SeriesDetection[]> {
  const verdicts = await tenant.verdicts.ofSeries(work.filter(({ record }) => record.judged).map(({ record }) => record.series));
  const detections: SeriesDetection[] = [];
  let n = 0;
  for (const { record, points, scoring } of work) {
    const said = verdictsAtHand(verdicts.get(record.series) ?? [], record.scoredTo, points);
    let detection = detectSeries(tenant.org, record, points, now, scoring, said);
    if (detection.isOfAnotherClock && relearning.left > 0) {
      const anew = await learnedAnew(tenant, deps, record, scoring);
      relearning.left -= POINTS_A_READ + (anew?.points ?? 0);
      if (anew !== null) {
        const { points: _, ...learned } = anew;
        detection = { ...detectSeries(tenant.org, { ...record, ...learned }, points, now, scoring, said), isCheckpoint: true };
      }
    }
    if (detection.trouble !== null) deps.warn("Detection learns a series anew", { series: record.series, trouble: detection.trouble });
    detections.push(detection);
    n += POINTS_A_SERIES + points.timestamps.length;
    if (n < POINTS_A_TURN) continue;
    n = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return detections;
}

/** A series learned anew by its clock; null where it cannot be: it is scored by the old one, and never stands in the way of others. */
async function learnedAnew(tenant: OrgStore, { warn }: Deps, record: DetectorRecord, scoring: Scoring) {
  try {
    return await relearned(tenant, record, scoring);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    warn("Detection cannot learn a series anew", { series: record.series }, error);
    return null;
  }
}

async function commit(
  { detection, detectionBudget }: OrgStore,
  { detections: found, ...pass }: Pick<DetectionPass, "cursor" | "ahead" | "at"> & { detections: readonly SeriesDetection[] },
): Promise<PassOutcome> {
  const { budget, version } = await budgetFor(found, detectionBudget, pass.at);
  const { detections, told } = decideTelling(found, budget);
  const committed = await detection.commit({
    ...pass,
    checkpoints: detections.filter(({ isCheckpoint }) => isCheckpoint).map(({ record: { series } }) => series),
    relearn: detections.filter(({ isToBeRelearned }) => isToBeRelearned).map(({ record: { series } }) => series),
    scored: countSpans(detections.map(({ spans }) => spans)),
    telling: { told, budgetVersion: version },
    states: detections.map(({ record }) => record),
    anomalies: detections.flatMap(({ anomalies }) => anomalies),
    clears: detections.flatMap(({ record: { series }, clears }) => clears.map((at) => ({ series, at }))),
    closed: detections.flatMap(({ record: { series }, closed }) => closed.map((stretch) => ({ series, ...stretch }))),
    cleared: detections.flatMap(({ record: { series }, clearedAt }) => (clearedAt === null ? [] : [{ series, at: clearedAt }])),
  });
  return committed ? "scored" : "lost";
}

/** The budget that decides what people are told of a pass; null where they are told of everything. */
async function budgetFor(
  detections: readonly SeriesDetection[],
  store: OrgStore["detectionBudget"],
  now: number,
): Promise<{ budget: Budget | null; version: number | null }> {
  if (untoldEpisodes(detections).length === 0) return { budget: null, version: null };
  const { anomaliesPerDay, version } = await store.get();
  if (anomaliesPerDay === null) return { budget: null, version: null };
  const told = await store.told({ after: now - BUDGET_WINDOW_MS, limit: anomaliesPerDay });
  return { budget: { anomaliesPerDay, told }, version };
}
