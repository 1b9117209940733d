import { parseArgs } from "node:util";
import { readConfig } from "../shared/runtime/config.ts";
import { openDatabase } from "../shared/store/database.ts";
import { migrate, migrationStatus } from "../shared/store/migrate.ts";
import type { MigrationStatus } from "../shared/store/migrate.ts";

// Brings the database that INTENTVISION_TURSO_URL names up to date, and shows what it has; with --status it only shows.

const MIGRATIONS = new URL("../migrations/", import.meta.url);

const EXPLAINED: Readonly<Record<MigrationStatus["state"], string>> = {
  applied: "applied",
  pending: "pending",
  changed: "edited since it was applied",
  unknown: "applied, but not in migrations/",
};

async function main(): Promise<void> {
  const { values: options } = parseArgs({ options: { status: { type: "boolean", default: false } } });
  const { databaseUrl, databaseToken } = readConfig(["intentvision-turso-url", "intentvision-turso-token"]);
  const database = await openDatabase({ url: databaseUrl, authToken: databaseToken });
  try {
    if (!options.status) await migrate(database, MIGRATIONS, Date.now());
    process.stdout.write(tableOf(await migrationStatus(database, MIGRATIONS)));
  } finally {
    database.close();
  }
}

function tableOf(status: readonly MigrationStatus[]): string {
  const width = Math.max(0, ...status.map(({ name }) => name.length));
  const lines = status.map(({ name, state, appliedAt }) =>
    `${name.padEnd(width)}  ${appliedAt === null ? "-".padEnd(24) : new Date(appliedAt).toISOString()}  ${EXPLAINED[state]}`.trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join("");
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
