import type { ByteReader, ByteWriter } from "./bytes.ts";
import type { Forecast } from "./forecaster.ts";

/** A point as it came. */
export interface Observation {
  /** Unix ms. */
  readonly timestamp: number;
  /** Unix ms shifted by the offset of the series' time zone: its days and hours are those of the wall clock. */
  readonly localTime: number;
  /** The day on the wall clock is one of the holidays of whoever watches the series. */
  readonly holiday: boolean;
  /** Finite, |value| <= 1e30. */
  readonly value: number;
}

/** A point as methods see it: beside what was known of the series before it. */
export interface Sight extends Observation {
  /** Null for the first point. */
  readonly forecast: Forecast | null;
  /** Ms since the point before; null for the first, and for one that came out of order. */
  readonly sinceLast: number | null;
  /** The time between the points of the series, ms; null until it is learned. */
  readonly cadence: number | null;
}

/**
 * A way to tell that a point is unusual. Streaming: `read` looks at the state and leaves it alone, `learn` takes the point in. The
 * state is bounded, and encodes to the same bytes that it was decoded from.
 */
export interface Method<State> {
  readonly name: string;
  /** What is unusual about a point that it finds, in words for people. */
  readonly finds: string;
  /** The same where the side that a point is off to tells more, or that it lies outside of its band. */
  findsOff?(side: "above" | "below", isOutside: boolean): string;
  /** Its say in the ensemble when nobody sets another: what it finds rare counts so much, in log10 of days. */
  readonly weight: number;
  /** It is told beside the ensemble, and what it finds counts as no rarer than a false alarm in so many days. */
  readonly mostDays?: number;
  /** What it finds lies on no side of what was expected, and at no distance from it: who asks for one or the other is told all the same. */
  readonly isSideless?: true;
  create(): State;
  /** How unusual, >= 0, in the method's own unit: a calibration table says how rare that is. 0 while it knows nothing. */
  read(state: State, sight: Sight): number;
  /** `accept`: what the point shows is known from now on, however seldom it was met. */
  learn(state: State, sight: Sight, accept: boolean): void;
  /** The values beyond which everything exceeds a statistic: where a band's ends are. Only for a method that judges single values. */
  familiar?(state: State, statistic: number, forecast: Forecast): readonly [lo: number, hi: number] | null;
  encode(state: State, writer: ByteWriter): void;
  decode(reader: ByteReader): State;
}
