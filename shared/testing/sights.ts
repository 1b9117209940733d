import { byteReader, byteWriter } from "../core/detect/bytes.ts";
import type { Forecast } from "../core/detect/forecaster.ts";
import type { Method, Sight } from "../core/detect/method.ts";

/** Where the points of a method's test begin: a Monday. */
export const FIRST_SIGHT = Date.UTC(2026, 0, 5);
const CADENCE_MS = 300_000;

/** A forecast that expects the same of what just was and of the time. */
export const forecastOf = (expected: number, scale: number): Forecast => ({
  expected,
  scale,
  usual: expected,
  usualScale: scale,
  parts: {
    forecasts: new Float64Array(),
    usuals: new Float64Array(),
    expected,
    usual: expected,
    undrifted: expected,
    level: expected,
    skipped: 0,
  },
});

/** A point of a regular series, five minutes after the one before it; what is given replaces that. */
export const sightOf = (row: number, value: number, given: Partial<Sight> = {}): Sight => {
  const timestamp = FIRST_SIGHT + row * CADENCE_MS;
  return { timestamp, localTime: timestamp, holiday: false, value, forecast: null, sinceLast: CADENCE_MS, cadence: CADENCE_MS, ...given };
};

/** The statistics of a row of points, each read before it is learned. */
export function readAll<State>(method: Method<State>, state: State, sights: readonly Sight[]): number[] {
  return sights.map((sight) => {
    const statistic = method.read(state, sight);
    method.learn(state, sight, false);
    return statistic;
  });
}

/** The bytes of a method's state. */
export function bytesOf<State>(method: Method<State>, state: State): Uint8Array {
  const writer = byteWriter(8_192);
  method.encode(state, writer);
  return writer.done();
}

/** The state as it is after it was saved and loaded. */
export function reloaded<State>(method: Method<State>, state: State): State {
  const reader = byteReader(bytesOf(method, state));
  const decoded = method.decode(reader);
  if (reader.left !== 0) throw new Error(`${method.name} leaves ${reader.left} bytes`);
  return decoded;
}
