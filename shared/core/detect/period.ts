import type { ByteReader, ByteWriter } from "./bytes.ts";

/**
 * A period that no clock gives, learned from the values: a batch job every 40 minutes, a cache that fills and is emptied. Keeps the newest
 * values by their place in time, and looks for the lag at which they repeat.
 */
export interface Period {
  /** A profile once a period is known, the values as they came before; NaN where there was no point. In a ring. */
  readonly profile: Float32Array;
  /** 1 or 2 where the value lay far above or below the profile, which was kept. */
  readonly far: Uint8Array;
  /** Places passed, points or not. */
  places: number;
  /** In places; 0 while there is none. */
  lag: number;
}

const PLACES = 448;
/** How much of a profile is of its last round. */
const FRESHNESS = 0.3;
/** Places from one search to the next. */
const SEARCH_EVERY = 96;
const LEAST_PLACES = 24;
/** The longest lag, as a share of the places: half while they are few, so that each end of a period was seen twice. */
const LONGEST_SHARE = 0.66;
/** What repeats differs from itself by less than this share of what unrelated values differ by. */
const REPEATS = 0.4;
const REPEATS_NO_MORE = 0.6;
/** Another lag has to be so much better than the one in use. */
const BETTER = 0.7;
/** Two unrelated values differ by about so many mean absolute deviations. */
const UNRELATED = 1.3;
/** Between a lag and none lies a hill: smooth values are near their neighbours without any period. */
const HILL = 2;

/** No values, no period. */
export const createPeriod = (): Period => ({ profile: new Float32Array(PLACES), far: new Uint8Array(PLACES), places: 0, lag: 0 });

/** What is usual at the next place, `skipped` places after the newest, -lag or more; NaN where nothing is known. */
export function predictPeriod({ profile, places, lag }: Period, skipped: number): number {
  if (lag === 0 || lag > places) return Number.NaN;
  const place = places + skipped - lag * (1 + Math.floor(skipped / lag));
  return profile[place % PLACES]!;
}

/**
 * Takes a value in. One that lies farther from the profile than `most` leaves it as it is; where the round before was as far on the same
 * side, the profile has changed.
 *
 * @param skipped - Places without a point before it; fewer than none where clocks were set back, by no more than the places passed.
 */
export function learnPeriod(period: Period, value: number, skipped: number, most: number): void {
  const { profile, far } = period;
  const searches = Math.floor(period.places / SEARCH_EVERY);
  passPlaces(period, skipped);
  const expected = predictPeriod(period, 0);
  const before = period.lag === 0 ? 0 : far[(period.places - period.lag + PLACES) % PLACES]!;
  const place = period.places % PLACES;
  const error = value - expected;
  const side = Math.abs(error) > most ? (error > 0 ? 1 : 2) : 0;
  far[place] = side;
  if (Number.isNaN(expected)) profile[place] = value;
  else if (side !== 0) profile[place] = side === before ? value : expected;
  else profile[place] = expected + FRESHNESS * error;
  period.places += 1;
  if (Math.floor(period.places / SEARCH_EVERY) > searches) period.lag = searchLag(period);
}

/**
 * Lets places pass at which there was no point, or none to learn from.
 * @param skipped - Fewer than none where clocks were set back, by no more than the places passed.
 */
export function passPlaces(period: Period, skipped: number): void {
  const { profile, far } = period;
  for (let back = Math.max(skipped, -period.places); back < 0; back++) {
    period.places -= 1;
    far[period.places % PLACES] = 0;
  }
  // Where there was no point the profile stays as it was a round ago; of a long gap whole rounds are left out, since no place differs after them.
  const passed = skipped <= PLACES ? skipped : PLACES + ((skipped - PLACES) % Math.max(1, period.lag));
  for (let gap = 0; gap < passed; gap++) {
    const kept = predictPeriod(period, 0);
    profile[period.places % PLACES] = kept;
    far[period.places % PLACES] = 0;
    period.places += 1;
  }
}

/** The shortest lag of those at which the values differ least from themselves; 0 where they do not repeat. */
function searchLag({ profile, places, lag }: Period): number {
  const n = Math.min(places, PLACES);
  if (n < LEAST_PLACES) return lag;
  const values = Float32Array.from({ length: n }, (_, place) => profile[(places - n + place) % PLACES]!);
  const unrelated = UNRELATED * meanDeviation(values);
  const longest = Math.floor(n < PLACES ? n / 2 : LONGEST_SHARE * n);
  let [best, least, hill, present] = [0, Infinity, 0, Infinity];
  for (let candidate = 1; candidate <= longest; candidate++) {
    const difference = meanDifference(values, candidate);
    if (candidate === lag) present = difference;
    if (candidate > 1 && difference < 0.98 * least && hill > HILL * difference) [best, least] = [candidate, difference];
    if (difference < Infinity) hill = Math.max(hill, difference);
  }
  if (best > 0 && least < REPEATS * unrelated) return lag === 0 || least < BETTER * present ? best : lag;
  return present > REPEATS_NO_MORE * unrelated ? 0 : lag;
}

function meanDeviation(values: Float32Array): number {
  let [sum, n] = [0, 0];
  for (const value of values) if (!Number.isNaN(value)) [sum, n] = [sum + value, n + 1];
  const mean = sum / n;
  let away = 0;
  for (const value of values) if (!Number.isNaN(value)) away += Math.abs(value - mean);
  return away / n;
}

function meanDifference(values: Float32Array, lag: number): number {
  let sum = 0;
  let n = 0;
  for (let place = lag; place < values.length; place++) {
    const difference = values[place]! - values[place - lag]!;
    // A pair with a gap in it says nothing: NaN is neither.
    if (difference >= 0) sum += difference;
    else if (difference < 0) sum -= difference;
    else continue;
    n += 1;
  }
  return n < values.length / 4 ? Infinity : sum / n;
}

/** Writes all of it but places that were never reached. */
export function encodePeriod({ profile, far, places, lag }: Period, writer: ByteWriter): void {
  const n = Math.min(places, PLACES);
  writer.f64(places);
  writer.u16(lag);
  writer.f32s(profile.subarray(0, n));
  for (let place = 0; place < n; place += 4) {
    writer.u8(far[place]! | (far[place + 1]! << 2) | (far[place + 2]! << 4) | (far[place + 3]! << 6));
  }
}

/** Reads what encodePeriod wrote. @throws RangeError beyond the end. */
export function decodePeriod(reader: ByteReader): Period {
  const period = createPeriod();
  period.places = reader.f64();
  period.lag = reader.u16();
  const n = Math.min(period.places, PLACES);
  period.profile.set(reader.f32s(n));
  for (let place = 0; place < n; place += 4) {
    const packed = reader.u8();
    for (let within = 0; within < 4; within++) period.far[place + within] = (packed >> (2 * within)) & 3;
  }
  return period;
}
