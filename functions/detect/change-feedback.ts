import type { Anomaly } from "../../shared/contract/anomaly.ts";
import type { AnomalyId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import type { DetectorRecord } from "../../shared/core/detect/series-detection.ts";
import { LONGEST_OPEN_MS, stretchAround } from "../../shared/core/detect/verdicts.ts";
import type { Stretch } from "../../shared/core/detect/verdicts.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { StoredVerdict } from "../../shared/ports/verdicts.ts";

/** How often a write is tried anew that lost against detection, or another person. */
const TRIES = 10;
/** A stretch reaches so many points before and after an anomaly at most. */
const MOST_POINTS = 4_096;

/** What is known of an anomaly when somebody speaks of it. */
interface Spoken {
  readonly anomaly: Anomaly;
  /** Of its series. */
  readonly record: DetectorRecord;
  /** What was said of its stretch before. */
  readonly said: StoredVerdict | null;
}

/**
 * Changes what is said of an anomaly's stretch, and answers the anomaly as it is then.
 *
 * @param change - False where it lost against somebody else: it is tried again upon what they wrote.
 * @throws Problem not-found; conflict when the series changes all the time.
 */
export async function changeFeedback(id: AnomalyId, tenant: OrgStore, change: (spoken: Spoken) => Promise<boolean>): Promise<Anomaly> {
  const { anomalies, detection, verdicts } = tenant;
  const found = await anomalies.get(id);
  if (found === null) throw notFound();
  const { series } = found;
  const attempt = async () => {
    // The state first: what is read after it is checked by its version.
    const [record] = await detection.states([series]);
    const anomaly = await anomalies.get(id);
    if (anomaly === null) throw notFound();
    const said = await verdicts.at(series, Date.parse(anomaly.timestamp));
    return (await change({ anomaly, record: record!, said })) ? (await anomalies.get(id))! : null;
  };
  return untilWon("The series is", attempt, TRIES);
}

/** The stretch that an anomaly lies in, by the stored points around it. */
export async function spokenStretch(
  { series, clearedAt, ...anomaly }: Anomaly,
  { scoredTo, calmTo }: Pick<DetectorRecord, "scoredTo" | "calmTo">,
  { points, anomalies }: OrgStore,
): Promise<Stretch> {
  const timestamp = Date.parse(anomaly.timestamp);
  const window = { from: timestamp - LONGEST_OPEN_MS, to: Math.min(timestamp + LONGEST_OPEN_MS, (scoredTo ?? timestamp) + 1) };
  const limit = MOST_POINTS;
  const before = await points.read(series, { from: Math.max(0, window.from), to: timestamp, limit, order: "desc" });
  const after = await points.read(series, { from: timestamp + 1, to: window.to, limit, order: "asc" });
  // No more than one a point.
  const [first, last] = [before.timestamps[0] ?? timestamp, after.timestamps.at(-1) ?? timestamp];
  const times = await anomalies.timesOf(series, { from: first, to: last + 1 });
  const isCut = after.timestamps.length === limit || window.to <= (scoredTo ?? 0);
  return stretchAround(
    { timestamp, clearedAt: clearedAt === null ? null : Date.parse(clearedAt) },
    { before: before.timestamps, after: after.timestamps, isCut },
    new Set(times),
    calmTo,
  );
}
