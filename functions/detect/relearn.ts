import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Scoring } from "../../shared/core/detect/effective-settings.ts";
import { relearn } from "../../shared/core/detect/relearn.ts";
import type { DetectorRecord } from "../../shared/core/detect/series-detection.ts";
import { encodeState } from "../../shared/core/detect/state-codec.ts";
import { POINTS_RELEARNED } from "../../shared/core/detect/unlearned.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import type { CountedPoint } from "../../shared/core/series/rate.ts";
import { inTurns } from "../../shared/core/in-turns.ts";
import type { Deps } from "../../shared/ports.ts";
import type { PointReader } from "../../shared/ports/points.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { leaseOf, LEASE_MS } from "./lease.ts";

/** How often a series is tried anew whose state somebody else has moved meanwhile. */
const TRIES = 5;

/**
 * Learns series of an organisation anew from their stored points, by what holds for them now; how far they are scored, and what is open, stays.
 * Doing it again leads to the same states. The lease keeps live detection away meanwhile; that nothing of it is lost, the store sees to.
 *
 * @param until - Unix ms at which it stops: what is left is asked for again.
 * @returns `held` when somebody else is at the organisation.
 */
export async function relearnSeries(org: OrgId, series: readonly SeriesId[], deps: Deps, until: number): Promise<"done" | "held"> {
  const { store, clock, newId } = deps;
  const { leases } = store.platform;
  const tenant = store.forOrg(org);
  const [lease, owner] = [leaseOf(org), newId<string>("evt")];
  const effective = await tenant.detectionSettings.effective(series);
  try {
    for (const [place, id] of series.entries()) {
      const now = clock.now();
      if (now >= until) {
        await tenant.detection.requestRelearn(series.slice(place), now);
        return "done";
      }
      if (!(await leases.acquire(lease, owner, now + LEASE_MS, now))) return "held";
      await relearnOne(tenant, id, effective(id).scoring, now);
    }
    return "done";
  } finally {
    await leases.release(lease, owner);
  }
}

async function relearnOne(tenant: OrgStore, series: SeriesId, scoring: Scoring, at: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [record] = await tenant.detection.states([series]);
    if (record === undefined) return;
    const { points, ...learned } = await relearned(tenant, record, scoring);
    if (points === 0) return;
    const cursor = await tenant.cursor("detect");
    const nothing = {
      anomalies: [],
      clears: [],
      cleared: [],
      closed: [],
      scored: [],
      checkpoints: [series],
      relearn: [],
      telling: { told: [], budgetVersion: null },
      ahead: { add: [], remove: [] },
    };
    const pass = { ...nothing, cursor: { from: cursor, to: cursor }, states: [{ ...record, ...learned, unlearned: 0 }], at };
    if (await tenant.detection.commit(pass)) return;
  }
  throw new Unavailable("A series that is learned anew keeps moving", { retryable: true });
}

/**
 * The state of a series learned anew, under what people said of its stretches, up to what it is scored to, and from how many points: from none, and the state as it is, where it was
 * never scored, or has no points any more. One that is read as another kind now is learned as that.
 */
export async function relearned(
  { points: stored, verdicts }: Pick<OrgStore, "points" | "verdicts">,
  record: DetectorRecord,
  scoring: Scoring,
): Promise<Pick<DetectorRecord, "state" | "counted"> & { readonly points: number }> {
  const { series, kind, scoredTo, state } = record;
  if (scoredTo === null) return { state, counted: record.counted, points: 0 };
  const counted = hasRate(kind) ? (record.counted ?? (await newestOf(stored, series, scoredTo))) : null;
  // The first point that came as a counter's has no score.
  const learnedTo = Math.max(scoredTo, counted?.timestamp ?? 0);
  const points = await stored.levels(kind).newest(series, { before: learnedTo + 1, limit: POINTS_RELEARNED });
  if (points.timestamps.length === 0) return { state, counted: record.counted, points: 0 };

  const said = record.judged ? (await verdicts.ofSeries([series])).get(series) : undefined;
  const learned = await inTurns(relearn(points, { ...scoring, verdicts: said }));
  return { state: encodeState(learned), counted, points: points.timestamps.length };
}

async function newestOf(points: PointReader, series: SeriesId, to: number): Promise<CountedPoint | null> {
  const { timestamps, values } = await points.newest(series, { before: to + 1, limit: 1 });
  return timestamps.length === 0 ? null : { timestamp: timestamps[0]!, value: values[0]! };
}
