import type { OrgId } from "../contract/ids.ts";
import type { SealedName, SealedStore } from "../ports/sealed.ts";
import type { Database } from "./database.ts";

// Goes through channel_org and the watchdogs: there are few, and it is asked for while a key is rotated alone.
const SELECT = `
  SELECT org, name, sealed FROM (
    SELECT org, id AS name, sealed FROM channel
    UNION ALL
    SELECT org, 'watchdog', sealed FROM watchdog WHERE sealed IS NOT NULL)
  WHERE (org, name) > (:org, :name) AND substr(sealed, 1, length(:prefix)) <> :prefix
  ORDER BY org, name LIMIT :limit`;
// Both ride primary keys.
const REPLACE_CHANNEL = "UPDATE channel SET sealed = :to WHERE id = :name AND org = :org AND sealed = :from";
const REPLACE_WATCHDOG = "UPDATE watchdog SET sealed = :to WHERE org = :org AND sealed = :from";

export const sealedStore = (database: Database): SealedStore => ({
  async without(prefix, after, limit) {
    const rows = await database.read(SELECT, { prefix, org: after?.org ?? "", name: after?.name ?? "", limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, name: row["name"] as SealedName, sealed: row["sealed"] as string }));
  },
  async replace({ org, name, sealed }, to) {
    const statement =
      name === "watchdog"
        ? { sql: REPLACE_WATCHDOG, args: { org, from: sealed, to } }
        : { sql: REPLACE_CHANNEL, args: { org, name, from: sealed, to } };
    return (await database.write([statement]))[0]!.rowsAffected === 1;
  },
});
