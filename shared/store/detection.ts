import type { Row } from "@libsql/client";
import type { Event } from "../contract/events.ts";
import type { AnomalyId, OrgId, SeriesId } from "../contract/ids.ts";
import type { SeriesKind } from "../contract/series.ts";
import { newDetectorRecord } from "../core/detect/series-detection.ts";
import type { DetectorRecord, NewAnomaly } from "../core/detect/series-detection.ts";
import { batchOf } from "../core/series/batch.ts";
import { decodeLog, encodeLog, LOG_ENCODING } from "../core/series/log-codec.ts";
import { SCORED_SPANS } from "../core/detect/scored-spans.ts";
import { CHECKPOINTS_A_SERIES } from "../ports/detection.ts";
import type { DetectionDue, DetectionPass, DetectionStore, LastScored, PointsAhead } from "../ports/detection.ts";
import { clearAnomalies, insertAnomaly, storedAnomalies } from "./anomalies.ts";
import { unlessLost } from "./compare-and-set.ts";
import { moveCursor } from "./cursors.ts";
import { bytesOf } from "./database.ts";
import type { Database, Statement } from "./database.ts";
import type { Outbox } from "./outbox.ts";
import { spend } from "./detection-budget.ts";
import { closeStretch } from "./feedback.ts";

// Rides the primary key, once for each id; not limited: the caller's ids bound it.
const SELECT_STATES = `
  SELECT d.*, ids.value AS id, s.kind FROM json_each(:ids) AS ids
  LEFT JOIN detector_state AS d ON d.series = ids.value AND d.org = :org
  LEFT JOIN series AS s ON s.id = ids.value AND s.org = :org`;
const SELECT_LAST_SCORED = `
  SELECT d.series, d.scored_to, d.cadence_ms, d.open FROM json_each(:ids) AS ids
  CROSS JOIN detector_state AS d ON d.series = ids.value AND d.org = :org`;
// One statement for all states of a pass: preparing one for each costs as much as writing them. Rows are
// [series, version, seq, scoredTo, calmTo, cadenceMs, open, countedAt, counted, unlearned, relearnAskedAt, first byte, bytes]. A state that somebody else has moved gets a version of
// NULL, which its column refuses: the whole batch fails.
const UPSERT_STATES = `
  INSERT INTO detector_state (series, org, version, seq, scored_to, calm_to, cadence_ms, open, counted_at, counted, unlearned, relearn_asked_at, state)
  SELECT value ->> 0, :org, (value ->> 1) + 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    value ->> 7, value ->> 8, value ->> 9, value ->> 10, substr(:states, value ->> 11, value ->> 12)
  FROM json_each(:rows) WHERE true
  ON CONFLICT (series) DO UPDATE SET
    version = CASE WHEN detector_state.version = excluded.version - 1 AND detector_state.org = excluded.org THEN excluded.version END,
    seq = excluded.seq, scored_to = excluded.scored_to, calm_to = excluded.calm_to, cadence_ms = excluded.cadence_ms,
    open = excluded.open, counted_at = excluded.counted_at, counted = excluded.counted, unlearned = excluded.unlearned,
    relearn_asked_at = excluded.relearn_asked_at, state = excluded.state`;
// Rides points_ahead_org.
const SELECT_DUE = "SELECT id, seq, due_at, n, payload FROM points_ahead WHERE org = :org AND due_at <= :now ORDER BY due_at, id LIMIT 256";
// The planner would go through all points that wait, for the order of their organisations.
const SELECT_DUE_ORGS = "SELECT DISTINCT org FROM points_ahead INDEXED BY points_ahead_due WHERE due_at <= :now LIMIT :limit";
const INSERT_AHEAD = `
  INSERT INTO points_ahead (org, seq, due_at, n, encoding, payload) VALUES (:org, :seq, :dueAt, :n, :encoding, :payload)`;
// Rides the row ids: the + keeps the planner from going through the organisation instead.
const DELETE_AHEAD = "DELETE FROM points_ahead WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))";

// Rides the primary keys, once for each id; after the states are written.
const KEEP = `
  INSERT INTO detector_checkpoint (series, at, org, is_rate, made_at, state)
  SELECT d.series, d.scored_to, d.org, d.counted_at IS NOT NULL, :at, d.state FROM json_each(:ids) AS ids
  CROSS JOIN detector_state AS d ON d.series = ids.value AND d.org = :org
  WHERE d.scored_to IS NOT NULL
  ON CONFLICT (series, at) DO UPDATE SET is_rate = excluded.is_rate, made_at = excluded.made_at, state = excluded.state`;
