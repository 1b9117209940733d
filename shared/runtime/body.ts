import type { IncomingMessage } from "node:http";
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

import { Problem } from "../contract/problem.ts";
import { declaredLength, MAX_DECODED_BYTES } from "../core/ingest/snappy.ts";
import { wellFormedJson } from "../core/well-formed-json.ts";
import type { Result } from "../core/result.ts";

export interface BodyLimits {
  /** Bytes as they come over the wire, compressed or not. */
  readonly wireBytes: number;
  /** Bytes after inflating: what a handler may be given. */
  readonly decodedBytes: number;
  /** Decoded bytes for one wire byte; looked at once a body has grown past 1 MiB. */
  readonly ratio: number;
  /** For the whole body, from its headers to its last byte. */
  readonly timeoutMs: number;
  /** Decoded bytes of all the bodies that are held at once, each beyond its first 64 KiB: so many large ones cannot exhaust the memory. */
  readonly heldBytes: number;
}

export const BODY_LIMITS: BodyLimits = {
  wireBytes: 20 * 2 ** 20,
  decodedBytes: 64 * 2 ** 20,
  ratio: 100,
  timeoutMs: 30_000,
  heldBytes: 128 * 2 ** 20,
};

/** Small bodies may be as compressible as they like: a batch of zeros is no bomb. */
const RATIO_COUNTS_PAST_BYTES = 2 ** 20;

/** Small bodies are always taken. */
const UNCOUNTED_BYTES = 65_536;

/** The memory that bodies share, from their first byte to the end of their answer. */
export interface BodyMemory {
  /** Lets a body grow from one size to another, or gives it up (`to` 0). @returns False where there is no room; it then stays as it was. */
  resize(from: number, to: number): boolean;
}

/** Memory in which nothing is held yet. */
export function createBodyMemory({ heldBytes }: BodyLimits): BodyMemory {
  const counted = (size: number) => Math.max(0, size - UNCOUNTED_BYTES);
  let held = 0;
  return {
    resize(from, to) {
      const more = counted(to) - counted(from);
      if (more > 0 && held + more > heldBytes) return false;
      held += more;
      return true;
    },
  };
}

/** A zstd frame may ask for a window of 128 MiB; on the web it gets 8 MiB (RFC 9659 section 3). */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

const DECODERS = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(ZSTD_OPTIONS),
};
/** Handed on as it came: the one door that takes it decodes it, for it knows the block format of its protocol. */
const UNDECODED = "snappy";
const ACCEPTED_ENCODINGS = ["gzip", "deflate", "br", "zstd", UNDECODED];

const MAX_JSON_DEPTH = 64;
/** Twice what the largest request has that its contract takes: two columns of 100,000. */
const MAX_JSON_VALUES = 500_000;

/**
 * What can be refused before a byte of the body is read: a declared length over the limit, an encoding that is not known.
 *
 * @returns The refusal, or undefined when the body is worth reading.
 */
export function refusedUnread(req: IncomingMessage, limits: BodyLimits): Problem | undefined {
  if (Number(req.headers["content-length"] ?? 0) > limits.wireBytes) return wireTooLarge(limits);
  const coding = contentCoding(req);
  if (coding === undefined || coding === UNDECODED || Object.hasOwn(DECODERS, coding)) return undefined;
  return new Problem("unsupported-media-type", `The content encoding is not taken here; these are: ${ACCEPTED_ENCODINGS.join(", ")}.`, {
    members: { acceptEncoding: ACCEPTED_ENCODINGS },
  });
}

/** What a body takes of the shared memory until its request is answered: its bytes, and what a door will make of those that are handed on undecoded. */
export const heldBytesOf = (req: IncomingMessage, body: Uint8Array): number =>
  body.length + (contentCoding(req) === UNDECODED ? Math.min(declaredLength(body), MAX_DECODED_BYTES) : 0);

