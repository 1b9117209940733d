import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

import type { Problem } from "../contract/problem.ts";
import type { Result } from "../core/result.ts";
import { BODY_LIMITS, parseJsonBody, readBody } from "./body.ts";
import type { BodyLimits } from "./body.ts";

const MIB = 2 ** 20;
const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };

const chunk = (bytes: Uint8Array) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
const parse = (text: string) => parseJsonBody(Buffer.from(text));

/** Bytes that no coding shrinks by much, the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let x = 1;
  for (let at = 0; at < size; at++) bytes[at] = (x = (x * 48_271) % 2_147_483_647) >>> 8;
  return bytes;
}

describe("readBody", () => {
  let server: Server;
  let limits: BodyLimits;
  let results: Promise<Result<Uint8Array, Problem>>[];

  beforeEach(async () => {
    limits = BODY_LIMITS;
    results = [];
    server = createServer((req, res) => {
      const result = readBody(req, limits);
      results.push(result);
      void result.then(() => res.end(() => req.socket.destroy()));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });

  /** Sends a request as bytes, without ever ending the connection, and gives what was read of it. */
  async function send(headers: string, ...parts: (Uint8Array | string)[]): Promise<Result<Uint8Array, Problem>> {
    const socket = open();
    const arrived = once(server, "request");
    socket.write(`POST / HTTP/1.1\r\nHost: test\r\n${headers}\r\n\r\n`);
    await arrived;
    for (const part of parts) socket.write(part);
    return results[0]!;
  }
  function open(): Socket {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => undefined).on("data", () => undefined);
    return socket;
  }
  const sendEncoded = (encoding: string, body: Uint8Array) => send(`Content-Length: ${body.length}\r\nContent-Encoding: ${encoding}`, body);

  test.each(["", "identity", "IDENTITY", "snappy"])("a body with the encoding %p is given as it came", async (encoding) => {
    const body = noise(200_000);
    const result = await sendEncoded(encoding, body);
    expect(result.ok && Buffer.compare(result.value, body)).toBe(0);
  });

  test.each(Object.entries(ENCODERS))("a %s body is inflated to the exact bytes", async (encoding, encode) => {
    const body = Buffer.concat([noise(300_000), Buffer.from("αβγ".repeat(50_000))]);
    const result = await sendEncoded(encoding, encode(body));
    expect(result.ok && Buffer.compare(result.value, body)).toBe(0);
  });

  test("gzip's old name, capitals and a listed identity mean gzip", async () => {
    expect(await sendEncoded("Identity, X-Gzip", gzipSync("x"))).toEqual({ ok: true, value: Buffer.from("x") });
  });

  test("gzip of several members is one body", async () => {
    const body = Buffer.concat([gzipSync("one"), gzipSync("two")]);
    expect(await sendEncoded("gzip", body)).toEqual({ ok: true, value: Buffer.from("onetwo") });
  });

  test.each(["gzip", ""])("no body at all is an empty one, whatever its encoding (%p)", async (encoding) => {
    expect(await sendEncoded(encoding, Buffer.alloc(0))).toEqual({ ok: true, value: Buffer.alloc(0) });
  });

  test.each(["compress", "gzip, br", "__proto__", "constructor"])(
    "the encoding %p is refused, unread, with those that are taken",
    async (encoding) => {
      const result = await send(`Content-Length: 5\r\nContent-Encoding: ${encoding}`);
      expect(result).toMatchObject({
        error: { kind: "unsupported-media-type", members: { acceptEncoding: ["gzip", "deflate", "br", "zstd", "snappy"] } },
      });
    },
  );

  test("a declared length over the wire limit is refused before a byte of it came", async () => {
    limits = { ...BODY_LIMITS, wireBytes: 1_000 };
    expect(await send("Content-Length: 1001")).toMatchObject({
      error: { kind: "too-large", detail: expect.stringContaining("1000 bytes as sent") },
    });
  });

  test("an undeclared length is refused as soon as it passes the wire limit", async () => {
    limits = { ...BODY_LIMITS, wireBytes: 1_000 };
    const result = await send("Transfer-Encoding: chunked", chunk(noise(600)), chunk(noise(401)));
    expect(result).toMatchObject({ error: { kind: "too-large", detail: expect.stringContaining("1000 bytes as sent") } });
  });

  test("a body of exactly the wire limit is taken", async () => {
    limits = { ...BODY_LIMITS, wireBytes: 1_000 };
    expect(await send("Transfer-Encoding: chunked", chunk(noise(1_000)), "0\r\n\r\n")).toEqual({ ok: true, value: noise(1_000) });
  });

  test("a body that inflates past the decoded limit is refused", async () => {
    limits = { ...BODY_LIMITS, decodedBytes: 100_000 };
    expect(await sendEncoded("gzip", gzipSync(noise(100_001)))).toMatchObject({
      error: { kind: "too-large", detail: expect.stringContaining("decoded body is over 100000 bytes") },
    });
  });

  test("a body that inflates to exactly the decoded limit is taken", async () => {
    limits = { ...BODY_LIMITS, decodedBytes: 100_000 };
    expect(await sendEncoded("gzip", gzipSync(noise(100_000)))).toMatchObject({ ok: true });
  });

  test.each(Object.entries(ENCODERS))("a bomb of %s is refused by its ratio, long before it has burst", async (encoding, encode) => {
    const bomb = encode(Buffer.alloc(32 * MIB));
    expect(await sendEncoded(encoding, bomb)).toMatchObject({
      error: { kind: "too-large", detail: expect.stringContaining("more than 100 times its size") },
    });
  });

  test("a body under 1 MiB may be as compressible as it likes", async () => {
    expect(await sendEncoded("br", brotliCompressSync(Buffer.alloc(MIB)))).toMatchObject({ ok: true });
  });

  test.each(Object.entries(ENCODERS))("a truncated %s body is malformed", async (encoding, encode) => {
    const whole = encode("a metric, ".repeat(1_000));
    expect(await sendEncoded(encoding, whole.subarray(0, -3))).toMatchObject({
      error: { kind: "malformed-request", detail: expect.stringContaining(encoding) },
    });
  });

  test.each(Object.entries(ENCODERS))("what is not %s is malformed", async (encoding) => {
    expect(await sendEncoded(encoding, Buffer.from("no such encoding, plain text"))).toMatchObject({
      error: { kind: "malformed-request" },
    });
  });

  test.each(Object.entries(ENCODERS))("bytes after the end of a %s body are malformed, not dropped", async (encoding, encode) => {
    const body = Buffer.concat([encode("x".repeat(1_000)), Buffer.from("\0\0\0trailing")]);
    expect(await sendEncoded(encoding, body)).toMatchObject({ error: { kind: "malformed-request" } });
  });

  test("a zstd frame that asks for more than 8 MiB of window is refused", async () => {
    // RFC 8878 section 3.1.1: magic number, a frame header without single segment, a window descriptor of 2 ^ (10 + 17) = 128 MiB.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x01, 0x00, 0x00]);
    expect(await sendEncoded("zstd", frame)).toMatchObject({ error: { kind: "malformed-request" } });
  });

  test("a body that dribbles in longer than its time is refused", async () => {
    limits = { ...BODY_LIMITS, timeoutMs: 50 };
    const result = await send("Content-Length: 10", "half");
    expect(result).toMatchObject({ error: { kind: "request-timeout", detail: expect.stringContaining("50 ms") } });
  });

  test("a client that goes away in the middle ends the reading, and throws nothing", async () => {
    const socket = open();
    socket.write(`POST / HTTP/1.1\r\nHost: test\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n`);
    await once(server, "request");
    socket.destroy();
    expect(await results[0]).toMatchObject({ error: { kind: "malformed-request" } });
  });
});