const DROP_OLDEST = `
  DELETE FROM detector_checkpoint WHERE rowid IN (
    SELECT c.rowid FROM json_each(:ids) AS ids CROSS JOIN detector_checkpoint AS c ON c.series = ids.value AND +c.org = :org
      AND c.at <= (SELECT at FROM detector_checkpoint WHERE series = ids.value ORDER BY at DESC LIMIT 1 OFFSET :most))`;
// Rides the primary key.
const SELECT_CHECKPOINTS = `
  SELECT at, made_at, state FROM detector_checkpoint
  WHERE series = :series AND at < :before AND +org = :org AND is_rate = :isRate ORDER BY at LIMIT :most`;
// All ride the primary key.
const COUNT_SCORED = `
  INSERT INTO scored_series (org, span, starts_at, n) SELECT :org, value ->> 0, value ->> 1, value ->> 2 FROM json_each(:rows) WHERE true
  ON CONFLICT (org, span, starts_at) DO UPDATE SET n = n + excluded.n`;
const FORGET_SCORED = `
  DELETE FROM scored_series WHERE org = :org AND span IN (SELECT value FROM json_each(:spans)) AND starts_at < :before`;
const SELECT_SCORED = `
  SELECT starts_at, n FROM scored_series WHERE org = :org AND span = :span AND starts_at > :from - :span AND starts_at < :to
  ORDER BY starts_at LIMIT :limit`;

/** How many series were scored is kept for so long. */
const SCORED_KEPT_MS = 400 * 86_400_000;
/** As many hours as are kept. */
const MOST_SPANS = 9_600;
/** An event names so many anomalies at most. */
const ANOMALIES_AN_EVENT = 100;
/** An event asks for so many series at most to be learned anew. */
const RELEARNED_AN_EVENT = 100;
/** What `open` is in its column. */
const OPEN = ["none", "historical", "live", "held"] as const satisfies readonly DetectorRecord["open"][];

const keepCheckpoints = (org: OrgId, series: readonly SeriesId[], at: number): Statement[] => [
  { sql: KEEP, args: { org, ids: JSON.stringify(series), at } },
  { sql: DROP_OLDEST, args: { org, ids: JSON.stringify(series), most: CHECKPOINTS_A_SERIES } },
];

function countScored(org: OrgId, scored: DetectionPass["scored"], at: number): Statement[] {
  if (scored.length === 0) return [];
  const rows = JSON.stringify(scored.map(({ span, startsAt, n }) => [span, startsAt, n]));
  return [
    { sql: COUNT_SCORED, args: { org, rows } },
    { sql: FORGET_SCORED, args: { org, spans: JSON.stringify(SCORED_SPANS), before: at - SCORED_KEPT_MS } },
  ];
}

function upsertStates(org: OrgId, records: readonly DetectorRecord[]): Statement {
  const states = new Uint8Array(records.reduce((sum, { state }) => sum + state.length, 0));
  let end = 0;
  const rows = records.map(({ series, version, seq, scoredTo, calmTo, cadenceMs, open, counted, unlearned, relearnAskedAt, state }) => {
    const start = end;
    states.set(state, start);
    end += state.length;
    return [
      series,
      version,
      seq,
      scoredTo,
      calmTo,
      cadenceMs,
      OPEN.indexOf(open),
      counted?.timestamp ?? null,
      counted?.value ?? null,
      unlearned,
      relearnAskedAt,
      start + 1,
      state.length,
    ];
  });
  return { sql: UPSERT_STATES, args: { org, rows: JSON.stringify(rows), states } };
}

const insertAhead = (org: OrgId, { seq, dueAt, points }: PointsAhead): Statement => ({
  sql: INSERT_AHEAD,
  args: {
    org,
    seq,
    dueAt,
    n: points.reduce((sum, { timestamps }) => sum + timestamps.length, 0),
    encoding: LOG_ENCODING,
    payload: encodeLog(batchOf(points)),
  },
});

const recordOf = (row: Row): DetectorRecord => ({
  series: row["series"] as SeriesId,
  kind: row["kind"] as SeriesKind | null,
  counted: row["counted_at"] === null ? null : { timestamp: row["counted_at"] as number, value: row["counted"] as number },
  judged: row["judged"] === 1,
  version: row["version"] as number,
  seq: row["seq"] as number,
  scoredTo: row["scored_to"] as number | null,
  calmTo: row["calm_to"] as number | null,
  cadenceMs: row["cadence_ms"] as number | null,
  unlearned: row["unlearned"] as number,
  relearnAskedAt: row["relearn_asked_at"] as number | null,
  open: OPEN[row["open"] as number]!,
  state: bytesOf(row["state"]!),
});

