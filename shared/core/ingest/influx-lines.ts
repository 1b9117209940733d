import type { Result } from "../result.ts";

/** One line: a measurement, its tags, its fields that are numbers, and its time, if it has one. */
export interface InfluxLine {
  readonly measurement: string;
  readonly tags: readonly (readonly [name: string, value: string])[];
  /** Booleans are 1 and 0; fields that are strings are left out. */
  readonly fields: readonly (readonly [name: string, value: number])[];
  /** Unix ms, rounded down; null where the line has none. */
  readonly timestamp: number | null;
}

/** A line that cannot be read. */
export interface BadLine {
  /** From 1 on. */
  readonly number: number;
  readonly line: string;
  readonly reason: string;
}

/** Nanoseconds of each precision, under the names of both versions of the protocol. */
const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  n: 1n,
  us: 1_000n,
  u: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
export const PRECISIONS: readonly string[] = Object.keys(NANOSECONDS);

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^[-+]?\d+i$|^\d+u$/;
const BOOLEANS: Readonly<Record<string, number>> = Object.fromEntries([
  ...["t", "T", "true", "True", "TRUE"].map((text) => [text, 1]),
  ...["f", "F", "false", "False", "FALSE"].map((text) => [text, 0]),
]);

/** Thrown within this file, for the line that is being read. */
class Unreadable extends Error {}

/**
 * Reads line protocol. There is no parser of it on npm that is kept; the writers that are (Influx's own clients) prove this one.
 *
 * @param precision - One of PRECISIONS.
 * @yields Each line that says something, in order; empty lines and comments are passed over.
 * @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
export function* readInfluxLines(text: string, precision: string): Generator<Result<InfluxLine, BadLine>> {
  const unit = NANOSECONDS[precision] ?? 1n;
  for (let at = 0, number = 1; at < text.length;) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end).replace(/\r$/, "");
    if (line.trim() !== "" && !line.trimStart().startsWith("#")) yield readLine(line.trimStart(), unit, number);
    for (; at < end; at++) if (text[at] === "\n") number += 1;
    at = end + 1;
    number += 1;
  }
}

/** Where a line ends: at the next line feed that is not within a string. */
function endOfLine(text: string, from: number): number {
  let start = from;
  while (text[start] === " ") start += 1;
  let [inFields, inString, last] = [false, false, ""];
  for (let at = start; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\n" && !inString) return at;
    if (character === "\\") {
      // It takes the next character along, but never a line's end outside of a string.
      if (inString || text[at + 1] !== "\n") at += 1;
      last = "";
      continue;
    }
    // A string begins where a field's value does; before the fields, a quote is a character like any other.
    if (inString) inString = character !== '"';
    else if (character === '"') inString = inFields && last === "=";
    else if (character === " ") inFields = true;
    last = character;
  }
  // A string that is never closed ends with its line: the lines after it are not lost with it.
  const next = text.indexOf("\n", from);
  return inString && next !== -1 ? next : text.length;
}

function readLine(line: string, unit: bigint, number: number): Result<InfluxLine, BadLine> {
  try {
    return { ok: true, value: takeApart(line, unit) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, error: { number, line, reason: error.message } };
    throw error;
  }
}

function takeApart(line: string, unit: bigint): InfluxLine {
  let at = 0;
  const measurement = text(", ");
  if (measurement === "") throw new Unreadable("The measurement has no name");
  const tags: [string, string][] = [];
  while (line[at] === ",") {
    at += 1;
    const name = text("=, ");
    if (line[at] !== "=" || name === "") throw new Unreadable("A tag has no name or no value");
    at += 1;
    tags.push([name, text(", ")]);
  }
  spaces();
  const fields: [string, number][] = [];
  for (let more = true; more;) {
    const name = text("=, ");
    if (line[at] !== "=" || name === "") throw new Unreadable("A field has no name or no value");
    at += 1;
    const value = line[at] === '"' ? quoted() : numberOf(name, text(", "));
    if (value !== null) fields.push([name, value]);
    more = line[at] === ",";
    if (more) at += 1;
  }
  spaces();
  return { measurement, tags, fields, timestamp: timestampOf(line.slice(at).trim(), unit) };

  /** A name or value up to one of the characters that end it; a backslash takes from those characters what they mean. */
  function text(stops: string): string {
    let read = "";
    for (; at < line.length && !stops.includes(line[at]!); at++) {
      if (line[at] === "\\" && at + 1 < line.length && ",= ".includes(line[at + 1]!)) at += 1;
      read += line[at]!;
    }
    return read;
  }

  /** Passes over a string: it is no number. */
  function quoted(): null {
    for (at += 1; at < line.length; at++) {
      if (line[at] === "\\") at += 1;
      else if (line[at] === '"') {
        at += 1;
        return null;
      }
    }
    throw new Unreadable("A string has no end");
  }

  function spaces(): void {
    while (line[at] === " ") at += 1;
  }
}

function numberOf(name: string, text: string): number {
  if (NUMBER.test(text)) return Number(text);
  if (INTEGER.test(text)) return Number(text.slice(0, -1));
  const value = Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
  if (value === undefined) throw new Unreadable(`The field ${name.slice(0, 100)} has no value that is a number, a boolean or a string`);
  return value;
}

function timestampOf(text: string, unit: bigint): number | null {
  if (text === "") return null;
  if (!/^-?\d{1,19}$/.test(text)) throw new Unreadable("The timestamp is no whole number");
  const nanoseconds = BigInt(text) * unit;
  // Division rounds towards zero; times before 1970 are refused later on.
  return Number(nanoseconds / 1_000_000n);
}
