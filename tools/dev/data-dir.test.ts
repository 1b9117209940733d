import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { holdDataDir, localFileOf, runningUrl } from "./data-dir.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "data-dir-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("of those who start at once on a new data directory one has it, and the next one when it is let go of", async () => {
  const dataDir = join(directory, "new", "data");
  const starts = await Promise.allSettled([holdDataDir(dataDir), holdDataDir(dataDir), holdDataDir(dataDir)]);
  const held = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const refused = starts.flatMap((start) => (start.status === "rejected" ? [(start.reason as Error).message] : []));
  expect(held).toHaveLength(1);
  expect(refused).toEqual(
    Array(2).fill(`IntentVision runs already on ${dataDir}. Stop it first, or start with another INTENTVISION_DATA_DIR.`),
  );

  held[0]!.release();
  const next = await holdDataDir(dataDir);
  await writeFile(localFileOf(dataDir), '{"url": "http://127.0.0.1:8080"}');
  await expect(holdDataDir(dataDir)).rejects.toThrow(`runs already at http://127.0.0.1:8080 on ${dataDir}`);
  next.release();
});

test("a file is no data directory, and stays as it is", async () => {
  const file = join(directory, "file");
  await writeFile(file, "");
  await expect(holdDataDir(file)).rejects.toThrow(`${file} cannot be a data directory: EEXIST.`);
  await expect(holdDataDir(join(file, "data"))).rejects.toThrow("cannot be a data directory: ENOTDIR.");
  expect(await readdir(directory)).toEqual(["file"]);
});

test("a lock that cannot be made is said, and why", async () => {
  await mkdir(join(directory, "intentvision.lock"));
  await expect(holdDataDir(directory)).rejects.toThrow(/cannot be locked: /);
});

test.each([
  ["", null],
  ["{", null],
  ['{"url": 1}', null],
  ['{"url": "http://127.0.0.1:1"}', "http://127.0.0.1:1"],
])("an address is read where one is written: %j", async (text, url) => {
  expect(await runningUrl(directory)).toBeNull();
  await writeFile(localFileOf(directory), text);
  expect(await runningUrl(directory)).toBe(url);
});
