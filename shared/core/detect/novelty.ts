import type { ByteReader, ByteWriter } from "./bytes.ts";
import { addToDigest, createDigest, decodeDigest, digestQuantile, encodeDigest } from "./quantile-digest.ts";
import type { QuantileDigest } from "./quantile-digest.ts";

/**
 * How far a number is from everything seen before: the distance to the nearest prototype, relative to the range of the numbers. Prototypes
 * are a few dozen values that stand for their neighbourhood; those not met for longest give way.
 */
export interface Novelty {
  readonly digest: QuantileDigest;
  /** The 0.2% and the 99.8% quantile. */
  low: number;
  high: number;
  /** Between the two; 0 until there is one. */
  range: number;
  /** The range is never less: what rounding leaves of the numbers. */
  leastRange: number;
  readonly values: Float32Array;
  /** How far to either side of each its neighbourhood is known; 0 of all but a few, which were accepted. */
  readonly widths: Float32Array;
  readonly sightings: Uint8Array;
  /** Quarters of an hour since 1970. */
  readonly seenAt: Uint32Array;
  n: number;
  /** Numbers taken in, up to 4,294,967,295. */
  count: number;
  /** The quarter of the first. */
  since: number;
}

/** What tells one use of novelty from another. */
export interface NoveltyOptions {
  /** At most so many prototypes, up to 40. */
  readonly prototypes: number;
  /** Of the digest. */
  readonly digestSize: number;
  /** Sightings until a prototype counts as known, an hour apart: 1..3. */
  readonly accepted: number;
  /** So many numbers are known at once. */
  readonly trusted: number;
  /** What was learned when little was known fades sooner: for numbers that are themselves the better the more is known, as errors are. */
  readonly maturing: boolean;
}

/** Of numbers that have no unit. */
const LEAST_RANGE = 1e-12;
/** Numbers before there is anything to say. */
const LEAST_NUMBERS = 20;
/** A value so near to a prototype, relative to the range, is its neighbour. */
const NEIGHBOURHOOD = 0.05;
/** So many prototypes have a width of their own. */
const MOST_WIDE = 3;
const TAIL = 0.002;
/** The range never looks further beyond itself than so many ranges: one giant would hide everything after it for weeks. */
const REACH = 3;
const QUARTER_MS = 900_000;
/** How long ago what was not met for longest was, in quarters: it is forgotten long before. */
const OLDEST = 0xff_ff;
const AN_HOUR = 4;
/** A prototype that was not met for so long is forgotten. */
const EXPIRES = 35 * 24 * AN_HOUR;
/** While it is young, one that was not met for this share of all the time there was, but no sooner than after a day. */
const EXPIRES_SHARE = 0.6;
const LEAST_EXPIRES = 24 * AN_HOUR;
const HALF_LIFE = 6_400;
const YOUNG_HALF_LIFE = 150;
const HALF_LIFE_SHARE = 0.4;
/** What cannot be expressed in ranges: far beyond everything. */
const MOST = 1e6;

/** Novelty that has seen nothing: everything is as usual. */
export const createNovelty = ({ prototypes }: NoveltyOptions): Novelty => ({
  digest: createDigest(),
  low: 0,
  high: 0,
  range: 0,
  leastRange: LEAST_RANGE,
  values: new Float32Array(prototypes),
  widths: new Float32Array(prototypes),
  sightings: new Uint8Array(prototypes),
  seenAt: new Uint32Array(prototypes),
  n: 0,
  count: 0,
  since: 0,
});

/** The distance to the nearest accepted prototype, in ranges: 0..1e6; 0 while nothing is known. */
export function readNovelty({ values, widths, sightings, n, range, count }: Novelty, value: number, { accepted }: NoveltyOptions): number {
  if (count < LEAST_NUMBERS || range === 0) return 0;
  // Prototypes are kept in 32 bits: what is the same has to be the same there.
  const rounded = Math.fround(value);
  let nearest = Infinity;
  for (let i = 0; i < n; i++) {
    if (sightings[i]! < accepted) continue;
    const away = values[i]! - rounded;
    const distance = (away < 0 ? -away : away) - widths[i]!;
    if (distance < nearest) nearest = distance;
  }
  return nearest === Infinity ? 0 : Math.max(0, Math.min(MOST, nearest / range));
}

/**
 * Takes a number in.
 * @param number - |number| <= 1e38: it is kept in 32 bits.
 * @param timestamp - Unix ms.
 * @param accept - It is known at once, whatever `accepted` asks for.
 */
