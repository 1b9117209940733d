import type { ByteReader, ByteWriter } from "./bytes.ts";

/** A point as methods see it. */
export interface Observation {
  /** Unix ms. */
  readonly timestamp: number;
  /** Unix ms shifted by the offset of the series' time zone: its days and hours are those of the wall clock. */
  readonly localTime: number;
  /** The day on the wall clock is one of the holidays of whoever watches the series. */
  readonly holiday: boolean;
  /** Finite, |value| <= 1e150. */
  readonly value: number;
}

/** What a method says of a point before it has learned it. */
export interface Reading {
  /** How unusual, >= 0, in the method's own unit: a calibration table says how rare that is. */
  readonly statistic: number;
  /** What it expected; null where it expects nothing in particular. */
  readonly expected: number | null;
  /** A robust scale of its errors, in the series' unit; null where it has none. */
  readonly scale: number | null;
}

/**
 * A way to tell that a point is unusual. Streaming: `read` looks at the state and leaves it alone, `learn` takes the point in. The
 * state is bounded, and encodes to the same bytes that it was decoded from.
 */
export interface Method<State> {
  readonly name: string;
  /** Its say in the ensemble when nobody sets another. */
  readonly weight: number;
  create(): State;
  read(state: State, point: Observation): Reading;
  /** `accept`: what the point shows is known from now on, however seldom it was met. */
  learn(state: State, point: Observation, accept: boolean): void;
  /** Which errors, value less expected, stay below a statistic: where a band's ends are. Only for a method that expects something. */
  familiar?(state: State, statistic: number): readonly [lo: number, hi: number] | null;
  encode(state: State, writer: ByteWriter): void;
  decode(reader: ByteReader): State;
}

/** What a method says that has learned nothing yet. */
export const NOTHING_UNUSUAL: Reading = { statistic: 0, expected: null, scale: null };
