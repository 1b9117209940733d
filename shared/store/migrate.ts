import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { Unavailable } from "../contract/problem.ts";
import { Conflict } from "./database.ts";
import type { Database } from "./database.ts";

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS migration (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
  ) STRICT`;
const SELECT_TABLE = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'";
const SELECT = "SELECT name, checksum, applied_at FROM migration ORDER BY name";
const NAME = /^\d{4}_[a-z_]+\.sql$/;

/** A migration and what the database has of it. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: "applied" | "pending" | "changed" | "unknown";
  /** Unix ms. */
  readonly appliedAt: number | null;
}

interface Migration {
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

/**
 * Compares the migrations of a folder with those that the database has, and writes nothing.
 * `changed`: applied with another text than the file has now. `unknown`: applied, and no longer in the folder.
 */
export async function migrationStatus(database: Database, folder: URL): Promise<MigrationStatus[]> {
  const isTracked = (await database.read(SELECT_TABLE, {})).length > 0;
  const rows = isTracked ? await database.read(SELECT, {}) : [];
  const applied = new Map(rows.map((row) => [row["name"] as string, row]));
  const migrations = await readMigrations(folder);
  const known = migrations.map(({ name, checksum }): MigrationStatus => {
    const row = applied.get(name);
    if (row === undefined) return { name, state: "pending", appliedAt: null };
    return { name, state: row["checksum"] === checksum ? "applied" : "changed", appliedAt: row["applied_at"] as number };
  });
  const names = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.values()].filter((row) => !names.has(row["name"] as string));
  return [
    ...known,
    ...unknown.map((row): MigrationStatus => ({ name: row["name"] as string, state: "unknown", appliedAt: row["applied_at"] as number })),
  ];
}

/**
 * Applies what is pending, each migration in one transaction with its row in the tracking table. Doing it again does nothing, also
 * from several processes at once.
 *
 * @returns The names that were applied.
 * @throws Error when an applied migration's text has changed, before anything is applied; Error that names the migration that failed:
 *   those before it stay applied, nothing of it or after it is. Unavailable when the database does not answer.
 */
export async function migrate(database: Database, folder: URL, now: number): Promise<string[]> {
  const status = await migrationStatus(database, folder);
  const changed = status.filter(({ state }) => state === "changed").map(({ name }) => name);
  if (changed.length > 0) throw new Error(`Applied migrations were edited: ${changed.join(", ")}. Restore their text and add a new one.`);

  await database.script([CREATE_TABLE]);
  const pending = new Set(status.filter(({ state }) => state === "pending").map(({ name }) => name));
  const applied: string[] = [];
  for (const { name, checksum, statements } of await readMigrations(folder)) {
    if (!pending.has(name)) continue;
    const track = `INSERT INTO migration (name, checksum, applied_at) VALUES ('${name}', '${checksum}', ${now})`;
    try {
      // The tracking row first: a second process fails on it before it touches anything.
      await database.script([track, ...statements]);
      applied.push(name);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      const after = await migrationStatus(database, folder);
      if (after.find((other) => other.name === name)?.state === "applied") continue;
      throw new Error(
        `Migration ${name} failed, and nothing of it is applied: ${String(error instanceof Conflict ? error.cause : error)}`,
        { cause: error },
      );
    }
  }
  return applied;
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw new Error(`A migration is named like 0001_orgs.sql, not ${wrong}`);
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows may have other line ends.
      const text = (await readFile(new URL(name, folder), "utf8")).replaceAll("\r\n", "\n");
      return { name, checksum: createHash("sha256").update(text).digest("hex"), statements: statementsOf(text) };
    }),
  );
}

/** Splits a migration at the semicolons that end lines; a comment is a line of its own. */
function statementsOf(text: string): string[] {
  const code = text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n");
  return code
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
