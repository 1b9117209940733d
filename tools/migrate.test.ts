import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startHranaServer } from "../shared/testing/hrana-server.ts";

const TOOL = fileURLToPath(new URL("migrate.ts", import.meta.url));
const MIGRATIONS = new URL("../migrations/", import.meta.url);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "migrate-"));
});
afterEach(() => rm(directory, { recursive: true }));

const run = (env: Record<string, string>, ...options: string[]) =>
  promisify(execFile)(process.execPath, [TOOL, ...options], { env: { PATH: process.env["PATH"], ...env } });
const lines = (text: string) => text.trimEnd().split("\n");

test("a file is brought up to date, and --status shows it and changes nothing", async () => {
  const file = join(directory, "new.db");
  const env = { INTENTVISION_TURSO_URL: `file:${file}` };
  const names = (await readdir(MIGRATIONS)).toSorted();
  const before = lines((await run(env, "--status")).stdout);
  expect(before.map((line) => line.split(/ {2,}/))).toEqual(names.map((name) => [name, "-", "pending"]));
  const after = (await run(env)).stdout;
  expect(lines(after).every((line) => line.endsWith("applied"))).toBe(true);
  expect(lines(after)).toHaveLength(names.length);
  expect((await run(env, "--status")).stdout).toBe(after);
  expect(existsSync(file)).toBe(true);
});

test("a remote database is brought up to date with its token", async () => {
  const server = await startHranaServer({ authToken: "right" });
  const env = { INTENTVISION_TURSO_URL: server.url, INTENTVISION_TURSO_TOKEN: "right" };
  expect(lines((await run(env)).stdout).every((line) => line.endsWith("applied"))).toBe(true);
  await expect(run({ ...env, INTENTVISION_TURSO_TOKEN: "wrong" })).rejects.toMatchObject({
    code: 1,
    stderr: "The database does not answer\n",
  });
  await server.stop();
});

test("without an address it says which setting is missing, and fails", async () => {
  await expect(run({})).rejects.toMatchObject({ code: 1, stderr: "Missing or malformed configuration: INTENTVISION_TURSO_URL\n" });
});
