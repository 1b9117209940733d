import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, realpath } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import * as v from "valibot";

/** What tells that a file is the one it was. */
export const FileIdentity = v.strictObject({
  sizeBytes: v.number(),
  /** Unix ms. */
  modifiedMs: v.number(),
  /** SHA-256 of its first and of its last 64 KiB, base64url. */
  head: v.string(),
  tail: v.string(),
});
export type FileIdentity = v.InferOutput<typeof FileIdentity>;

/** Where an import reads from. */
export interface Source {
  /** null of standard input. */
  readonly name: string | null;
  /** The file, which can be read again from anywhere; null of what can be read once only, such as standard input. */
  readonly file: { readonly path: string; readonly identity: FileIdentity } | null;
  /** Reads what it holds, inflated, from an offset on: of what can be read once only from its beginning, once. */
  chunks(from: number): AsyncIterable<Uint8Array>;
  /** Bytes of the file, as it is, that are behind where an import has come to this offset. */
  doneBytes(offset: number): number;
  /** Whether the file is still what it was when it was opened. */
  isUnchanged(): Promise<boolean>;
  /** Ends the reading, wherever it is. */
  close(): void;
}

const ENDS_BYTES = 65_536;
const CHUNK_BYTES = 262_144;

/** @param path - `-` for standard input. @throws Error that says why it cannot be read. */
export async function openSource(path: string, stdin: Readable): Promise<Source> {
  if (path === "-") return streamed(null, stdin);
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read: ${error.code ?? error.message}.`);
  });
  const stat = await handle.stat();
  // Such as a named pipe: the shell's <(...).
  if (!stat.isFile() && !stat.isDirectory()) return streamed(basename(path), handle.createReadStream({ highWaterMark: CHUNK_BYTES }));
  try {
    if (stat.isDirectory()) throw new Error(`${path} is a folder.`);
    const identity = await identify(handle);
    return stored(await realpath(path), identity, isGzip(await readAt(handle, 0, 2)));
  } finally {
    await handle.close();
  }
}

function stored(path: string, identity: FileIdentity, isGzipped: boolean): Source {
  const opened: Readable[] = [];
  let read = 0;
  return {
    name: basename(path),
    file: { path, identity },
    async *chunks(from) {
      const start = isGzipped ? 0 : from;
      // What is written behind its end from now on is not of this file.
      if (start >= identity.sizeBytes) return;
      const raw = createReadStream(path, { start, end: identity.sizeBytes - 1, highWaterMark: CHUNK_BYTES });
      opened.push(raw);
      read = start;
      const counted = counting(raw, (bytes) => (read += bytes));
      yield* isGzipped ? skipping(from, inflated(counted)) : counted;
    },
    doneBytes: (offset) => (isGzipped ? read : offset),
    async isUnchanged() {
      const handle = await open(path).catch(() => null);
      if (handle === null) return false;
      try {
        return isSameFile(await identify(handle), identity);
      } finally {
        await handle.close();
      }
    },
    close() {
      for (const stream of opened) stream.destroy();
    },
  };
}

function streamed(name: string | null, stream: Readable): Source {
  let read = 0;
  return {
    name,
    file: null,
    async *chunks() {
      const counted = counting(stream, (bytes) => (read += bytes));
      const first = await counted.next();
      if (first.done === true) return;
      const whole = startingWith(first.value, counted);
      yield* isGzip(first.value) ? inflated(whole) : whole;
    },
    doneBytes: () => read,
    isUnchanged: async () => true,
    close: () => void stream.destroy(),
  };
}

export const isSameFile = (a: FileIdentity, b: FileIdentity): boolean => JSON.stringify(a) === JSON.stringify(b);

async function identify(handle: FileHandle): Promise<FileIdentity> {
  const { size, mtimeMs } = await handle.stat();
  const digest = async (at: number) =>
    createHash("sha256")
      .update(await readAt(handle, at, ENDS_BYTES))
      .digest("base64url");
  return { sizeBytes: size, modifiedMs: mtimeMs, head: await digest(0), tail: await digest(Math.max(0, size - ENDS_BYTES)) };
}

async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

async function* counting(chunks: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* inflated(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What fails on the way fails the reading below.
  pipeline(compressed, gunzip, () => undefined);
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new Error(`It cannot be inflated whole: ${(error as Error).message}.`, { cause: error });
  }
}

async function* skipping(bytes: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (chunk.byteLength > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.byteLength);
  }
}
