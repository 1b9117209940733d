import type { Row } from "@libsql/client";
import type { DeliveryStatus } from "../contract/channel.ts";
import type { AlertId, ChannelId, DeliveryId, GroupId, OrgId } from "../contract/ids.ts";
import type { Notification } from "../core/message/alert-message.ts";
import { MAX_ATTEMPTS_SHOWN } from "../ports/alerting.ts";
import type { AttemptOutcome, AttemptRecord, DeliveriesStore, DeliveryRecord, NewDelivery } from "../ports/alerting.ts";
import type { Database, Statement } from "./database.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";

const INSERT = `
  INSERT INTO delivery (id, org, channel, "group", kind, alerts, payload, status, attempts, created_at, next_attempt_at)
  SELECT :id, :org, :channel, :group, :kind, :alerts, :payload, 'waiting', 0, :at, :nextAttemptAt
  WHERE :instead IS NULL OR EXISTS (
    SELECT 1 FROM delivery WHERE id = :instead AND org = :org AND status = 'sending' AND lease_owner = :owner)
  ON CONFLICT (id) DO NOTHING`;
const INSERT_FIRING = `
  INSERT INTO delivery_firing (org, channel, alert, delivery) SELECT :org, :channel, value, :id FROM json_each(:alerts)
  WHERE EXISTS (SELECT 1 FROM delivery WHERE id = :id AND org = :org)
  ON CONFLICT DO NOTHING`;
const SELECT = "SELECT * FROM delivery WHERE id = :id AND org = :org";
const SELECT_PAGE = (which: string) => `
  SELECT * FROM delivery WHERE org = :org AND (created_at, id) < (:before, :beforeId) ${which}
  ORDER BY created_at DESC, id DESC LIMIT :limit`;
// Rides delivery_created.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides delivery_status.
const SELECT_PAGE_OF_STATUS = SELECT_PAGE("AND status = :status");
// Rides delivery_channel.
const SELECT_PAGE_OF_CHANNEL = SELECT_PAGE("AND channel = :channel AND (:status IS NULL OR status = :status)");
const LEASE = `
  UPDATE delivery SET status = 'sending', attempts = attempts + 1, lease_owner = :owner, next_attempt_at = :until
  WHERE id = :id AND org = :org AND next_attempt_at <= :now
  RETURNING *`;
// A sender that begins where another one never ended its attempt leaves that as it is: the numbers go on.
const BEGIN_ATTEMPT = `
  INSERT INTO delivery_attempt (org, delivery, replay, attempt, owner, at)
  SELECT org, id, replays, attempts, lease_owner, :now FROM delivery
  WHERE id = :id AND org = :org AND status = 'sending' AND lease_owner = :owner
  ON CONFLICT DO NOTHING`;
// Both ride the primary key. What a sender says that has lost its lease still is what became of its attempt.
const END_ATTEMPT = `
  UPDATE delivery_attempt SET duration_ms = max(0, :endedAt - at), status = :status, error = :error, answer = :answer
  WHERE org = :org AND delivery = :id AND owner = :owner AND duration_ms IS NULL`;
const FORGET_ATTEMPT = "DELETE FROM delivery_attempt WHERE org = :org AND delivery = :id AND owner = :owner";
const SELECT_ATTEMPTS = `
  SELECT * FROM delivery_attempt WHERE org = :org AND delivery = :id ORDER BY replay DESC, attempt DESC LIMIT :limit`;
const FINISH = `
  UPDATE delivery SET status = :status, lease_owner = NULL, next_attempt_at = :nextAttemptAt, delivered_at = :deliveredAt,
    attempts = attempts - :uncounted, last_status = iif(:attempted, :lastStatus, last_status),
    last_error = iif(:attempted, :lastError, last_error)
  WHERE id = :id AND org = :org AND status = 'sending' AND lease_owner = :owner`;
// Rides the primary key of delivery_firing, once for each alert, then delivery's: CROSS and the + keep the planner from going through the
// channel or the organisation instead. What the messages say is left there: a hundred of hundreds of alerts are more than memory has room for.
const SELECT_FIRINGS_BEFORE = `
  SELECT d.id, d.channel, d."group", d.kind, d.alerts, d.status, d.attempts, d.replays, d.created_at, d.next_attempt_at, d.delivered_at,
    d.last_status, d.last_error, coalesce(d.payload -> '$.takenOver', '[]') AS taken_over
  FROM delivery AS d
  WHERE +d.org = :org AND (d.created_at, d.id) < (:createdAt, :id) AND d.id IN (
    SELECT f.delivery FROM json_each(:alerts) AS told
    CROSS JOIN delivery_firing AS f ON f.org = :org AND f.channel = :channel AND f.alert = told.value)
  ORDER BY d.created_at DESC, d.id DESC LIMIT 100`;