/**
 * Reads a request's whole body, inflating it within limits.
 *
 * Never holds more than `decodedBytes` of it, and stops at the first limit that is passed. After a refusal the request is paused with
 * the rest unread: the caller answers, and drains or closes the connection.
 *
 * @returns The decoded bytes (those of `snappy` as they came); or the refusal, whose detail names its limit. Never rejects. A client
 *   that goes away ends in a refusal too, which nobody is left to be told. The memory of a body that is given is the caller's to give up.
 */
export function readBody(
  req: IncomingMessage,
  limits: BodyLimits = BODY_LIMITS,
  memory: BodyMemory = createBodyMemory(limits),
): Promise<Result<Uint8Array, Problem>> {
  const refused = refusedUnread(req, limits);
  if (refused !== undefined) return Promise.resolve({ ok: false, error: refused });

  const coding = contentCoding(req);
  const decoder = coding === undefined || coding === UNDECODED ? undefined : DECODERS[coding as keyof typeof DECODERS]();
  const chunks: Uint8Array[] = [];
  let wireBytes = 0;
  let decodedBytes = 0;
  let heldBytes = 0;
  let wireEnded = false;
  let decoderEnded = decoder === undefined;
  let settled = false;

  return new Promise((resolve) => {
    const timer = setTimeout(
      () => refuse(new Problem("request-timeout", `The body took longer than ${limits.timeoutMs} ms.`)),
      limits.timeoutMs,
    );

    function settle(result: Result<Uint8Array, Problem>) {
      settled = true;
      clearTimeout(timer);
      req.off("data", onWire).off("end", onWireEnd).off("close", onGone);
      decoder?.destroy();
      resolve(result);
    }
    function refuse(error: Problem) {
      if (settled) return;
      req.pause();
      chunks.length = 0;
      memory.resize(heldBytes, 0);
      settle({ ok: false, error });
    }
    function finishWhenWhole() {
      if (settled || !wireEnded || !decoderEnded) return;
      if (decoder !== undefined && decoder.bytesWritten !== wireBytes)
        return refuse(malformed(`There are bytes after the end of the ${coding} body.`));
      const value = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, decodedBytes);
      if (!memory.resize(heldBytes, heldBytesOf(req, value))) return refuse(tooMany());
      settle({ ok: true, value });
    }
    function keep(chunk: Uint8Array) {
      if (settled) return;
      decodedBytes += chunk.length;
      if (decodedBytes > limits.decodedBytes) return refuse(tooLarge(`The decoded body is over ${limits.decodedBytes} bytes.`));
      if (decoder !== undefined && decodedBytes > RATIO_COUNTS_PAST_BYTES && decodedBytes > limits.ratio * decoder.bytesWritten) {
        return refuse(tooLarge(`The body inflates to more than ${limits.ratio} times its size.`));
      }
      if (!memory.resize(heldBytes, decodedBytes)) return refuse(tooMany());
      heldBytes = decodedBytes;
      chunks.push(chunk);
    }
    function onWire(chunk: Buffer) {
      wireBytes += chunk.length;
      if (wireBytes > limits.wireBytes) return refuse(wireTooLarge(limits));
      if (decoder === undefined) return keep(chunk);
      if (!decoderEnded && !decoder.write(chunk)) req.pause();
    }
    function onWireEnd() {
      wireEnded = true;
      if (wireBytes === 0) decoderEnded = true;
      else if (!decoderEnded) decoder?.end();
      finishWhenWhole();
    }
    function onGone() {
      // A request that has ended closes too, while the decoder may still be at work.
      if (!wireEnded) refuse(malformed("The connection closed before the body was whole."));
    }

    // After settling a late error of either stream has no one to tell, but must not be thrown.
    req.on("error", onGone).on("close", onGone).on("data", onWire).on("end", onWireEnd);
    decoder
      ?.on("data", keep)
      .on("drain", () => req.resume())
      .on("end", () => {
        decoderEnded = true;
        req.resume();
        finishWhenWhole();
      })
      .on("error", (cause) => refuse(malformed(`The body is not whole, valid ${coding}.`, cause)));
  });
}

