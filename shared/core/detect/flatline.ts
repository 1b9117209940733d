import type { ByteReader, ByteWriter } from "./bytes.ts";
import type { Method } from "./method.ts";

/** How often each of the values that repeat was followed by itself; the last place stands for all values. */
interface Flatline {
  /** Values learned, up to 255. */
  n: number;
  last: number;
  /** How often the last value has come in a row. */
  run: number;
  /** Values with a place of their own. */
  known: number;
  readonly values: Float64Array;
  /** How often each was followed by itself, and by anything; old ones fade. */
  readonly repeats: Float32Array;
  readonly totals: Float32Array;
  /** How surprising the longest run of each was, in log10. */
  readonly longest: Float32Array;
  /** How often each was met of late. */
  readonly recent: Float32Array;
}

const PLACES = 6;
const ALL = PLACES;
const LEAST_VALUES = 20;
/** A shorter run is never news. */
const LEAST_RUN = 5;
/** What usually repeats cannot be told to be stuck. */
const MOST_USUAL = 0.35;
/** Added to the longest run, in log10: the first runs of a series are no measure. */
const FIRST_RUNS = 6;
const MOST_LONGEST = 30;
const MOST_STATISTIC = 3;
const MOST_TOTAL = 4_000;
const LONGEST_FADE = 0.99995;
const RECENT_FADE = 0.999;
/** A value that was met so often of late keeps its place. */
const KEEPS = 4;

const placeOf = ({ values, known }: Flatline, value: number): number => {
  for (let place = 0; place < known; place++) if (values[place] === value) return place;
  return ALL;
};

const shareOf = ({ repeats, totals }: Flatline, place: number): number => (repeats[place]! + 1) / (totals[place]! + 2);

/** How surprising a run is, in log10. */
const surpriseOf = (state: Flatline, place: number, run: number): number => (run - 1) * -Math.log10(shareOf(state, place));

/** Runs of one and the same value that are longer than this series, and this value, has them: a sensor or an exporter that is stuck. */
export const flatline: Method<Flatline> = {
  name: "flatline",
  finds: "the same value for unusually long",
  weight: 0.3,
  isSideless: true,
  create: () => ({
    n: 0,
    last: 0,
    run: 0,
    known: 0,
    values: new Float64Array(PLACES),
    repeats: new Float32Array(PLACES + 1),
    totals: new Float32Array(PLACES + 1),
    longest: new Float32Array(PLACES + 1),
    recent: new Float32Array(PLACES),
  }),
  read(state, { value }) {
    const run = state.run + 1;
    if (state.n < LEAST_VALUES || value !== state.last || run < LEAST_RUN) return 0;
    const place = placeOf(state, value);
    if (shareOf(state, place) >= MOST_USUAL) return 0;
    return Math.min(MOST_STATISTIC, surpriseOf(state, place, run) / (FIRST_RUNS + state.longest[place]!));
  },
  learn(state, { value }) {
    const same = state.n > 0 && value === state.last;
    if (state.n > 0) learnFollower(state, same);
    state.run = same ? Math.min(65_535, state.run + 1) : 1;
    state.last = value;
    state.n = Math.min(255, state.n + 1);
  },
  encode: encodeFlatline,
  decode: decodeFlatline,
};

/** Takes in what followed the last value: itself, or another. */
function learnFollower(state: Flatline, same: boolean): void {
  const { repeats, totals, longest, recent, run } = state;
  for (let place = 0; place < PLACES; place++) recent[place]! *= RECENT_FADE;
  const own = same ? placeFor(state) : placeOf(state, state.last);
  for (const place of own === ALL ? [ALL] : [own, ALL]) {
    totals[place]! += 1;
    if (same) repeats[place]! += 1;
    if (place !== ALL) recent[place]! += 1;
    if (!same) longest[place] = Math.max(LONGEST_FADE * longest[place]!, Math.min(MOST_LONGEST, surpriseOf(state, place, run)));
    if (totals[place]! <= MOST_TOTAL) continue;
    totals[place]! /= 2;
    repeats[place]! /= 2;
  }
}

/** The place of the last value, which repeats: of one that is new, that of whoever was met least of late. */
function placeFor(state: Flatline): number {
  const { values, repeats, totals, longest, recent, last } = state;
  const present = placeOf(state, last);
  if (present !== ALL) return present;
  let place = state.known;
  if (place < PLACES) state.known += 1;
  else {
    place = 0;
    for (let other = 1; other < PLACES; other++) if (recent[other]! < recent[place]!) place = other;
    if (recent[place]! >= KEEPS) return ALL;
  }
  values[place] = last;
  // It starts with what holds for all values.
  repeats[place] = repeats[ALL]! / 2;
  totals[place] = totals[ALL]! / 2;
  longest[place] = 0;
  recent[place] = 0;
  return place;
}

function encodeFlatline({ n, last, run, known, values, repeats, totals, longest, recent }: Flatline, writer: ByteWriter): void {
  writer.u8(n);
  writer.f64(last);
  writer.u16(run);
  writer.u8(known);
  writer.f64s(values.subarray(0, known));
  writer.f32s(recent.subarray(0, known));
  for (const column of [repeats, totals, longest]) {
    writer.f32s(column.subarray(0, known));
    writer.f32s(column.subarray(ALL));
  }
}

function decodeFlatline(reader: ByteReader): Flatline {
  const state = flatline.create();
  state.n = reader.u8();
  state.last = reader.f64();
  state.run = reader.u16();
  state.known = reader.u8();
  state.values.set(reader.f64s(state.known));
  state.recent.set(reader.f32s(state.known));
  for (const column of [state.repeats, state.totals, state.longest]) {
    column.set(reader.f32s(state.known));
    column.set(reader.f32s(1), ALL);
  }
  return state;
}