// Rides the primary key of delivery_firing, once for each alert, then delivery's.
const SELECT_TOLD_SINCE = `
  SELECT DISTINCT f.alert FROM json_each(:alerts) AS told
  CROSS JOIN delivery_firing AS f ON f.org = :org AND f.channel = :channel AND f.alert = told.value
  CROSS JOIN delivery AS d ON d.id = f.delivery AND +d.org = :org AND d.status = 'delivered' AND d.payload ->> 'at' > :at`;
const REPLAY = `
  UPDATE delivery SET status = 'waiting', attempts = 0, replays = replays + 1, next_attempt_at = :now
  WHERE id = :id AND org = :org AND status = 'dead' AND coalesce(last_error, '') <> :unless`;
// Rides delivery_status. The resolves that were given up because their firing was: those of a firing that is sent again.
const REPLAY_RESOLVES = `
  UPDATE delivery SET status = 'waiting', attempts = 0, replays = replays + 1, next_attempt_at = :now
  WHERE org = :org AND kind = 'resolved' AND status = 'dead' AND last_error = :waited
    AND (SELECT kind = 'firing' AND status = 'waiting' FROM delivery WHERE id = :id AND org = :org)
    AND channel = (SELECT channel FROM delivery WHERE id = :id AND org = :org)
    AND created_at >= (SELECT created_at FROM delivery WHERE id = :id AND org = :org)
    AND EXISTS (
      SELECT 1 FROM json_each(delivery.alerts) AS ended
      JOIN json_each((SELECT alerts FROM delivery WHERE id = :id AND org = :org)) AS told ON told.value = ended.value)`;
const TAKEN_OVER = "SELECT value FROM json_each(payload, '$.takenOver') UNION SELECT value FROM json_each(:alerts)";
const TAKE_OVER = `
  UPDATE delivery SET payload = json_set(payload, '$.takenOver', (SELECT json_group_array(value) FROM (${TAKEN_OVER})))
  WHERE id = :id AND org = :org AND status = 'waiting'`;
const END_TAKEN_OVER = `
  UPDATE delivery SET status = 'dead', next_attempt_at = NULL, last_error = :reason
  WHERE id = :id AND org = :org AND status = 'waiting' AND NOT EXISTS (
    SELECT value FROM json_each(alerts) EXCEPT SELECT value FROM json_each(payload, '$.takenOver'))`;
// Rides delivery_channel.
const KILL_OF_CHANNEL = `
  UPDATE delivery SET status = 'dead', next_attempt_at = NULL, lease_owner = NULL, last_error = :reason
  WHERE org = :org AND channel = :channel AND next_attempt_at IS NOT NULL`;

const FINISH_ATTEMPT: Readonly<Record<AttemptOutcome["status"], string>> = {
  delivered: END_ATTEMPT,
  retry: END_ATTEMPT,
  dead: END_ATTEMPT,
  postponed: FORGET_ATTEMPT,
};

/**
 * Stores a message for a channel unless it is there already.
 * @param instead - The delivery that it takes the place of, and who must still be sending that: nothing is stored where somebody else is.
 */
export const insertDelivery = (
  org: OrgId,
  delivery: NewDelivery,
  at: number,
  instead: { readonly id: DeliveryId | null; readonly owner: string | null } = { id: null, owner: null },
): Statement[] => {
  const { id, channel, group, kind, nextAttemptAt } = delivery;
  const alerts = JSON.stringify(delivery.alerts);
  const message = { id, org, channel, group, kind, alerts, nextAttemptAt };
  const insert = {
    sql: INSERT,
    args: { ...message, payload: JSON.stringify(delivery.payload), at, instead: instead.id, owner: instead.owner },
  };
  return kind === "firing" ? [insert, { sql: INSERT_FIRING, args: { org, channel, id, alerts } }] : [insert];
};

/** Ends everything that is still to be sent on a channel. */
export const killDeliveries = (org: OrgId, channel: ChannelId, reason: string): Statement => ({
  sql: KILL_OF_CHANNEL,
  args: { org, channel, reason },
});

const deliveryOf = (row: Row): DeliveryRecord => ({ ...unsaidOf(row), payload: JSON.parse(row["payload"] as string) as Notification });

/** A delivery without what it says. */
const unsaidOf = (row: Row): Omit<DeliveryRecord, "payload"> => ({
  id: row["id"] as DeliveryId,
  channel: row["channel"] as ChannelId,
  group: row["group"] as GroupId | null,
  kind: row["kind"] as Notification["kind"],
  alerts: JSON.parse(row["alerts"] as string) as AlertId[],
  status: row["status"] as DeliveryStatus,
  attempts: row["attempts"] as number,
  replays: row["replays"] as number,
  createdAt: row["created_at"] as number,
  nextAttemptAt: row["next_attempt_at"] as number | null,
  deliveredAt: row["delivered_at"] as number | null,
  lastStatus: row["last_status"] as number | null,
  lastError: row["last_error"] as string | null,
});

