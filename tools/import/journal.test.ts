import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { OrgId } from "../../shared/contract/ids.ts";
import { journalPath, openJournal, ownerOfKey, readJournal } from "./journal.ts";
import type { ImportState } from "./journal.ts";

const ORG = "org_000000000000000000000000" as OrgId;
let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "journal-"));
  path = journalPath(directory, "/data/cpu.csv", ORG);
});
afterEach(() => rm(directory, { recursive: true }));

const state = (line: number): ImportState => ({
  version: 1,
  path: "/data/cpu.csv",
  identity: { sizeBytes: 100, modifiedMs: 1.5, head: "a", tail: "b" },
  asked: "[]",
  org: ORG,
  run: "first",
  position: { offset: line * 10, line, taken: 3 },
  accepted: line,
  rejected: 0,
  unreadable: 0,
  told: [{ line: 1, why: "Expected a time" }],
  startedAt: "2026-03-01T12:00:00.000Z",
  finishedAt: null,
});
/** Rests until it is hurried. */
const long = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

test("the last state is on disk once it has settled, for its owner alone, with nothing left beside it", async () => {
  const journal = openJournal(path, long);
  for (const line of [1, 2, 3]) journal.save(state(line));
  await journal.settled();
  expect(await readJournal(path)).toEqual(state(3));
  journal.save(state(4));
  await journal.settled();
  expect(await readJournal(path)).toEqual(state(4));
  expect(await readdir(join(directory, "imports"))).toHaveLength(1);
  expect([(await stat(path)).mode & 0o777, (await stat(join(directory, "imports"))).mode & 0o777]).toEqual([0o600, 0o700]);
});

test("a state that cannot be written is said, and no later one is taken", async () => {
  await writeFile(join(directory, "imports"), "");
  const journal = openJournal(path, long);
  journal.save(state(1));
  await expect(journal.settled()).rejects.toThrow("cannot be kept");
  expect(() => journal.save(state(2))).toThrow("cannot be kept");
});

test("a state that was not written by an import is refused, and a missing one is none", async () => {
  expect(await readJournal(path)).toBeNull();
  for (const text of ["", "{}", JSON.stringify({ ...state(1), version: 2 }), JSON.stringify({ ...state(1), accepted: -1 })]) {
    const other = join(directory, "other.json");
    await writeFile(other, text);
    await expect(readJournal(other)).rejects.toThrow("--restart begins again");
  }
});

test("each file and organisation has a state of its own", () => {
  const other = "org_111111111111111111111111" as OrgId;
  const paths = [
    path,
    journalPath(directory, "/other/cpu.csv", ORG),
    journalPath(directory, "/data/cpu.csv", other),
    journalPath(directory, `/data/${"x".repeat(255)}`, ORG),
    journalPath(directory, "/data/cpu.csv", ownerOfKey("iv_one")),
    journalPath(directory, "/data/cpu.csv", ownerOfKey("iv_other")),
  ];
  expect(new Set(paths).size).toBe(6);
});

test("an organisation that is not known is kept by its key, which is nowhere on disk", async () => {
  const own = journalPath(directory, "/data/cpu.csv", ownerOfKey("iv_secret"));
  const journal = openJournal(own, long);
  journal.save({ ...state(1), org: ownerOfKey("iv_secret") });
  await journal.settled();
  expect(await readJournal(own)).toEqual({ ...state(1), org: ownerOfKey("iv_secret") });
  expect(own + (await readFile(own, "utf8"))).not.toContain("iv_secret");
});