export function detectionStore(database: Database, outbox: Outbox, org: OrgId): DetectionStore {
  return {
    async states(series) {
      return (await database.read(SELECT_STATES, { org, ids: JSON.stringify(series) })).map((row) =>
        row["version"] === null ? newDetectorRecord(row["id"] as SeriesId, row["kind"] as SeriesKind | null) : recordOf(row),
      );
    },

    async due(now, { maxPoints }) {
      const due: (PointsAhead & { id: number })[] = [];
      let n = 0;
      for (const row of await database.read(SELECT_DUE, { org, now })) {
        n += row["n"] as number;
        if (due.length > 0 && n > maxPoints) break;
        due.push({
          id: row["id"] as number,
          seq: row["seq"] as number,
          dueAt: row["due_at"] as number,
          points: decodeLog(bytesOf(row["payload"]!)),
        });
      }
      return due;
    },

    async commit({ cursor, states, anomalies, clears, cleared, closed, checkpoints, relearn, scored, telling, ahead, at }) {
      // Whoever stores one of them meanwhile moves its series' state, and then this batch is refused.
      const ids = anomalies.map(({ id }) => id);
      const stored = await storedAnomalies(database, org, ids);
      const fresh = anomalies.filter(({ id }) => !stored.has(id));
      return unlessLost(() =>
        outbox.write(
          [
            ...moveCursor("detect", org, cursor.from, cursor.to),
            ...(states.length === 0 ? [] : [upsertStates(org, states)]),
            ...clears.map((clear) => clearAnomalies(org, clear)),
            ...(checkpoints.length === 0 ? [] : keepCheckpoints(org, checkpoints, at)),
            ...countScored(org, scored, at),
            ...spend(org, telling, at),
            ...closed.map((stretch) => closeStretch(org, stretch)),
            ...fresh.map((anomaly) => insertAnomaly(org, anomaly)),
            ...(ahead.remove.length === 0 ? [] : [{ sql: DELETE_AHEAD, args: { org, ids: JSON.stringify(ahead.remove) } }]),
            ...ahead.add.map((points) => insertAhead(org, points)),
          ],
          [
            ...detected(fresh).map((data) => outbox.event("anomaly.detected", org, at, data)),
            ...cleared.map((data) => outbox.event("anomaly.cleared", org, at, data)),
            ...relearnRequested(outbox, org, relearn, at),
          ],
        ),
      );
    },

    async requestRelearn(series, at) {
      await outbox.write([], relearnRequested(outbox, org, series, at));
    },

    async checkpoints(series, { before, isRate }) {
      const args = { org, series, before, isRate: Number(isRate), most: CHECKPOINTS_A_SERIES };
      return (await database.read(SELECT_CHECKPOINTS, args)).map((row) => ({
        at: row["at"] as number,
        madeAt: row["made_at"] as number,
        state: bytesOf(row["state"]!),
      }));
    },

    async scoredSpans(span, window) {
      const rows = await database.read(SELECT_SCORED, { org, span, ...window, limit: MOST_SPANS });
      return rows.map((row) => ({ span, startsAt: row["starts_at"] as number, n: row["n"] as number }));
    },

    async lastScored(series) {
      const rows = await database.read(SELECT_LAST_SCORED, { org, ids: JSON.stringify(series) });
      return new Map(
        rows.map((row): [SeriesId, LastScored] => [
          row["series"] as SeriesId,
          {
            scoredTo: row["scored_to"] as number | null,
            cadenceMs: row["cadence_ms"] as number | null,
            anomalous: row["open"] !== 0,
          },
        ]),
      );
    },
  };
}

/** Asks for series to be learned anew from their stored points: to be written in the batch of what makes that necessary. */
export const relearnRequested = (outbox: Outbox, org: OrgId, series: readonly SeriesId[], at: number): Event[] =>
  Array.from({ length: Math.ceil(series.length / RELEARNED_AN_EVENT) }, (_, part) =>
    outbox.event("detection.relearn-requested", org, at, {
      series: series.slice(part * RELEARNED_AN_EVENT, (part + 1) * RELEARNED_AN_EVENT),
    }),
  );

/** What people are told of: live anomalies, by series. */
function detected(anomalies: readonly NewAnomaly[]): { series: SeriesId; anomalies: AnomalyId[] }[] {
  const live = Map.groupBy(
    anomalies.filter(({ historical, overBudget }) => !historical && !overBudget),
    ({ series }) => series,
  );
  return [...live].flatMap(([series, own]) => {
    const ids = own.map(({ id }) => id);
    return Array.from({ length: Math.ceil(ids.length / ANOMALIES_AN_EVENT) }, (_, part) => ({
      series,
      anomalies: ids.slice(part * ANOMALIES_AN_EVENT, (part + 1) * ANOMALIES_AN_EVENT),
    }));
  });
}

export const detectionDue = (database: Database): DetectionDue => ({
  async orgs(now, limit) {
    return (await database.read(SELECT_DUE_ORGS, { now, limit })).map((row) => row["org"] as OrgId);
  },
});
