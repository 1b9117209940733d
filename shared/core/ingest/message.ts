import type { Result } from "../result.ts";
import {
  BYTES,
  FIXED64,
  MalformedWire,
  MAX_PARTS,
  openWire,
  readBytes,
  readDouble,
  readKey,
  readText,
  readVarint,
  skipField,
  TooManyParts,
  VARINT,
  within,
} from "./wire.ts";
import type { Wire } from "./wire.ts";

// Messages that come in protobuf or in JSON: one table of fields a message reads it from both.

/** Why a request is not read. */
export interface Unreadable {
  readonly reason: "malformed" | "too-large";
  readonly message: string;
}

/** Messages in messages, as protobuf itself limits them. */
const MAX_DEPTH = 100;

/**
 * Reads a message from the protobuf wire format: fields that its type does not have are skipped.
 */
export const fromProtobuf = <Message>(bytes: Uint8Array, type: MessageType<Message>): Result<Message, Unreadable> =>
  readOrRefuse(() => readMessage(openWire(bytes), type, { partsLeft: MAX_PARTS, depth: 0 }));

/** Reads a message from JSON, parsed, as protobuf maps to it: members that its type does not have are passed over. */
export const fromJson = <Message>(json: unknown, type: MessageType<Message>): Result<Message, Unreadable> =>
  readOrRefuse(() => messageOf(json, type, { partsLeft: MAX_PARTS, depth: 0 }));

function readOrRefuse<Message>(read: () => Message): Result<Message, Unreadable> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof MalformedWire) return { ok: false, error: { reason: "malformed", message: error.message } };
    if (error instanceof TooManyParts) return { ok: false, error: { reason: "too-large", message: error.message } };
    throw error;
  }
}

/** What is still allowed while a request is read. */
interface Reading {
  partsLeft: number;
  depth: number;
}

/** A value that is no message: how it is read from the wire, where `wireType` announces it, and from JSON. */
export interface Scalar<Value> {
  readonly wireType: number;
  read(wire: Wire): Value;
  /** undefined: it is none. */
  of(json: unknown): Value | undefined;
  /** What JSON is to have. */
  readonly expected: string;
}

interface Field {
  readonly number: number;
  readonly repeated: boolean;
  /** A function where the messages contain each other. */
  readonly type: Scalar<unknown> | (() => MessageType<unknown>);
}
/** A field whose values are of a type: the table below is checked against the interfaces by it. */
type FieldOf<Value> = Field & { readonly valueType?: Value };

export interface MessageType<Message> {
  readonly fields: readonly (Field & { readonly name: string })[];
  readonly byNumber: readonly ((Field & { readonly name: string }) | undefined)[];
  readonly messageType?: Message;
}

type Of<Value> = Scalar<Value> | (() => MessageType<Value>);
/** A field that comes once at most: its number, and what it has. */
export const one = <Value>(number: number, type: Of<Value>): FieldOf<Value> => ({ number, type, repeated: false });
export const many = <Value>(number: number, type: Of<Value>): FieldOf<readonly Value[]> => ({ number, type, repeated: true });

/** Describes a message by its fields, under their names in JSON. */
export function message<Message>(table: { readonly [Name in keyof Message]-?: FieldOf<NonNullable<Message[Name]>> }): MessageType<Message> {
  const fields = Object.entries<Field>(table).map(([name, field]) => ({ name, ...field }));
  const byNumber: (Field & { readonly name: string })[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return { fields, byNumber };
}

function readMessage<Message>(wire: Wire, { byNumber }: MessageType<Message>, reading: Reading): Message {
  count(reading);
  if (++reading.depth > MAX_DEPTH) throw new MalformedWire("The values nest too deep");
  const read: Record<string, unknown> = {};
  while (wire.at < wire.end) {
    const key = readKey(wire);
    const field = byNumber[key >>> 3];
    if (field === undefined) skipField(wire, key);
    else readField(wire, key, field, read, reading);
  }
  reading.depth -= 1;
  return read as Message;
}

function readField(
  wire: Wire,
  key: number,
  { name, type, repeated }: Field & { name: string },
  read: Record<string, unknown>,
  reading: Reading,
) {
  const keep = (value: unknown): void => {
    if (!repeated) read[name] = value;
    else if (read[name] === undefined) read[name] = [value];
    else (read[name] as unknown[]).push(value);
  };
  const wireType = key & 7;
  if (typeof type === "function") {
    if (wireType === BYTES) within(wire, () => keep(readMessage(wire, type(), reading)));
    else skipField(wire, key);
  } else if (wireType === type.wireType) {
    if (repeated) count(reading);
    keep(type.read(wire));
  } else if (wireType === BYTES && repeated) {
    // Packed: one after another, without keys.
    within(wire, () => {
      while (wire.at < wire.end) {
        count(reading);
        keep(type.read(wire));
      }
    });
  } else skipField(wire, key);
}

function count(reading: Reading): void {
  if (--reading.partsLeft < 0) throw new TooManyParts();
}

function messageOf<Message>(json: unknown, { fields }: MessageType<Message>, reading: Reading): Message {
  count(reading);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new MalformedWire("expected an object");
  const read: Record<string, unknown> = {};
  for (const field of fields) {
    const value = (json as Readonly<Record<string, unknown>>)[field.name];
    // null stands for what is not there.
    if (value === undefined || value === null) continue;
    read[field.name] = field.repeated ? valuesOf(value, field, reading) : at(field.name, () => valueOf(value, field, reading));
  }
  return read as Message;
}

function valuesOf(json: unknown, field: Field & { name: string }, reading: Reading): unknown[] {
  if (!Array.isArray(json)) throw new MalformedWire(`${field.name}: expected an array`);
  return json.map((value: unknown, place) =>
    at(`${field.name}[${place}]`, () => {
      if (typeof field.type !== "function") count(reading);
      return valueOf(value, field, reading);
    }),
  );
}

function valueOf(json: unknown, { type }: Field, reading: Reading): unknown {
  if (typeof type === "function") return messageOf(json, type(), reading);
  const value = type.of(json);
  if (value === undefined) throw new MalformedWire(`expected ${type.expected}`);
  return value;
}

/** Puts a member's place before what is wrong with it. */
function at<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedWire)) throw error;
    throw new MalformedWire(error.message.startsWith("expected") ? `${place}: ${error.message}` : `${place}.${error.message}`);
  }
}

