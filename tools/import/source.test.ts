import { appendFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { openSource } from "./source.ts";
import type { Source } from "./source.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "source-"));
  path = join(directory, "x.csv");
});
afterEach(() => rm(directory, { recursive: true }));

const TEXT = Array.from({ length: 100_000 }, (_, row) => `row ${row}\n`).join("");
const nothing = () => Readable.from([]);

async function textOf(source: Source, from = 0): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.chunks(from)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe.each([
  ["a file", (text: string) => Buffer.from(text)],
  ["a gzipped file", (text: string) => gzipSync(text)],
  ["a file gzipped in parts", (text: string) => Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))])],
])("%s", (_, packed) => {
  test("is read from any offset of what it holds, again and again", async () => {
    await writeFile(path, packed(TEXT));
    const source = await openSource(path, nothing());
    expect(source).toMatchObject({ name: "x.csv", file: { identity: { sizeBytes: packed(TEXT).length } } });
    for (const from of [0, 1, 500_000, TEXT.length - 1, TEXT.length]) expect(await textOf(source, from)).toBe(TEXT.slice(from));
  });

  test("that grows is read as it was when it was opened, and it is noticed", async () => {
    await writeFile(path, packed(TEXT));
    const source = await openSource(path, nothing());
    expect(await source.isUnchanged()).toBe(true);
    await appendFile(path, packed("more\n"));
    expect(await textOf(source)).toBe(TEXT);
    expect(await source.isUnchanged()).toBe(false);
  });
});

test.each([
  ["another size", () => writeFile(path, `${TEXT}x`)],
  ["another beginning", () => writeFile(path, TEXT.replace("row 0", "row x"))],
  ["another end", () => writeFile(path, TEXT.replace("row 99999", "row 9999x"))],
  ["a later time", () => utimes(path, 0, 1)],
  ["been removed", () => rm(path)],
])("a file that has %s is noticed", async (_, change) => {
  await writeFile(path, TEXT);
  await utimes(path, 0, 0);
  const source = await openSource(path, nothing());
  await change();
  expect(await source.isUnchanged()).toBe(false);
});

test("how much is done is told in bytes of the file as it is", async () => {
  await writeFile(path, TEXT);
  const plain = await openSource(path, nothing());
  expect(plain.doneBytes(1_234)).toBe(1_234);
  await writeFile(path, gzipSync(TEXT));
  const zipped = await openSource(path, nothing());
  await textOf(zipped);
  expect(zipped.doneBytes(1_234)).toBe(gzipSync(TEXT).length);
});

test.each([
  ["plain", Buffer.from(TEXT)],
  ["gzipped", gzipSync(TEXT)],
  ["empty", Buffer.alloc(0)],
])("standard input is read once, %s", async (_, bytes) => {
  const source = await openSource("-", Readable.from(bytes.length === 0 ? [] : [bytes.subarray(0, 2), bytes.subarray(2)]));
  expect([source.name, source.file]).toEqual([null, null]);
  expect(await textOf(source)).toBe(bytes.length === 0 ? "" : TEXT);
  expect(source.doneBytes(0)).toBe(bytes.length);
});

test("what cannot be read says why", async () => {
  await expect(openSource(path, nothing())).rejects.toThrow(`There is no file ${path}.`);
  await expect(openSource(directory, nothing())).rejects.toThrow("is a folder");
  await writeFile(path, gzipSync(TEXT).subarray(0, 1_000));
  await expect(openSource(path, nothing()).then(textOf)).rejects.toThrow("It cannot be inflated whole: unexpected end of file.");
});
