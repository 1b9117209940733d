import type { ByteReader, ByteWriter } from "./bytes.ts";
import type { Method } from "./method.ts";

/** The histogram of the newest values, and those that the series was seen with. */
interface Distribution {
  /** Values learned, up to 4,294,967,295. */
  n: number;
  /** The ends of the bins; equal while there are none. */
  low: number;
  high: number;
  /** The ends of the values since the bins were looked at. */
  least: number;
  most: number;
  /** No statistic before so many values: the known histograms are of other bins. */
  silentTo: number;
  /** The bin of each of the newest values, in a ring. */
  readonly window: Uint8Array;
  readonly counts: Uint8Array;
  /** Histograms that the series was seen with, BINS each, and when each was met last, in values learned. */
  readonly library: Uint8Array;
  readonly metAt: Uint32Array;
  known: number;
}

const WINDOW = 52;
/** Between the ends; one more on either side. */
const INNER_BINS = 5;
const BINS = INNER_BINS + 2;
const LIBRARY = 24;
/** Histograms this near to each other are the same: the 97% quantile of chi-squared with five degrees of freedom. */
const SAME = 13;
const MOST = 200;
/** The bins are looked at after so many values, then every REVIEW_EVERY. */
const REVIEWS = [WINDOW, 2 * WINDOW, 300, 600];
const REVIEW_EVERY = 2_000;
/** The ends have to have moved by this share of what lies between them. */
const MOVED = 0.2;
const RELEARN_VALUES = 400;
/** A bin that a known histogram has nothing in counts as this much of a value. */
const EMPTY = 0.3;

/** Where a value falls: beyond half a bin outside of the ends it has one of the outer two. */
function binOf({ low, high }: Distribution, value: number): number {
  const width = (high - low) / INNER_BINS;
  if (value < low - width / 2) return INNER_BINS;
  if (value > high + width / 2) return INNER_BINS + 1;
  return Math.max(0, Math.min(INNER_BINS - 1, Math.floor((value - low) / width)));
}

/** The G statistic of the window against a known histogram. */
function distance(counts: Uint8Array, library: Uint8Array, row: number): number {
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const count = counts[bin]!;
    if (count > 0) sum += count * Math.log(count / Math.max(EMPTY, library[row * BINS + bin]!));
  }
  return 2 * sum;
}

function nearest({ library, known }: Distribution, counts: Uint8Array): readonly [row: number, distance: number] {
  let [row, least] = [-1, Infinity];
  for (let candidate = 0; candidate < known; candidate++) {
    const away = distance(counts, library, candidate);
    if (away < least) [row, least] = [candidate, away];
  }
  return [row, least];
}

/** The counts with one value more and the oldest less. */
function countsWith(state: Distribution, value: number): Uint8Array {
  const counts = state.counts.slice();
  counts[binOf(state, value)]! += 1;
  counts[state.window[state.n % WINDOW]!]! -= 1;
  return counts;
}

const isReady = ({ n, low, high, counts }: Distribution): boolean =>
  high > low && n > WINDOW && counts.reduce((a, b) => a + b, 0) === WINDOW;

/**
 * Distance of the newest 52 values' histogram from every histogram that the series was seen with: a mixture of values that it never had,
 * though it had each of them.
 * @see Wang et al. (2011), Statistical techniques for online anomaly detection in data centers: the relative entropy of windows.
 */
export const distribution: Method<Distribution> = {
  name: "distribution",
  finds: "a mixture of values that this series has not had",
  weight: 0.5,
  create: () => ({
    n: 0,
    low: 0,
    high: 0,
    least: Infinity,
    most: -Infinity,
    silentTo: 0,
    window: new Uint8Array(WINDOW),
    counts: new Uint8Array(BINS),
    library: new Uint8Array(LIBRARY * BINS),
    metAt: new Uint32Array(LIBRARY),
    known: 0,
  }),
  read(state, { value }) {
    if (!isReady(state) || state.known === 0 || state.n < state.silentTo) return 0;
    return Math.min(MOST, nearest(state, countsWith(state, value))[1]);
  },
  learn(state, { value }) {
    if (state.high > state.low) {
      const bin = binOf(state, value);
      const place = state.n % WINDOW;
      // Only what was counted is taken out again: after new bins the window fills anew.
      if (isReady(state)) state.counts[state.window[place]!]! -= 1;
      state.window[place] = bin;
      state.counts[bin]! += 1;
    }
    state.least = Math.min(state.least, value);
    state.most = Math.max(state.most, value);
    state.n = Math.min(4_294_967_295, state.n + 1);
    if (isReady(state)) learnHistogram(state);
    if (REVIEWS.includes(state.n) || state.n % REVIEW_EVERY === 0) review(state);
  },
  encode: encodeDistribution,
  decode: decodeDistribution,
};

function learnHistogram(state: Distribution): void {
  const [row, away] = nearest(state, state.counts);
  if (row >= 0 && away < SAME) {
    state.metAt[row] = state.n;
    return;
  }
  let place = state.known;
  if (place < LIBRARY) state.known += 1;
  else {
    place = 0;
    for (let other = 1; other < LIBRARY; other++) if (state.metAt[other]! < state.metAt[place]!) place = other;
  }
  state.library.set(state.counts, place * BINS);
  state.metAt[place] = state.n;
}

/** Makes new bins where the values have left the old ones. */
function review(state: Distribution): void {
  const { least, most } = state;
  const between = MOVED * (state.high - state.low);
  if (state.high === state.low || least < state.low - between || most > state.high + between) {
    state.low = least;
    state.high = most;
    state.counts.fill(0);
    state.known = 0;
    state.silentTo = state.n + (state.n <= 2 * WINDOW ? WINDOW : RELEARN_VALUES);
  }
  state.least = Infinity;
  state.most = -Infinity;
}

function encodeDistribution(state: Distribution, writer: ByteWriter): void {
  const { n, low, high, least, most, silentTo, window, counts, library, metAt, known } = state;
  writer.u32(n);
  for (const number of [low, high, least, most, silentTo]) writer.f64(number);
  writer.u8s(window);
  writer.u8s(counts);
  writer.u8(known);
  writer.u8s(library.subarray(0, known * BINS));
  for (let row = 0; row < known; row++) writer.u32(metAt[row]!);
}

function decodeDistribution(reader: ByteReader): Distribution {
  const state = distribution.create();
  state.n = reader.u32();
  [state.low, state.high, state.least, state.most, state.silentTo] = reader.f64s(5) as unknown as [number, number, number, number, number];
  state.window.set(reader.u8s(WINDOW));
  state.counts.set(reader.u8s(BINS));
  state.known = reader.u8();
  state.library.set(reader.u8s(state.known * BINS));
  for (let row = 0; row < state.known; row++) state.metAt[row] = reader.u32();
  return state;
}