export function learnNovelty(novelty: Novelty, number: number, timestamp: number, options: NoveltyOptions, accept: boolean): void {
  const value = Math.fround(number);
  const { digest, values, widths, sightings, seenAt, count } = novelty;
  const { accepted } = options;
  const quarter = Math.max(0, Math.floor(timestamp / QUARTER_MS));
  if (count === 0) novelty.since = quarter;
  novelty.count = Math.min(4_294_967_295, count + 1);
  if (addToDigest(digest, withinReach(novelty, value), digestOptions(novelty, options))) measureRange(novelty);

  const trusted = accept || count < options.trusted;
  const nearest = nearestTo(novelty, value);
  if (nearest >= 0 && Math.abs(values[nearest]! - value) - widths[nearest]! <= NEIGHBOURHOOD * novelty.range) {
    if (trusted) sightings[nearest] = Math.max(sightings[nearest]!, accepted);
    // What goes on for hours is met again each hour, not with each point.
    else if (sightings[nearest]! < accepted && quarter >= seenAt[nearest]! + AN_HOUR) sightings[nearest]! += 1;
    else if (sightings[nearest]! < accepted) return;
    seenAt[nearest] = quarter;
    return;
  }
  remember(novelty, value, { sightings: trusted ? accepted : 1, width: 0, quarter });
  forget(novelty, quarter, options);
}

/**
 * Makes known what lies between two numbers, whether it has come or not.
 * @param ends - |number| <= 1e38.
 * @param timestamp - Unix ms: not before the newest that was taken in.
 */
export function acceptBetween(novelty: Novelty, ends: readonly [lo: number, hi: number], timestamp: number, options: NoveltyOptions): void {
  const { values, widths, sightings, seenAt } = novelty;
  const quarter = Math.max(0, Math.floor(timestamp / QUARTER_MS));
  const [middle, width] = [Math.fround((ends[0] + ends[1]) / 2), Math.fround((ends[1] - ends[0]) / 2)];
  const isWithin = (i: number) =>
    widths[i]! > 0 && Math.abs(values[i]! - middle) <= Math.max(NEIGHBOURHOOD * novelty.range, widths[i]! / 2);
  for (let i = 0; i < novelty.n; i++) {
    if (!isWithin(i)) continue;
    widths[i] = Math.max(widths[i]!, width);
    sightings[i] = options.accepted;
    seenAt[i] = quarter;
    return;
  }
  const wide = [...seenAt.subarray(0, novelty.n).keys()].filter((i) => widths[i]! > 0);
  if (wide.length >= MOST_WIDE) widths[wide.reduce((a, b) => (seenAt[b]! < seenAt[a]! ? b : a))] = 0;
  remember(novelty, middle, { sightings: options.accepted, width, quarter });
}

/** Makes a number a prototype, in place of the one that was not met for longest where there is no room. */
function remember(
  novelty: Novelty,
  value: number,
  { sightings, width, quarter }: { sightings: number; width: number; quarter: number },
): void {
  const { values } = novelty;
  const place = novelty.n < values.length ? novelty.n : oldest(novelty, quarter);
  novelty.n = Math.min(values.length, novelty.n + 1);
  values[place] = value;
  novelty.widths[place] = width;
  novelty.sightings[place] = sightings;
  novelty.seenAt[place] = quarter;
}

const digestOptions = ({ count }: Novelty, { digestSize, maturing }: NoveltyOptions) => ({
  size: digestSize,
  halfLife: maturing ? Math.min(HALF_LIFE, YOUNG_HALF_LIFE + HALF_LIFE_SHARE * count) : HALF_LIFE,
});

function measureRange(novelty: Novelty): void {
  novelty.low = digestQuantile(novelty.digest, TAIL);
  novelty.high = digestQuantile(novelty.digest, 1 - TAIL);
  novelty.range = novelty.digest.n === 0 ? 0 : Math.max(novelty.high - novelty.low, leastOf(novelty));
}

/** A range of 0 would call every change infinite: it is at least what rounding leaves of the values. */
const leastOf = ({ low, high, leastRange }: Novelty): number => Math.max(1e-6 * Math.max(Math.abs(low), Math.abs(high)), leastRange);

/** The number, or what lies a few ranges beyond the range on its side. */
function withinReach(novelty: Novelty, value: number): number {
  const { low, high, range } = novelty;
  // What was constant so far has no range to go by.
  if (range <= leastOf(novelty)) return value;
  return Math.max(low - REACH * range, Math.min(high + REACH * range, value));
}

