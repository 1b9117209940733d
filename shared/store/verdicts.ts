import type { Row } from "@libsql/client";
import type { Actor } from "../contract/actor.ts";
import type { AnomalyVerdict } from "../contract/anomaly.ts";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { SaidVerdict } from "../core/detect/verdicts.ts";
import { VERDICTS_A_SERIES } from "../ports/verdicts.ts";
import type { StoredVerdict, UponVersion, VerdictsStore } from "../ports/verdicts.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { relearnRequested } from "./detection.ts";
import type { Outbox } from "./outbox.ts";

// All ride the primary key unless they say otherwise; the + keeps the planner from going through the organisation.
const SELECT_AT = `
  SELECT * FROM anomaly_verdict WHERE series = :series AND from_at <= :timestamp AND +org = :org ORDER BY from_at DESC LIMIT 1`;
// Rides the primary key, once for each id.
const SELECT_OF_SERIES = `
  SELECT v.series, v.from_at, v.to_at, v.is_open, v.verdict, v.said_at FROM json_each(:ids) AS ids
  CROSS JOIN anomaly_verdict AS v ON v.series = ids.value AND +v.org = :org
    AND v.from_at >= coalesce((SELECT from_at FROM anomaly_verdict WHERE series = ids.value ORDER BY from_at DESC LIMIT 1 OFFSET :most - 1), 0)
  ORDER BY v.series, v.from_at`;
// A state that somebody else has moved gets a version of NULL, which its column refuses: the whole batch fails.
const MOVE_STATE = `
  UPDATE detector_state SET version = CASE WHEN version = :version THEN version + 1 END, judged = :judged WHERE series = :series AND org = :org`;
const OVERLAPS = "series = :series AND from_at < :to AND to_at > :from AND +org = :org";
// Takes back what verdicts cleared: the anomalies are open again, or cleared by the point that ended their stretch. Rides anomaly_series.
const UNCLEAR = `
  UPDATE anomaly SET cleared_at = CASE WHEN v.is_open = 0 THEN v.to_at END
  FROM (SELECT from_at, to_at, is_open, cleared_at FROM anomaly_verdict WHERE ${OVERLAPS} AND cleared_at IS NOT NULL) AS v
  WHERE anomaly.series = :series AND anomaly.timestamp >= v.from_at AND anomaly.timestamp < v.to_at AND anomaly.cleared_at = v.cleared_at
    AND +anomaly.org = :org`;
const DELETE = `DELETE FROM anomaly_verdict WHERE ${OVERLAPS}`;
const INSERT = `
  INSERT INTO anomaly_verdict (series, from_at, to_at, org, is_open, verdict, note, said_by, said_at, cleared_at)
  VALUES (:series, :from, :to, :org, :isOpen, :verdict, :note, :by, :at, :clearedAt)`;
// Rides anomaly_cleared.
const CLEAR_STRETCH = `
  UPDATE anomaly SET cleared_at = :clearedAt
  WHERE series = :series AND cleared_at IS NULL AND +org = :org AND +timestamp >= :from AND +timestamp < :to`;
const SELECT_ANY_OTHER = "SELECT 1 FROM anomaly_verdict WHERE series = :series AND from_at <> :from AND +org = :org LIMIT 1";

const stretchOf = (row: Row): SaidVerdict => ({
  from: row["from_at"] as number,
  to: row["to_at"] as number,
  isOpen: row["is_open"] === 1,
  verdict: row["verdict"] as AnomalyVerdict,
  at: row["said_at"] as number,
});

export function verdictsStore(database: Database, outbox: Outbox, org: OrgId): VerdictsStore {
  return {
    async at(series, timestamp) {
      const [row] = await database.read(SELECT_AT, { org, series, timestamp });
      if (row === undefined || (row["to_at"] as number) <= timestamp) return null;
      return {
        ...stretchOf(row),
        series,
        note: row["note"] as string | null,
        by: JSON.parse(row["said_by"] as string) as Actor,
        clearedAt: row["cleared_at"] as number | null,
      };
    },

    async ofSeries(series) {
      if (series.length === 0) return new Map();
      const rows = await database.read(SELECT_OF_SERIES, { org, ids: JSON.stringify(series), most: VERDICTS_A_SERIES });
      const grouped = Map.groupBy(rows, (row) => row["series"] as SeriesId);
      return new Map([...grouped].map(([id, own]) => [id, own.map(stretchOf)]));
    },

    save(verdict, upon) {
      const { series, from, to, clearedAt } = verdict;
      const stretch = { org, series, from, to };
      return write(
        series,
        [
          moveState(series, upon, true),
          ...undo(stretch),
          { sql: INSERT, args: insertArgs(verdict) },
          ...(clearedAt === null ? [] : [{ sql: CLEAR_STRETCH, args: { ...stretch, clearedAt } }]),
        ],
        upon,
        clearedAt,
      );
    },

    async remove(series, from, upon) {
      const [other] = await database.read(SELECT_ANY_OTHER, { org, series, from });
      return write(series, [moveState(series, upon, other !== undefined), ...undo({ org, series, from, to: from + 1 })], upon, null);
    },
  };

  function write(series: SeriesId, statements: Statement[], { at }: UponVersion, clearedAt: number | null): Promise<boolean> {
    const cleared = clearedAt === null ? [] : [outbox.event("anomaly.cleared", org, at, { series, at: clearedAt })];
    return unlessLost(() => outbox.write(statements, [...cleared, ...relearnRequested(outbox, org, [series], at)]));
  }

  function moveState(series: SeriesId, { version }: UponVersion, judged: boolean): Statement {
    return { sql: MOVE_STATE, args: { org, series, version, judged: Number(judged) } };
  }

  function insertArgs({ series, from, to, isOpen, verdict, note, by, at, clearedAt }: StoredVerdict): Statement["args"] {
    return { org, series, from, to, isOpen: Number(isOpen), verdict, note, by: JSON.stringify(by), at, clearedAt };
  }
}

const undo = (stretch: { org: OrgId; series: SeriesId; from: number; to: number }): Statement[] => [
  { sql: UNCLEAR, args: stretch },
  { sql: DELETE, args: stretch },
];
