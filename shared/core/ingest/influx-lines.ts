import type { Result } from "../result.ts";

/** One line that says something, as far as it is read: its key stands for many lines, and is taken apart by readInfluxKey. */
export interface InfluxLine {
  /** Where it begins in the request, from 1 on. */
  readonly number: number;
  /** As it came. */
  readonly text: string;
  /** Its measurement and tags, as they came. */
  readonly key: string;
  /** Booleans are 1 and 0, integers of more than 53 bits are rounded; fields that are strings are left out. */
  readonly fields: readonly (readonly [name: string, value: number])[];
  /** Unix ms, rounded down; null where the line has none. */
  readonly timestamp: number | null;
}

/** A line that cannot be read. */
export interface BadLine {
  readonly number: number;
  readonly text: string;
  readonly reason: string;
}

/** A measurement and its tags. A tag may have no value. */
export interface InfluxKey {
  readonly measurement: string;
  readonly tags: readonly (readonly [name: string, value: string])[];
}

/** Of characters: a string of InfluxDB's longest, twice. */
export const MAX_LINE_LENGTH = 131_072;

/** For each precision, under its names in both versions of the protocol: the digits below a millisecond, and the milliseconds of a unit. */
const UNITS: Readonly<Record<string, { readonly below: number; readonly ms: number }>> = {
  ns: { below: 6, ms: 1 },
  n: { below: 6, ms: 1 },
  us: { below: 3, ms: 1 },
  u: { below: 3, ms: 1 },
  ms: { below: 0, ms: 1 },
  s: { below: 0, ms: 1_000 },
  m: { below: 0, ms: 60_000 },
  h: { below: 0, ms: 3_600_000 },
};
export const PRECISIONS: readonly string[] = Object.keys(UNITS);

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, HASH, COMMA, EQUALS, BACKSLASH] = [9, 10, 13, 32, 34, 35, 44, 61, 92];
/** What a character ends: a key, a name, a value that is no string, a part of a key. */
const [KEY, NAME, VALUE, PART] = [1, 2, 4, 8];
const ENDS = new Uint8Array(128);
ENDS[NEWLINE] = KEY | NAME | VALUE;
ENDS[SPACE] = KEY | NAME | VALUE;
ENDS[TAB] = VALUE;
ENDS[RETURN] = VALUE;
ENDS[COMMA] = NAME | VALUE | PART;
ENDS[EQUALS] = NAME;

/**
 * Reads line protocol from the bytes of a request.
 *
 * @param precision - One of PRECISIONS.
 * @yields As readInfluxLines does; a line whose bytes are not UTF-8 is a bad one.
 */
export function* readInfluxBody(body: Uint8Array, precision: string): Generator<Result<InfluxLine, BadLine>> {
  const text = new TextDecoder().decode(body);
  const suspect = text.includes("\ufffd") && !isUtf8(body);
  for (const line of readInfluxLines(text, precision)) {
    const { number, text: own } = line.ok ? line.value : line.error;
    if (suspect && own.includes("\ufffd")) yield { ok: false, error: { number, text: own, reason: "The line is not valid UTF-8" } };
    else yield line;
  }
}

/**
 * Reads line protocol. The one parser of it on npm is not kept up; Influx's own clients, which are, prove this one in its tests.
 * A backslash escapes a comma, a space or an equals sign in a name, a quote or a backslash in a string, and is itself before anything else.
 *
 * @param precision - One of PRECISIONS.
 * @yields Each line that says something, in order; empty lines and comments are passed over. What a string holds is never read as a line, also
 *   where its line is a bad one.
 * @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 * @see https://github.com/influxdata/influxdb/blob/1.8/models/points.go, whose conventions are followed where the reference is silent.
 */
export function* readInfluxLines(text: string, precision: string): Generator<Result<InfluxLine, BadLine>> {
  let number = 1;
  for (let at = 0; at < text.length; at++, number++) {
    const from = afterBlanks(text, at);
    const first = text.charCodeAt(from);
    if (first === HASH) at = endOfLine(text, from);
    else if (from === text.length || first === NEWLINE) at = from;
    else {
      const read = readLine(text, from, precision);
      at = typeof read.end === "number" ? read.end : skipRest(text, read.wrongAt);
      const own = text.slice(from, at).trimEnd();
      if (own.length > MAX_LINE_LENGTH) yield bad(number, own, `The line is over ${MAX_LINE_LENGTH} characters`);
      else if (read.end === null) yield bad(number, own, read.reason);
      else yield { ok: true, value: { number, text: own, key: read.key, fields: read.fields, timestamp: read.timestamp } };
      for (let next = text.indexOf("\n", from); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) number += 1;
    }
  }
}

/** Takes a line's key apart. */
export function readInfluxKey(part: string): Result<InfluxKey, string> {
  // A copy: series are remembered by their names, and what is cut out of a request would hold all of it.
  const key = Buffer.from(part).toString();
  let at = upTo(key, 0, PART);
  if (at === 0) return { ok: false, error: "The measurement has no name" };
  const measurement = key.slice(0, at).replaceAll(/\\([, ])/g, "$1");
  const tags: [string, string][] = [];
  while (at < key.length) {
    const nameEnd = upTo(key, at + 1, NAME);
    if (nameEnd === at + 1) return { ok: false, error: "A tag has no name" };
    const name = unescaped(key.slice(at + 1, nameEnd));
    if (key.charCodeAt(nameEnd) !== EQUALS) return { ok: false, error: `The tag ${quoted(name)} has no value` };
    at = upTo(key, nameEnd + 1, NAME);
    if (key.charCodeAt(at) === EQUALS)
      return { ok: false, error: `The value of the tag ${quoted(name)} has an equals sign that is not escaped` };
    tags.push([name, unescaped(key.slice(nameEnd + 1, at))]);
  }
  return { ok: true, value: { measurement, tags } };
}

