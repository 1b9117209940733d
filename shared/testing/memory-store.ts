import { openDatabase } from "../store/database.ts";
import type { Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";

export const MIGRATIONS = new URL("../../migrations/", import.meta.url);

/** A database in memory with every migration applied. */
export async function memoryDatabase(): Promise<Database> {
  const database = await openDatabase({ url: "file::memory:" });
  await migrate(database, MIGRATIONS, 0);
  return database;
}