const INTEGER = /^-?\d{1,20}$/;
/** An integer in JSON, a number or its digits; undefined where it is none, or not in [from, to). */
export function integerOf(json: unknown, from: bigint, to: bigint): bigint | undefined {
  if (typeof json !== "string" && typeof json !== "number") return undefined;
  if (typeof json === "string" ? !INTEGER.test(json) : !Number.isInteger(json)) return undefined;
  const value = BigInt(json);
  return value >= from && value < to ? value : undefined;
}
function numberOf(json: unknown, from: bigint, to: bigint): number | undefined {
  const value = integerOf(json, from, to);
  return value === undefined ? undefined : Number(value);
}

const NUMBERS_BY_NAME: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** Passes over bytes. @returns Where they start. */
export function moved(wire: Wire, bytes: number): number {
  const { at: from, end } = wire;
  if (from + bytes > end) throw new MalformedWire("The message is cut off");
  wire.at = from + bytes;
  return from;
}

export const text: Scalar<string> = {
  wireType: BYTES,
  read: readText,
  of: (json) => (typeof json === "string" ? json : undefined),
  expected: "a string",
};
export const base64: Scalar<string> = {
  wireType: BYTES,
  read(wire) {
    const from = readBytes(wire);
    return Buffer.from(wire.bytes.buffer, wire.bytes.byteOffset + from, wire.at - from).toString("base64");
  },
  of: text.of,
  expected: "base64",
};
export const bool: Scalar<boolean> = {
  wireType: VARINT,
  read: (wire) => readVarint(wire) !== 0,
  of: (json) => (typeof json === "boolean" ? json : undefined),
  expected: "true or false",
};
export const double: Scalar<number> = {
  wireType: FIXED64,
  read: readDouble,
  of(json) {
    if (typeof json === "number") return json;
    if (typeof json !== "string" || json.trim() === "") return undefined;
    const value = Object.hasOwn(NUMBERS_BY_NAME, json) ? NUMBERS_BY_NAME[json]! : Number(json);
    return Number.isNaN(value) && json !== "NaN" ? undefined : value;
  },
  expected: "a number",
};
export const int64Digits: Scalar<string> = {
  wireType: VARINT,
  read(wire) {
    const from = wire.at;
    const value = readVarint(wire);
    if (value <= Number.MAX_SAFE_INTEGER) return String(value);
    let exact = 0n;
    for (let place = from, shift = 0n; place < wire.at; place++, shift += 7n) exact |= BigInt(wire.bytes[place]! & 127) << shift;
    return String(BigInt.asIntN(64, exact));
  },
  of: (json) => integerOf(json, -(2n ** 63n), 2n ** 63n)?.toString(),
  expected: "an integer of 64 bits",
};
export const uint: Scalar<number> = {
  wireType: VARINT,
  read: readVarint,
  of: (json) => numberOf(json, 0n, 2n ** 64n),
  expected: "an integer, not negative",
};
export const sint32: Scalar<number> = {
  wireType: VARINT,
  read(wire) {
    const folded = readVarint(wire);
    return (folded >>> 1) ^ -(folded & 1);
  },
  of: (json) => numberOf(json, -(2n ** 31n), 2n ** 31n),
  expected: "an integer of 32 bits",
};
export const fixed64: Scalar<number> = {
  wireType: FIXED64,
  read: (wire) => Number(wire.view.getBigUint64(moved(wire, 8), true)),
  of: uint.of,
  expected: uint.expected,
};
export const sfixed64: Scalar<number> = {
  wireType: FIXED64,
  read: (wire) => Number(wire.view.getBigInt64(moved(wire, 8), true)),
  of: (json) => numberOf(json, -(2n ** 63n), 2n ** 63n),
  expected: int64Digits.expected,
};