describe("parseJsonBody", () => {
  test("every value that JSON can write is read back", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) =>
        expect(parse(JSON.stringify(value))).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) }),
      ),
    );
  });

  test.each([
    ["an empty body", ""],
    ["white space", " \n"],
    ["a bare NaN", '{"value": NaN}'],
    ["a trailing comma", "[1,]"],
    ["two values", "1 2"],
    ["a single quote", "{'a': 1}"],
    ["a comment", "// hi\n1"],
    ["an unclosed string", '"abc'],
    ["a control character in a string", '"a\u0001"'],
    ["a cut escape at the end", '"\\'],
  ])("%s is malformed", (_, text) => {
    expect(parse(text)).toMatchObject({ ok: false, error: { kind: "malformed-request" } });
  });

  test("the detail says what failed, and quotes nothing of the body", () => {
    const result = parse('{"token": "iv_secret", "value": NaN}');
    expect(result).toMatchObject({ error: { detail: expect.stringContaining("Unexpected token") } });
    expect(!result.ok && result.error.detail).not.toContain("secret");
  });

  test.each([
    ["a lone continuation byte", [0x22, 0x80, 0x22]],
    ["a cut character", [0x22, 0xe2, 0x82, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0xaf, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["Latin-1", [0x22, 0xe9, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x31, 0x00]],
  ])("%s is refused as invalid UTF-8", (_, bytes) => {
    expect(parseJsonBody(Uint8Array.from(bytes))).toMatchObject({
      error: { kind: "malformed-request", detail: expect.stringContaining("UTF-8") },
    });
  });

  test.each(["[", '{"a":'])("64 levels of %s are read, 65 are not, and a million do no harm", (open) => {
    const close = open === "[" ? "]" : "}";
    const nested = (levels: number) => open.repeat(levels) + (open === "[" ? "" : "0") + close.repeat(levels);

    expect(parse(nested(64)).ok).toBe(true);
    expect(parse(nested(65))).toMatchObject({ error: { detail: expect.stringContaining("64 levels") } });
    expect(parse(nested(1_000_000))).toMatchObject({ error: { kind: "malformed-request" } });
    expect(parse(open.repeat(1_000_000))).toMatchObject({ error: { kind: "malformed-request" } });
  });

  test("brackets inside strings, and after escaped quotes, are no nesting", () => {
    const text = JSON.stringify({ a: "[".repeat(100), 'b"{': '\\"[[['.repeat(50), c: "\\".repeat(3) + "[" });
    expect(parse(text)).toMatchObject({ ok: true });
    expect(parse(`[${"[],".repeat(1_000)}0]`)).toMatchObject({ ok: true });
  });

  test("500,000 values are read, one more is refused unparsed, and commas inside strings are no values", () => {
    const list = (n: number) => `[${Array.from({ length: n }, () => "0").join(",")}]`;
    const result = parse(list(500_000));
    expect(result.ok && result.value).toHaveLength(500_000);
    expect(parse(list(500_001))).toMatchObject({ error: { kind: "too-large", detail: expect.stringContaining("500000 values") } });
    expect(parse(JSON.stringify([",".repeat(600_000)]))).toMatchObject({ ok: true });
  });

  test("of a repeated key the last value counts", () => {
    expect(parse('{"a": 1, "a": 2}')).toEqual({ ok: true, value: { a: 2 } });
  });

  test("__proto__ is a member like any other, and reaches no prototype", () => {
    const result = parse('{"__proto__": {"isAdmin": true}, "constructor": {"prototype": {"isAdmin": true}}}');
    const value = (result.ok ? result.value : null) as Record<string, unknown>;

    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf(JSON.parse("{}")));
    expect(value["isAdmin"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
  });

  test("half of a character, escaped, becomes U+FFFD wherever it stands, and whole ones stay", () => {
    const text = String.raw`{"\ud83d": ["\uDE00 x", "\ud83d\ude00", "\\ud83d"]}`;
    expect(parse(text)).toEqual({ ok: true, value: { "\ufffd": ["\ufffd x", "😀", String.raw`\ud83d`] } });
  });

  test("a byte order mark is skipped", () => {
    expect(parse("\uFEFF1")).toEqual({ ok: true, value: 1 });
  });
});
