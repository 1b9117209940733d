import type { Row } from "@libsql/client";
import type { OrgId } from "../contract/ids.ts";
import { asDecimals } from "../core/series/decimals.ts";
import { encodeRollup } from "../core/series/rollup.ts";
import { floorOf } from "../core/ingest/floor.ts";
import type { Floor } from "../core/ingest/floor.ts";
import type { Expiry, RetentionStore } from "../ports/points.ts";
import { pointsOf } from "./chunks.ts";
import type { Database, Statement } from "./database.ts";

const SELECT = "SELECT raw_ms, rollups_ms, dropped_before FROM retention WHERE org = :org";
const REPLACE = `
  INSERT INTO retention (org, raw_ms, rollups_ms, dropped_before) VALUES (:org, :rawMs, :rollupsMs, 0)
  ON CONFLICT (org) DO UPDATE SET raw_ms = excluded.raw_ms, rollups_ms = excluded.rollups_ms
    WHERE raw_ms IS :wasRawMs AND rollups_ms IS :wasRollupsMs`;
const SELECT_ORGS = "SELECT org FROM retention WHERE raw_ms IS NOT NULL AND org > :after ORDER BY org LIMIT :limit";
// Nothing where the retention was changed meanwhile.
const DROP_BEFORE = "UPDATE retention SET dropped_before = max(dropped_before, :before) WHERE org = :org AND raw_ms = :rawMs";
// Rides detector_checkpoint_age; of each series they are few, so all of them go.
const DROP_CHECKPOINTS = "DELETE FROM detector_checkpoint WHERE org = :org AND at < :before";
// Rides chunk_age, tier by tier. The points come along only where there is no rollup yet.
const SELECT_PAST = `
  SELECT id, seq, t1, encoding, rollup IS NULL AS bare, CASE WHEN rollup IS NULL THEN data END AS data FROM chunk
  WHERE org = :org AND tier IN (1, 2) AND t1 < :before ORDER BY tier, t1 LIMIT :limit`;
// Rides chunk_age.
const SELECT_PAST_ROLLUPS = "SELECT id, seq FROM chunk WHERE org = :org AND tier = 0 AND t1 < :before ORDER BY t1 LIMIT :limit";
// All ride the row ids: the + keeps the planner from going through all chunks of the organisation instead. A chunk that was merged
// meanwhile has gone: it is not found by its id and seq, for its id may be another's by now, and what it became is looked at the next time.
const STILL = "id IN (SELECT c.id FROM json_each(:chunks) AS e CROSS JOIN chunk AS c ON c.id = e.value ->> 0 AND c.seq = e.value ->> 1)";
const EMPTY = `UPDATE chunk SET tier = 0, data = x'' WHERE +org = :org AND +tier > 0 AND ${STILL}`;
const DELETE = `DELETE FROM chunk WHERE +org = :org AND ${STILL}`;
const ROLL_UP = "UPDATE chunk SET rollup = :rollup WHERE id = :id AND +seq = :seq AND +org = :org";
const DELETE_LETTERS =
  "DELETE FROM dead_letter WHERE id IN (SELECT id FROM dead_letter WHERE created_at < :before ORDER BY created_at LIMIT :limit)";

const LETTERS_A_BITE = 1_000;
/** What a process knows of an organisation's retention counts for so long. */
const KNOWN_FOR_MS = 60_000;
const MOST_KNOWN = 10_000;

export function retentionStore(database: Database, org: OrgId): RetentionStore {
  return {
    async get() {
      const { rawMs, rollupsMs } = await readRetention(database, org);
      return { rawMs, rollupsMs };
    },
    async replace({ rawMs, rollupsMs }, was) {
      const args = { org, rawMs, rollupsMs, wasRawMs: was.rawMs, wasRollupsMs: was.rollupsMs };
      const [result] = await database.write([{ sql: REPLACE, args }]);
      return result!.rowsAffected === 1;
    },
  };
}

async function readRetention(database: Database, org: OrgId) {
  const [row] = await database.read(SELECT, { org });
  return {
    rawMs: (row?.["raw_ms"] ?? null) as number | null,
    rollupsMs: (row?.["rollups_ms"] ?? null) as number | null,
    droppedBefore: (row?.["dropped_before"] ?? 0) as number,
  };
}

/** How far back each organisation's points reach, as one process knows it. */
export type Floors = (org: OrgId, now: number) => Promise<Floor | null>;

export function knownFloors(database: Database): Floors {
  const known = new Map<OrgId, { readonly readAt: number; readonly rawMs: number | null; readonly droppedBefore: number }>();
  return async (org, now) => {
    let own = known.get(org);
    if (own === undefined || Math.abs(now - own.readAt) > KNOWN_FOR_MS) {
      own = { ...(await readRetention(database, org)), readAt: now };
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(org, own);
    }
    return floorOf(own.rawMs, own.droppedBefore, now);
  };
}

export function expiry(database: Database): Expiry {
  return {
    async orgs(after, limit) {
      return (await database.read(SELECT_ORGS, { after, limit })).map((row) => row["org"] as OrgId);
    },

    async expire(org, { now, limit }) {
      const { rawMs, rollupsMs, droppedBefore } = await readRetention(database, org);
      if (rawMs === null) return 0;
      const before = now - rawMs;
      // First of all nobody adds points where some are about to go.
      if (before > droppedBefore) {
        const [told] = await database.write([
          { sql: DROP_BEFORE, args: { org, before, rawMs } },
          { sql: DROP_CHECKPOINTS, args: { org, before } },
        ]);
        if (told!.rowsAffected === 0) return 0;
      }
      const rollupsBefore = rollupsMs === null ? -Infinity : now - rollupsMs;
      const past = await database.read(SELECT_PAST, { org, before, limit });
      const rest = limit - past.length;
      const rollups =
        rest === 0 || rollupsMs === null ? [] : await database.read(SELECT_PAST_ROLLUPS, { org, before: rollupsBefore, limit: rest });
      if (past.length + rollups.length === 0) return 0;

      const kept = past.filter((row) => (row["t1"] as number) >= rollupsBefore);
      const gone = [...past.filter((row) => !kept.includes(row)), ...rollups];
      await database.write([
        ...kept.filter((row) => row["bare"] === 1).map((row) => rollUp(org, row)),
        { sql: EMPTY, args: { org, chunks: chunksOf(kept) } },
        { sql: DELETE, args: { org, chunks: chunksOf(gone) } },
      ]);
      return past.length + rollups.length;
    },

    async forgetDeadLetters(before) {
      for (;;) {
        const [deleted] = await database.write([{ sql: DELETE_LETTERS, args: { before, limit: LETTERS_A_BITE } }]);
        if (deleted!.rowsAffected < LETTERS_A_BITE) return;
      }
    },
  };
}

const chunksOf = (rows: readonly Row[]): string => JSON.stringify(rows.map((row) => [row["id"], row["seq"]]));

function rollUp(org: OrgId, row: Row): Statement {
  const { timestamps, values } = pointsOf(row);
  const rollup = encodeRollup(timestamps, values, asDecimals(values), { whatever: true })!;
  return { sql: ROLL_UP, args: { org, id: row["id"] as number, seq: row["seq"] as number, rollup } };
}
