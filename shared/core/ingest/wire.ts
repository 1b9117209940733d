/** A message of the protobuf wire format that is being read: fields from `at` to `end`. */
export interface Wire {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  end: number;
}

/** The bytes are no message of the wire format: cut off, or not protobuf at all. */
export class MalformedWire extends Error {
  constructor(what: string) {
    super(what);
    this.name = "MalformedWire";
  }
}

/** Messages, names and numbers that a request may be made of: what is read of a body takes many times its bytes, if those are chosen so. */
export const MAX_PARTS = 500_000;

/** A message is made of more than is read. */
export class TooManyParts extends Error {
  constructor(what = `The request is made of more than ${MAX_PARTS} messages and numbers`) {
    super(what);
    this.name = "TooManyParts";
  }
}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

export function openWire(bytes: Uint8Array): Wire {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0, end: bytes.length };
}

/**
 * Reads a field's key: its number in the upper bits, its wire type in the lower three.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function readKey(wire: Wire): number {
  const key = readVarint(wire);
  if (key < 8 || key > 0xffff_ffff) throw new MalformedWire("A field has no valid number");
  return key;
}

/** Reads an unsigned varint; beyond 2^53 it is rounded. */
export function readVarint(wire: Wire): number {
  const { bytes, end } = wire;
  let at = wire.at;
  let value = 0;
  let scale = 1;
  for (let most = at + 10; at < most; at++) {
    if (at >= end) throw new MalformedWire("The message is cut off");
    const byte = bytes[at]!;
    value += (byte & 127) * scale;
    if (byte < 128) {
      wire.at = at + 1;
      return value;
    }
    scale *= 128;
  }
  throw new MalformedWire("A varint is longer than ten bytes");
}

/** Reads an int64: negative numbers come as their two's complement. Beyond 2^53 it is rounded. */
export function readInt64(wire: Wire): number {
  const from = wire.at;
  const value = readVarint(wire);
  if (value < 2 ** 63) return value;
  let exact = 0n;
  for (let at = from, shift = 0n; at < wire.at; at++, shift += 7n) exact |= BigInt(wire.bytes[at]! & 127) << shift;
  return Number(BigInt.asIntN(64, exact));
}

export function readDouble(wire: Wire): number {
  const { at } = wire;
  if (at + 8 > wire.end) throw new MalformedWire("The message is cut off");
  wire.at = at + 8;
  return wire.view.getFloat64(at, true);
}

/** Reads the length of a field of bytes, and moves behind it. @returns Where its bytes start; they end at `wire.at`. */
export function readBytes(wire: Wire): number {
  const length = readVarint(wire);
  const from = wire.at;
  if (from + length > wire.end) throw new MalformedWire("The message is cut off");
  wire.at = from + length;
  return from;
}

/** Reads a message that is a field of another one. */
export function within(wire: Wire, read: () => void): void {
  const from = readBytes(wire);
  const { at: to, end } = wire;
  wire.at = from;
  wire.end = to;
  read();
  wire.at = to;
  wire.end = end;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @throws MalformedWire when it is no UTF-8. */
export function readText(wire: Wire): string {
  const from = readBytes(wire);
  try {
    return UTF8.decode(wire.bytes.subarray(from, wire.at));
  } catch {
    throw new MalformedWire("A text is not valid UTF-8");
  }
}

/** Passes over the value of a field that nobody asked for. */
export function skipField(wire: Wire, key: number): void {
  switch (key & 7) {
    case VARINT:
      readVarint(wire);
      return;
    case FIXED64:
      return skipFixed(wire, 8);
    case BYTES:
      readBytes(wire);
      return;
    case FIXED32:
      return skipFixed(wire, 4);
    default:
      throw new MalformedWire("A field has no valid wire type");
  }
}

function skipFixed(wire: Wire, length: number): void {
  if (wire.at + length > wire.end) throw new MalformedWire("The message is cut off");
  wire.at += length;
}