function nearestTo({ values, widths, n }: Novelty, value: number): number {
  let nearest = -1;
  let distance = Infinity;
  for (let i = 0; i < n; i++) {
    const away = (values[i]! < value ? value - values[i]! : values[i]! - value) - widths[i]!;
    if (away >= distance) continue;
    nearest = i;
    distance = away;
  }
  return nearest;
}

/**
 * The numbers beyond which everything is farther from what is known than a statistic says.
 * @returns Both ends, in the unit of the numbers; null while nothing is known.
 */
export function familiarEnds(
  { values, widths, sightings, n, range, count }: Novelty,
  statistic: number,
  { accepted }: NoveltyOptions,
): readonly [lo: number, hi: number] | null {
  if (range === 0 || count < LEAST_NUMBERS) return null;
  let [lo, hi] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    if (sightings[i]! < accepted) continue;
    lo = Math.min(lo, values[i]! - widths[i]!);
    hi = Math.max(hi, values[i]! + widths[i]!);
  }
  return lo > hi ? null : [lo - statistic * range, hi + statistic * range];
}

/** The place of what was not met for longest; what was accepted stays until it is forgotten. */
function oldest({ seenAt, widths }: Novelty, now: number): number {
  // What is too old to be told apart when it was saved is not told apart before.
  const ageOf = (i: number) => Math.min(OLDEST, now - seenAt[i]!);
  let place = widths.indexOf(0);
  for (let i = place + 1; i < seenAt.length; i++) if (widths[i] === 0 && ageOf(i) > ageOf(place)) place = i;
  return place;
}

function forget(novelty: Novelty, now: number, { maturing }: NoveltyOptions): void {
  const { values, widths, sightings, seenAt, since } = novelty;
  const expires = maturing ? Math.max(LEAST_EXPIRES, Math.min(EXPIRES, EXPIRES_SHARE * (now - since))) : EXPIRES;
  let kept = 0;
  for (let i = 0; i < novelty.n; i++) {
    if (seenAt[i]! < now - expires) continue;
    values[kept] = values[i]!;
    widths[kept] = widths[i]!;
    sightings[kept] = sightings[i]!;
    seenAt[kept] = seenAt[i]!;
    kept += 1;
  }
  novelty.n = kept;
}

/** Sightings to a byte: `accepted` is at most 3, and they are no more. */
const SIGHTINGS_A_BYTE = 4;

/** Writes all of it but prototypes that are not in use, and what follows from the rest. */
export function encodeNovelty({ digest, values, widths, sightings, seenAt, n, count, since }: Novelty, writer: ByteWriter): void {
  encodeDigest(digest, writer);
  writer.u32(count);
  writer.u32(since);
  writer.u8(n);
  writer.f32s(values.subarray(0, n));
  for (let i = 0; i < n; i += SIGHTINGS_A_BYTE) {
    let packed = 0;
    for (let within = 0; within < Math.min(SIGHTINGS_A_BYTE, n - i); within++) packed |= sightings[i + within]! << (2 * within);
    writer.u8(packed);
  }
  const newest = seenAt.subarray(0, n).reduce((a, b) => Math.max(a, b), 0);
  writer.u32(newest);
  for (let i = 0; i < n; i++) writer.u16(Math.min(OLDEST, newest - seenAt[i]!));
  const wide = [...seenAt.subarray(0, n).keys()].filter((i) => widths[i]! > 0);
  writer.u8(wide.length);
  for (const i of wide) {
    writer.u8(i);
    writer.f32s(widths.subarray(i, i + 1));
  }
}

/** Reads what encodeNovelty wrote, for numbers of such a least range. @throws RangeError beyond the end. */
export function decodeNovelty(reader: ByteReader, options: NoveltyOptions, leastRange = LEAST_RANGE): Novelty {
  const novelty: Novelty = { ...createNovelty(options), leastRange, digest: decodeDigest(reader) };
  measureRange(novelty);
  novelty.count = reader.u32();
  novelty.since = reader.u32();
  novelty.n = reader.u8();
  novelty.values.set(reader.f32s(novelty.n));
  for (let i = 0; i < novelty.n; i += SIGHTINGS_A_BYTE) {
    const packed = reader.u8();
    for (let within = 0; within < Math.min(SIGHTINGS_A_BYTE, novelty.n - i); within++) {
      novelty.sightings[i + within] = (packed >> (2 * within)) & 3;
    }
  }
  const newest = reader.u32();
  for (let i = 0; i < novelty.n; i++) novelty.seenAt[i] = newest - reader.u16();
  for (let wide = reader.u8(); wide > 0; wide--) {
    const place = reader.u8();
    novelty.widths.set(reader.f32s(1), place);
  }
  return novelty;
}
