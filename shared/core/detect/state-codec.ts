import type { Result } from "../result.ts";
import { byteReader, byteWriter } from "./bytes.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import type { DetectorState } from "./detector.ts";
import { decodeForecaster, encodeForecaster } from "./forecaster.ts";
import { cadenceOf, SPACINGS } from "./learned.ts";
import type { Learned } from "./learned.ts";
import { METHODS } from "./methods.ts";
import { decodeRun, encodeRun } from "./run.ts";

/** The first byte of every state. A method that is added or changes its layout makes a new one: states of others start anew. */
const VERSION = 5;
/** The most that a state takes. */
export const MAX_STATE_BYTES = 8_192;

/** Why bytes are no state. */
export interface BadState {
  readonly reason: "bad-state";
  readonly message: string;
}

/** Encodes a detector: the same state always gives the same bytes. */
export function encodeState({ timezone, learned, waiting, newest }: DetectorState): Uint8Array {
  const writer = byteWriter(2 * MAX_STATE_BYTES);
  const zone = new TextEncoder().encode(timezone);
  writer.u8(VERSION);
  writer.u8(zone.length);
  for (const byte of zone) writer.u8(byte);
  writer.f64(newest);
  writer.u8(waiting.length);
  for (const { timestamp, value } of waiting) {
    writer.f64(timestamp);
    writer.f64(value);
  }
  encodeLearned(learned, writer);
  return withChecksum(writer.done());
}

/** Decodes a detector. Bytes that are no state of this version are an outcome: the series is then learned anew. */
export function decodeState(bytes: Uint8Array): Result<DetectorState, BadState> {
  try {
    const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
    const reader = byteReader(body);
    const version = reader.u8();
    if (version !== VERSION) return { ok: false, error: { reason: "bad-state", message: `The state is of version ${version}` } };
    if (byteReader(bytes.subarray(body.length)).u32() !== checksum(body)) {
      return { ok: false, error: { reason: "bad-state", message: "The state does not match its checksum" } };
    }
    const zone = new TextDecoder().decode(Uint8Array.from({ length: reader.u8() }, () => reader.u8()));
    const newest = reader.f64();
    const waiting = Array.from({ length: reader.u8() }, () => ({ timestamp: reader.f64(), value: reader.f64() }));
    const learned = decodeLearned(reader);
    if (reader.left !== 0) return { ok: false, error: { reason: "bad-state", message: "The state is longer than it says" } };
    return { ok: true, value: { timezone: zone, learned, waiting, newest } };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, error: { reason: "bad-state", message: "The state is cut short or broken" } };
    throw error;
  }
}

const CHECKSUM_BYTES = 4;

/** FNV-1a, 32 bits: tells bytes that were broken, not bytes that were forged. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

function withChecksum(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + CHECKSUM_BYTES);
  bytes.set(body);
  new DataView(bytes.buffer).setUint32(body.length, checksum(body), true);
  return bytes;
}

function encodeLearned(learned: Learned, writer: ByteWriter): void {
  const { n, learnedTo, observedMs, forecaster, states, spacings, spacingCount, streak, alarm, run } = learned;
  writer.u32(n);
  writer.f64(learnedTo);
  writer.f64(observedMs);
  writer.u8(spacingCount);
  writer.f32s(spacings);
  writer.u8(streak);
  writer.f64(alarm.rarity);
  writer.f64(alarm.at);
  encodeRun(run, writer);
  encodeForecaster(forecaster, writer);
  for (const [m, method] of METHODS.entries()) method.encode(states[m], writer);
}

function decodeLearned(reader: ByteReader): Learned {
  const n = reader.u32();
  const learnedTo = reader.f64();
  const observedMs = reader.f64();
  const spacingCount = reader.u8();
  const spacings = reader.f32s(SPACINGS);
  const cadence = cadenceOf({ spacings, spacingCount });
  const streak = reader.u8();
  const alarm = { rarity: reader.f64(), at: reader.f64() };
  const run = decodeRun(reader);
  const forecaster = decodeForecaster(reader);
  const states = METHODS.map((method) => method.decode(reader));
  return { n, learnedTo, observedMs, spacingCount, spacings, cadence, streak, alarm, run, forecaster, states };
}
