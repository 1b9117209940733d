import type { OrgId } from "../contract/ids.ts";
import type { Org } from "../contract/org.ts";
import { isoTime } from "../contract/time.ts";
import type { OrgsStore } from "../ports/platform.ts";
import type { Database } from "./database.ts";
import { insertKey } from "./keys.ts";

const INSERT = "INSERT INTO org (id, name, created_at) VALUES (:id, :name, :createdAt)";
const SELECT = "SELECT id, name, created_at FROM org WHERE id = :id";
const SELECT_IDS = "SELECT id FROM org WHERE id > :after ORDER BY id LIMIT :limit";

export function orgsStore(database: Database): OrgsStore {
  return {
    async create(org, key) {
      const createdAt = Date.parse(org.createdAt);
      await database.write([{ sql: INSERT, args: { id: org.id, name: org.name, createdAt } }, insertKey(org.id, key)]);
    },
    async get(id) {
      const [row] = await database.read(SELECT, { id });
      return row === undefined ? null : ({ id, name: row["name"], createdAt: isoTime(row["created_at"] as number) } as Org);
    },
    async list(after, limit) {
      return (await database.read(SELECT_IDS, { after, limit })).map((row) => row["id"] as OrgId);
    },
  };
}