/** A line up to its end, or what is wrong with it and where. */
type Read =
  | { readonly end: number; readonly key: string; readonly fields: [string, number][]; readonly timestamp: number | null }
  | { readonly end: null; readonly wrongAt: number; readonly reason: string };
const wrong = (wrongAt: number, reason: string): Read => ({ end: null, wrongAt, reason });

function readLine(text: string, from: number, precision: string): Read {
  const keyEnd = upTo(text, from, KEY);
  const key = text.slice(from, keyEnd);
  const fields: [string, number][] = [];
  let at = afterBlanks(text, keyEnd);
  for (let more = true; more;) {
    const nameEnd = upTo(text, at, NAME);
    if (nameEnd === at) return wrong(at, "A field is missing, or has no name");
    const name = unescaped(text.slice(at, nameEnd));
    if (text.charCodeAt(nameEnd) !== EQUALS) return wrong(nameEnd, `The field ${quoted(name)} has no value`);
    const valueAt = nameEnd + 1;
    if (text.charCodeAt(valueAt) === QUOTE) {
      at = endOfString(text, valueAt);
      if (at === -1) return wrong(valueAt, `The string of the field ${quoted(name)} has no end`);
      if (at < text.length && !ends(text.charCodeAt(at), VALUE))
        return wrong(at, `Something follows the string of the field ${quoted(name)}`);
    } else {
      at = upTo(text, valueAt, VALUE);
      const value = numberOf(text.slice(valueAt, at));
      if (value === null) return wrong(valueAt, `The field ${quoted(name)} has no value that is a number, a boolean or a string`);
      fields.push([name, value]);
    }
    if (at - from > MAX_LINE_LENGTH) return wrong(at, "The line is too long");
    more = text.charCodeAt(at) === COMMA;
    if (more) at += 1;
  }
  const timeAt = afterBlanks(text, at);
  const timeEnd = upTo(text, timeAt, VALUE);
  const time = text.slice(timeAt, timeEnd);
  if (time !== "" && !TIME.test(time)) return wrong(timeAt, "The timestamp is not a whole number");
  const end = afterBlanks(text, timeEnd);
  if (end < text.length && text.charCodeAt(end) !== NEWLINE) return wrong(end, "Something follows the timestamp");
  return { end, key, fields, timestamp: time === "" ? null : timeOf(time, UNITS[precision]!) };
}

const bad = (number: number, text: string, reason: string): Result<never, BadLine> => ({ ok: false, error: { number, text, reason } });

const ends = (code: number, what: number): boolean => code < 128 && (ENDS[code]! & what) !== 0;

/** Where a name, key or value ends: at the first character that ends it and is not escaped. */
function upTo(text: string, from: number, what: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== BACKSLASH) {
      if (ends(code, what)) break;
      continue;
    }
    const next = text.charCodeAt(at + 1);
    if (next === COMMA || next === EQUALS || next === SPACE) at += 1;
  }
  return at;
}

/** Where a string ends whose first quote is at a place; -1 where it does not. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return -1;
}

/** Where a bad line ends: its strings are passed over, but one that has no end ends with its line. */
function skipRest(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) break;
    if (code !== QUOTE || text.charCodeAt(at - 1) !== EQUALS) continue;
    const end = endOfString(text, at);
    if (end === -1) return endOfLine(text, at);
    at = end - 1;
  }
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== TAB && code !== RETURN) break;
  }
  return at;
}

const unescaped = (text: string): string => (text.includes("\\") ? text.replaceAll(/\\([,= ])/g, "$1") : text);

/** A name as it is told. */
const quoted = (name: string): string => JSON.stringify(name.slice(0, 100));

const DECIMAL = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^(?:[-+]?\d+i|\d+u)$/;
const NOT_FINITE = /^[-+]?(?:nan|inf(?:inity)?)$/i;
const TIME = /^-?\d{1,19}$/;
const BOOLEANS: ReadonlyMap<string, number> = new Map([
  ...["t", "T", "true", "True", "TRUE"].map((text) => [text, 1] as const),
  ...["f", "F", "false", "False", "FALSE"].map((text) => [text, 0] as const),
]);

/** @returns null where it is none; NaN and infinities are numbers that are refused later on, each for itself. */
function numberOf(text: string): number | null {
  if (DECIMAL.test(text)) return Number(text);
  if (INTEGER.test(text)) return Number(text.slice(0, -1));
  if (NOT_FINITE.test(text)) return /nan/i.test(text) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity;
  return BOOLEANS.get(text) ?? null;
}

/** By its digits: a double cannot hold nanoseconds. */
function timeOf(time: string, { below, ms }: { readonly below: number; readonly ms: number }): number {
  // Before 1970, which is refused later on.
  if (time.startsWith("-")) return Math.floor(Number(time) / 10 ** below) * ms + 0;
  return Number(below === 0 ? time : time.slice(0, -below)) * ms;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