const attemptOf = (row: Row): AttemptRecord => ({
  replay: row["replay"] as number,
  attempt: row["attempt"] as number,
  at: row["at"] as number,
  durationMs: row["duration_ms"] as number | null,
  status: row["status"] as number | null,
  error: row["error"] as string | null,
  answer: row["answer"] as string | null,
});

/** The columns that an outcome writes. */
function columnsOf(outcome: AttemptOutcome): Statement["args"] {
  const attempted = outcome.status === "postponed" ? 0 : 1;
  return {
    attempted,
    uncounted: 1 - attempted,
    status: outcome.status === "retry" || outcome.status === "postponed" ? "waiting" : outcome.status,
    nextAttemptAt: outcome.status === "retry" || outcome.status === "postponed" ? outcome.at : null,
    deliveredAt: outcome.status === "delivered" ? outcome.at : null,
    lastStatus: outcome.status === "postponed" ? null : outcome.lastStatus,
    lastError: outcome.status === "retry" || outcome.status === "dead" ? outcome.lastError : null,
  };
}

export function deliveriesStore(database: Database, org: OrgId): DeliveriesStore {
  const get = async (id: DeliveryId): Promise<DeliveryRecord | null> => {
    const [row] = await database.read(SELECT, { id, org });
    return row === undefined ? null : deliveryOf(row);
  };
  return {
    get,
    async list({ status, channel }, { limit, cursor }) {
      const which = channel === undefined ? {} : { channel };
      const sql = channel !== undefined ? SELECT_PAGE_OF_CHANNEL : status !== undefined ? SELECT_PAGE_OF_STATUS : SELECT_PAGE_OF_ALL;
      const filter = channel === undefined && status === undefined ? {} : { ...which, status: status ?? null };
      const rows = await database.read(sql, { org, ...parseTimeCursor(cursor), ...filter, limit: limit + 1 });
      return pageOf(rows.map(deliveryOf), limit, ({ createdAt, id }) => timeCursor(createdAt, id));
    },
    async insert(delivery, at) {
      await database.write(insertDelivery(org, delivery, at));
      return (await get(delivery.id))!;
    },
    async lease(id, owner, until, now) {
      const [result] = await database.write([
        { sql: LEASE, args: { org, id, owner, until, now } },
        { sql: BEGIN_ATTEMPT, args: { org, id, owner, now } },
      ]);
      const row = result!.rows[0];
      return row === undefined ? null : deliveryOf(row);
    },
    async finish(id, owner, outcome, { at: endedAt, answer = null, fallback = [] } = { at: null }) {
      const columns = columnsOf(outcome);
      const ended = { endedAt, status: columns["lastStatus"]!, error: columns["lastError"]!, answer };
      const results = await database.write([
        { sql: FINISH_ATTEMPT[outcome.status], args: { org, id, owner, ...(outcome.status === "postponed" ? {} : ended) } },
        ...(endedAt === null ? [] : fallback.flatMap((one) => insertDelivery(org, one, endedAt, { id, owner }))),
        { sql: FINISH, args: { org, id, owner, ...columns } },
      ]);
      return results.at(-1)!.rowsAffected === 1;
    },
    async attempts(id) {
      return (await database.read(SELECT_ATTEMPTS, { org, id, limit: MAX_ATTEMPTS_SHOWN })).map(attemptOf);
    },
    async replay(id, { unless, waited }, now) {
      const [revived] = await database.write([
        { sql: REPLAY, args: { org, id, unless, now } },
        { sql: REPLAY_RESOLVES, args: { org, id, waited, now } },
      ]);
      return revived!.rowsAffected === 1;
    },
    async firingsBefore({ id, channel, alerts, createdAt }) {
      const rows = await database.read(SELECT_FIRINGS_BEFORE, { org, id, channel, createdAt, alerts: JSON.stringify(alerts) });
      return rows.map((row) => ({ ...unsaidOf(row), payload: { takenOver: JSON.parse(row["taken_over"] as string) as AlertId[] } }));
    },
    async toldSince(channel, alerts, at) {
      const rows = await database.read(SELECT_TOLD_SINCE, { org, channel, alerts: JSON.stringify(alerts), at });
      return new Set(rows.map((row) => row["alert"] as AlertId));
    },
    async takeOver(id, alerts, reason) {
      const [taken] = await database.write([
        { sql: TAKE_OVER, args: { org, id, alerts: JSON.stringify(alerts) } },
        { sql: END_TAKEN_OVER, args: { org, id, reason } },
      ]);
      return taken!.rowsAffected === 1;
    },
  };
}
