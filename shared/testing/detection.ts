import type { AnomalyId, OrgId, SeriesId } from "../contract/ids.ts";
import { anomalyId, newDetectorRecord } from "../core/detect/series-detection.ts";
import type { DetectorRecord, NewAnomaly } from "../core/detect/series-detection.ts";
import type { DetectionPass } from "../ports/detection.ts";
import { START } from "./harness.ts";
import type { Harness } from "./harness.ts";

const MINUTE = 60_000;

/**
 * n points a minute apart, the last of them at `until`: a quiet wave that goes on for ever, and a spike
 * wherever `spikes` says, each of its own height, the first 500.
 */
export function quietPoints(n: number, { until = START, spikes = [] }: { until?: number; spikes?: readonly number[] } = {}) {
  return Array.from({ length: n }, (_, row): [timestamp: number, value: number] => {
    const timestamp = until - (n - 1 - row) * MINUTE;
    const minute = timestamp / MINUTE;
    const value = 50 + 3 * Math.sin(minute / 30) + ((minute * 7_919) % 101) / 101;
    const spike = spikes.indexOf(timestamp);
    return [timestamp, spike < 0 ? value : 500 + 700 * spike];
  });
}

/** An anomaly as live detection would have found it at `timestamp`, a high one of 500 where 50 was expected. */
export const testAnomaly = (org: OrgId, series: SeriesId, timestamp: number, changes: Partial<NewAnomaly> = {}): NewAnomaly => ({
  id: anomalyId(org, series, timestamp),
  series,
  timestamp,
  value: 500,
  expected: 50,
  lo: 45.5,
  hi: 54.25,
  score: 0.96,
  severity: "high",
  direction: "above",
  daysPerFalseAlarm: 340,
  goesOn: false,
  perSecond: false,
  late: false,
  methods: { "value-novelty": { score: 0.9, weight: 1 } },
  historical: false,
  overBudget: false,
  clearedAt: null,
  detectedAt: timestamp + 1_000,
  ...changes,
});

/** A pass that changes nothing but what `changes` say. */
export const testPass = (changes: Partial<DetectionPass> = {}): DetectionPass => ({
  cursor: { from: 0, to: 0 },
  states: [],
  anomalies: [],
  clears: [],
  cleared: [],
  closed: [],
  scored: [],
  checkpoints: [],
  relearn: [],
  telling: { told: [], budgetVersion: null },
  ahead: { add: [], remove: [] },
  at: START,
  ...changes,
});

/** A state of a series that says how far it was scored. */
export const testRecord = (series: SeriesId, changes: Partial<DetectorRecord> = {}): DetectorRecord => ({
  ...newDetectorRecord(series),
  state: Uint8Array.of(1, 2, 3),
  ...changes,
});

/** Stores an anomaly of a series of an organisation, and returns its id. */
export async function storeAnomaly(
  { deps, org }: Pick<Harness, "deps" | "org">,
  series: SeriesId,
  timestamp: number,
  changes: Partial<NewAnomaly> = {},
): Promise<AnomalyId> {
  const tenant = deps.store.forOrg(org);
  const at = await tenant.cursor("detect");
  const anomaly = testAnomaly(org, series, timestamp, changes);
  if (!(await tenant.detection.commit(testPass({ cursor: { from: at, to: at }, anomalies: [anomaly] }))))
    throw new Error("The pass was lost");
  return anomaly.id;
}
