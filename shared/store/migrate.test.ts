import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EMPTY_DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";
import { migrate, migrationStatus } from "./migrate.ts";

const FIRST =
  "-- What is counted; by whom.\nCREATE TABLE thing (\n  name TEXT PRIMARY KEY\n) STRICT;\nCREATE INDEX thing_name ON thing (name);\n";
const SECOND = "ALTER TABLE thing ADD COLUMN colour TEXT;\nINSERT INTO thing (name, colour) VALUES ('sky', 'blue');\n";

describe.each(EMPTY_DATABASES)("%s", (_where, open) => {
  let directory: string;
  let folder: URL;
  let opened: TestDatabase;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "migrations-"));
    folder = pathToFileURL(`${directory}/`);
    opened = await open();
    await write("0001_things.sql", FIRST);
    await write("0002_colours.sql", SECOND);
  });
  afterEach(async () => {
    await opened.end();
    await rm(directory, { recursive: true });
  });

  const write = (name: string, text: string) => writeFile(new URL(name, folder), text);
  const states = async () => (await migrationStatus(opened.database, folder)).map(({ name, state, appliedAt }) => [name, state, appliedAt]);
  const tables = async () =>
    (await opened.database.read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", {})).map((row) => row["name"]);
  const things = async () => (await opened.database.read("SELECT name, colour FROM thing", {})).map((row) => ({ ...row }));

  test("what is pending is applied once, in the order of the names, and asking again does nothing", async () => {
    expect(await migrate(opened.database, folder, 7)).toEqual(["0001_things.sql", "0002_colours.sql"]);
    expect(await migrate(opened.database, folder, 8)).toEqual([]);
    expect(await things()).toMatchObject([{ name: "sky", colour: "blue" }]);
    expect(await states()).toEqual([
      ["0001_things.sql", "applied", 7],
      ["0002_colours.sql", "applied", 7],
    ]);
  });

  test("the status of a new database is that everything is pending, and looking changes nothing", async () => {
    expect(await states()).toEqual([
      ["0001_things.sql", "pending", null],
      ["0002_colours.sql", "pending", null],
    ]);
    expect(await tables()).toEqual([]);
  });

  test("a migration that is added later is applied alone", async () => {
    await migrate(opened.database, folder, 7);
    await write("0003_more.sql", "INSERT INTO thing (name) VALUES ('sea');");
    expect(await migrate(opened.database, folder, 8)).toEqual(["0003_more.sql"]);
    expect((await states()).at(-1)).toEqual(["0003_more.sql", "applied", 8]);
  });

  test("an applied migration that was edited is refused before anything is applied", async () => {
    await migrate(opened.database, folder, 7);
    await write("0001_things.sql", `${FIRST}-- edited\n`);
    await write("0003_more.sql", "CREATE TABLE more (name TEXT) STRICT;");
    await expect(migrate(opened.database, folder, 8)).rejects.toThrow("Applied migrations were edited: 0001_things.sql");
    expect((await states()).map(([, state]) => state)).toEqual(["changed", "applied", "pending"]);
    expect(await tables()).toEqual(["migration", "thing"]);
  });

  test("line ends of Windows are no edit", async () => {
    await migrate(opened.database, folder, 7);
    await write("0001_things.sql", FIRST.replaceAll("\n", "\r\n"));
    expect(await migrate(opened.database, folder, 8)).toEqual([]);
  });

  test("a migration that is applied and no longer there is reported as unknown, and does not stop the others", async () => {
    await migrate(opened.database, folder, 7);
    await rm(new URL("0002_colours.sql", folder));
    await write("0003_more.sql", "CREATE TABLE more (name TEXT) STRICT;");
    expect(await migrate(opened.database, folder, 8)).toEqual(["0003_more.sql"]);
    expect((await states()).map(([name, state]) => [name, state])).toEqual([
      ["0001_things.sql", "applied"],
      ["0003_more.sql", "applied"],
      ["0002_colours.sql", "unknown"],
    ]);
  });

  test("a migration that fails leaves nothing behind, is named, and is applied once it is mended", async () => {
    await write("0002_colours.sql", `CREATE TABLE half (name TEXT) STRICT;\n${SECOND}INSERT INTO missing VALUES (1);\n`);
    await write("0003_more.sql", "CREATE TABLE more (name TEXT) STRICT;");
    await expect(migrate(opened.database, folder, 7)).rejects.toThrow("Migration 0002_colours.sql failed");
    expect(await tables()).toEqual(["migration", "thing"]);
    expect((await states()).map(([, state]) => state)).toEqual(["applied", "pending", "pending"]);
    await write("0002_colours.sql", SECOND);
    expect(await migrate(opened.database, folder, 8)).toEqual(["0002_colours.sql", "0003_more.sql"]);
    expect(await things()).toHaveLength(1);
  });

  test("a migration that fails for a row that is taken is no lost race", async () => {
    await write("0002_colours.sql", "INSERT INTO thing VALUES ('twice');\nINSERT INTO thing VALUES ('twice');");
    await expect(migrate(opened.database, folder, 7)).rejects.toThrow(
      /^Migration 0002_colours.sql failed.*UNIQUE constraint failed: thing.name/,
    );
    expect((await states()).map(([, state]) => state)).toEqual(["applied", "pending"]);
  });

  test("several that migrate at once apply each migration once between them", async () => {
    for (let number = 3; number <= 12; number++) {
      await write(`00${String(number).padStart(2, "0")}_row.sql`, `INSERT INTO thing (name) VALUES ('row ${number}');`);
    }
    const databases = [opened.database, await opened.another(), await opened.another(), await opened.another()];
    const applied = await Promise.all(databases.map((database) => migrate(database, folder, 7)));
    expect(applied.flat().toSorted()).toEqual((await states()).map(([name]) => name));
    expect(await things()).toHaveLength(11);
  });

  test("the project's own migrations apply to an empty database", async () => {
    const applied = await migrate(opened.database, MIGRATIONS, 7);
    expect(applied).toContain("0001_orgs.sql");
    expect(await migrate(opened.database, MIGRATIONS, 8)).toEqual([]);
  });

  test("a file that is not named like a migration is refused", async () => {
    await write("3-more.sql", "CREATE TABLE more (name TEXT) STRICT;");
    await mkdir(new URL("notes", folder));
    await expect(migrate(opened.database, folder, 7)).rejects.toThrow("not 3-more.sql");
    expect(await tables()).toEqual([]);
  });
});
