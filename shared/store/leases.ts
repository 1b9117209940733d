import type { LeaseStore } from "../ports/platform.ts";
import type { Database } from "./database.ts";

const ACQUIRE = `
  INSERT INTO lease (name, owner, until) VALUES (:name, :owner, :until)
  ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
  WHERE lease.until <= :now OR lease.owner = excluded.owner`;
const RELEASE = "DELETE FROM lease WHERE name = :name AND owner = :owner";

export function leaseStore(database: Database): LeaseStore {
  return {
    async acquire(name, owner, until, now) {
      const [result] = await database.write([{ sql: ACQUIRE, args: { name, owner, until, now } }]);
      return result!.rowsAffected === 1;
    },
    async release(name, owner) {
      await database.write([{ sql: RELEASE, args: { name, owner } }]);
    },
  };
}