/**
 * Parses a JSON body as strictly as RFC 8259: UTF-8 alone, one value, nested at most 64 levels, made of at most 500,000.
 *
 * @param bytes - The decoded body. A byte order mark is skipped.
 * @param options.halves - What becomes of half of a character, escaped: it is refused, or replaced by U+FFFD.
 * @returns The value, or `malformed-request` or `too-large`. Of a repeated key the last counts. A key `__proto__` is an own member like any other:
 *   read it by a schema, never by Object.assign or a loop of assignments.
 */
export function parseJsonBody(
  bytes: Uint8Array,
  { halves = "replaced" }: { readonly halves?: "refused" | "replaced" } = {},
): Result<unknown, Problem> {
  if (bytes.length === 0) return { ok: false, error: malformed("The body is empty; JSON was expected.") };
  const refused = refusedUnparsed(bytes);
  if (refused !== undefined) return { ok: false, error: refused };

  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    return { ok: false, error: malformed("The body is not valid UTF-8.", cause) };
  }
  try {
    const formed = wellFormedJson(text);
    if (formed !== text && halves === "refused") {
      return {
        ok: false,
        error: malformed("A text of the body has half of a character: an escape such as \\ud83d without the other half."),
      };
    }
    return { ok: true, value: JSON.parse(formed) as unknown };
  } catch (cause) {
    return { ok: false, error: malformed(`The body is not valid JSON${whereItFails(cause)}.`, cause) };
  }
}

/** Counts brackets and commas outside of strings, without parsing. A scan of bytes is safe: UTF-8 has no byte below 0x80 inside a character. */
function refusedUnparsed(json: Uint8Array): Problem | undefined {
  const end = json.length;
  let depth = 0;
  let values = 1;
  for (let at = 0; at < end; at++) {
    const mark = JSON_MARKS[json[at]!]!;
    if (mark === 0) continue;
    if (mark === QUOTE) at = endOfString(json, at + 1);
    else if (mark === COMMA) values++;
    else if (mark === CLOSE) depth--;
    else if (++depth > MAX_JSON_DEPTH) return malformed(`The JSON nests deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  return values > MAX_JSON_VALUES ? tooLarge(`The JSON has more than ${MAX_JSON_VALUES} values.`) : undefined;
}

/** What a byte is outside of strings; 0 for all that is passed over. */
const [QUOTE, COMMA, OPEN, CLOSE] = [1, 2, 3, 4];
const JSON_MARKS = new Uint8Array(256);
for (const [mark, characters] of [
  [QUOTE, '"'],
  [COMMA, ","],
  [OPEN, "[{"],
  [CLOSE, "]}"],
] as const)
  for (const character of characters) JSON_MARKS[character.charCodeAt(0)] = mark;

/** Where a string ends whose first character is at a place. */
function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  for (; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === 0x22) break;
    if (byte === 0x5c) at++;
  }
  return at;
}

/** The parser's own words, less what it quotes of the body. */
function whereItFails(cause: unknown): string {
  const message = cause instanceof Error ? cause.message.replace(/,? ?(\.\.\.)?".*$/s, "") : "";
  return message === "" ? "" : `: ${message}`;
}

/** The one coding of the body, undefined when it is plain. Several at once are joined, and so are none that we know. */
function contentCoding(req: IncomingMessage): string | undefined {
  const codings = (req.headers["content-encoding"] ?? "")
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  return codings.length === 0 ? undefined : codings.join(",");
}

const malformed = (detail: string, cause?: unknown) => new Problem("malformed-request", detail, { cause });
const tooLarge = (detail: string) => new Problem("too-large", detail);
const tooMany = () =>
  new Problem("unavailable", "Too many large requests are being read at once. Send this one again in a moment.", {
    members: { retryAfterS: 1 },
  });
const wireTooLarge = ({ wireBytes }: BodyLimits) => tooLarge(`The body is over ${wireBytes} bytes as sent.`);
