import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../store/database.ts";
import type { Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { startHranaServer } from "./hrana-server.ts";
import { MIGRATIONS } from "./memory-store.ts";

/** An empty database of a test's own. */
export interface TestDatabase {
  readonly database: Database;
  /** Opens a further connection to the same database; `end` closes it too. */
  another(options?: { patienceMs?: number }): Promise<Database>;
  /** Closes it, with all that stands behind it. */
  end(): Promise<void>;
}

async function emptyFile(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), "intentvision-"));
  return opened(`file:${join(directory, "test.db")}`, () => rm(directory, { recursive: true }));
}

async function emptyRemote(): Promise<TestDatabase> {
  const server = await startHranaServer();
  return opened(server.url, () => server.stop());
}

async function opened(url: string, end: () => Promise<void>): Promise<TestDatabase> {
  const databases = [await openDatabase({ url })];
  return {
    database: databases[0]!,
    async another(options = {}) {
      const database = await openDatabase({ url, ...options });
      databases.push(database);
      return database;
    },
    async end() {
      for (const database of databases) database.close();
      await end();
    },
  };
}

async function migrated(empty: Promise<TestDatabase>): Promise<TestDatabase> {
  const test = await empty;
  await migrate(test.database, MIGRATIONS, 0);
  return test;
}

/** The two ways to a database, for describe.each: what holds for one must hold for the other. */
export const EMPTY_DATABASES = [
  ["in a file", emptyFile],
  ["over HTTP", emptyRemote],
] as const;

/** The same with every migration applied. */
export const DATABASES = [
  ["in a file", () => migrated(emptyFile())],
  ["over HTTP", () => migrated(emptyRemote())],
] as const;
