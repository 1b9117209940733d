import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readSeries } from "./read-series.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "replay-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}
const rowsIn = async (path: string, name?: string) => {
  const read = await readSeries(path, name);
  if ("choose" in read) return read;
  return { name: read.name, rows: Array.from(read.timestamps, (at, row) => [at, read.values[row]]), repeated: read.repeated };
};
const archive = (changes: object = {}) =>
  gzipSync(
    JSON.stringify({
      version: 1,
      source: "made for this test",
      series: [
        { file: "cloud/cpu_a.csv", t0: 1_000, dt: [300, 600], v: [1, 2, 3] },
        { file: "cloud/cpu_b.csv", t0: 0, dt: [], v: [5] },
        { file: "cpu", t0: 60, dt: [60, 0], v: [7, 8, 9] },
      ],
      ...changes,
    }),
  );

test("a CSV is put in order, and of a time that comes twice the later row counts; gzipped it is read too", async () => {
  const text = "t,v\n1970-01-01 00:02:00,3\n1970-01-01 00:01:00,1\n1970-01-01 00:02:00,4\n";
  const expected = {
    rows: [
      [60_000, 1],
      [120_000, 4],
    ],
    repeated: 1,
  };
  expect(await rowsIn(await written("cpu.csv", text))).toEqual({ name: "cpu.csv", ...expected });
  expect(await rowsIn(await written("cpu.csv.gz", gzipSync(text)))).toEqual({ name: "cpu.csv.gz", ...expected });
});

describe("an archive", () => {
  test.each([
    [
      "its whole name",
      "cpu",
      {
        name: "cpu",
        rows: [
          [60_000, 7],
          [120_000, 9],
        ],
        repeated: 1,
      },
    ],
    [
      "a part that no other has",
      "pu_a",
      {
        name: "cloud/cpu_a.csv",
        rows: [
          [1_000_000, 1],
          [1_300_000, 2],
          [1_900_000, 3],
        ],
        repeated: 0,
      },
    ],
    ["a part that several have", "cpu_", { choose: ["cloud/cpu_a.csv", "cloud/cpu_b.csv"] }],
    ["a name that none has", "disk", { choose: ["cloud/cpu_a.csv", "cloud/cpu_b.csv", "cpu"] }],
    ["no name", undefined, { choose: ["cloud/cpu_a.csv", "cloud/cpu_b.csv", "cpu"] }],
  ])("by %s", async (_, name, expected) => {
    expect(await rowsIn(await written("data.json.gz", archive()), name)).toEqual(expected);
  });

  test.each([
    ["of another layout", { series: [{ file: "a", t0: 0, dt: [1], v: [1] }] }, /series\.0: Expected a distance for each row but the last/],
    ["of another version", { version: 2 }, /version/],
  ])("%s is refused with the place that is wrong", async (_, changes, expected) => {
    await expect(readSeries(await written("data.json.gz", archive(changes)), "a")).rejects.toThrow(expected);
  });
});

describe("what cannot be replayed says why", () => {
  test.each([
    ["an empty file", "", undefined, "There is no point in x.csv."],
    ["a header alone", "timestamp,value\n", undefined, "There is no point in x.csv."],
    ["bad rows alone", "t,v\n1,a\n", undefined, 'There is no point in x.csv. Line 2: Expected a finite number, got "a".'],
    ["a broken archive", "{", undefined, "It is neither CSV nor an archive: its JSON cannot be read."],
    ["a broken compression", Uint8Array.of(0x1f, 0x8b, 1), undefined, "cannot be inflated"],
    ["a name for a CSV", "t,v\n1,1\n", "a", "A CSV holds one series: leave --series out."],
  ])("%s", async (_, content, name, expected) => {
    await expect(readSeries(await written("x.csv", content), name)).rejects.toThrow(expected);
  });

  test("a file that is not there, and a folder", async () => {
    await expect(readSeries(join(directory, "none.csv"), undefined)).rejects.toThrow(`There is no file ${directory}/none.csv.`);
    await expect(readSeries(directory, undefined)).rejects.toThrow("EISDIR");
  });
});
