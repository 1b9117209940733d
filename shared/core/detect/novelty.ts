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
  readonly values: Float64Array;
  readonly sightings: Uint16Array;
  /** Unix ms. */
  readonly seenAt: Float64Array;
  n: number;
}

/** What tells one use of novelty from another. */
export interface NoveltyOptions {
  /** Sightings until a prototype counts as known. */
  readonly accepted: number;
}

const PROTOTYPES = 40;
/** A value so near to a prototype, relative to the range, is its neighbour. */
const NEIGHBOURHOOD = 0.05;
const TAIL = 0.002;
/** The range never looks further beyond itself than so many ranges: one giant would hide everything after it for weeks. */
const REACH = 3;
/** A prototype that was not met for so long is forgotten. */
const EXPIRES_MS = 35 * 86_400_000;
/** What cannot be expressed in ranges: far beyond everything. */
const MOST = 1e6;

/** Novelty that has seen nothing: everything is as usual. */
export const createNovelty = (): Novelty => ({
  digest: createDigest(),
  low: 0,
  high: 0,
  range: 0,
  values: new Float64Array(PROTOTYPES),
  sightings: new Uint16Array(PROTOTYPES),
  seenAt: new Float64Array(PROTOTYPES),
  n: 0,
});

/** The distance to the nearest accepted prototype, in ranges: 0..1e6; 0 while nothing is known. */
export function readNovelty({ values, sightings, n, range }: Novelty, value: number, { accepted }: NoveltyOptions): number {
  let nearest = Infinity;
  for (let i = 0; i < n; i++) {
    if (sightings[i]! < accepted) continue;
    const distance = Math.abs(values[i]! - value);
    if (distance < nearest) nearest = distance;
  }
  return nearest === Infinity || range === 0 ? 0 : Math.min(MOST, nearest / range);
}

/** Takes a number in. `trusted`: it is known at once, whatever `accepted` asks for. */
export function learnNovelty(novelty: Novelty, value: number, timestamp: number, { accepted }: NoveltyOptions, trusted: boolean): void {
  const { digest, values, sightings, seenAt } = novelty;
  if (addToDigest(digest, withinReach(novelty, value, REACH))) {
    novelty.low = digestQuantile(digest, TAIL);
    novelty.high = digestQuantile(digest, 1 - TAIL);
    novelty.range = rangeOf(novelty);
  }
  let nearest = -1;
  let distance = Infinity;
  for (let i = 0; i < novelty.n; i++) {
    const away = Math.abs(values[i]! - value);
    if (away < distance) [nearest, distance] = [i, away];
  }
  if (nearest >= 0 && distance <= NEIGHBOURHOOD * novelty.range) {
    sightings[nearest] = Math.min(65_535, Math.max(sightings[nearest]! + 1, trusted ? accepted : 0));
    seenAt[nearest] = timestamp;
    return;
  }
  const place = novelty.n < PROTOTYPES ? novelty.n : oldest(seenAt);
  novelty.n = Math.min(PROTOTYPES, novelty.n + 1);
  values[place] = value;
  sightings[place] = trusted ? accepted : 1;
  seenAt[place] = timestamp;
  forget(novelty, timestamp);
}

/** A range of 0 would call every change infinite: it is at least what rounding leaves of the values. */
const leastRange = ({ low, high }: Novelty): number => Math.max(1e-9 * Math.max(Math.abs(low), Math.abs(high)), 1e-12);
const rangeOf = (novelty: Novelty): number => Math.max(novelty.high - novelty.low, leastRange(novelty));

/** The number, or what lies so many ranges beyond the range on its side. */
export function withinReach(novelty: Novelty, value: number, ranges: number): number {
  const { low, high, range } = novelty;
  // What was constant so far has no range to go by.
  if (range <= leastRange(novelty)) return value;
  return Math.max(low - ranges * range, Math.min(high + ranges * range, value));
}

/**
 * The stretch around 0 that is no news: from one accepted prototype to the next as long as all between is nearer to one of them than a
 * statistic says.
 *
 * @returns Both ends, in the unit of the numbers; null while nothing is known.
 */
export function familiarStretch(
  { values, sightings, n, range }: Novelty,
  statistic: number,
  { accepted }: NoveltyOptions,
): readonly [lo: number, hi: number] | null {
  const known: number[] = [];
  for (let i = 0; i < n; i++) if (sightings[i]! >= accepted) known.push(values[i]!);
  if (known.length === 0 || range === 0) return null;
  known.sort((a, b) => a - b);
  const reach = statistic * range;
  let first = 0;
  for (let i = 1; i < known.length; i++) if (Math.abs(known[i]!) < Math.abs(known[first]!)) first = i;
  let last = first;
  while (first > 0 && known[first]! - known[first - 1]! <= 2 * reach) first -= 1;
  while (last < known.length - 1 && known[last + 1]! - known[last]! <= 2 * reach) last += 1;
  return [Math.min(0, known[first]! - reach), Math.max(0, known[last]! + reach)];
}

function oldest(seenAt: Float64Array): number {
  let place = 0;
  for (let i = 1; i < seenAt.length; i++) if (seenAt[i]! < seenAt[place]!) place = i;
  return place;
}

function forget(novelty: Novelty, now: number): void {
  const { values, sightings, seenAt } = novelty;
  let kept = 0;
  for (let i = 0; i < novelty.n; i++) {
    if (seenAt[i]! < now - EXPIRES_MS) continue;
    values[kept] = values[i]!;
    sightings[kept] = sightings[i]!;
    seenAt[kept] = seenAt[i]!;
    kept += 1;
  }
  novelty.n = kept;
}

/** Writes all of it but prototypes that are not in use. */
export function encodeNovelty({ digest, low, high, range, values, sightings, seenAt, n }: Novelty, writer: ByteWriter): void {
  encodeDigest(digest, writer);
  writer.f64(low);
  writer.f64(high);
  writer.f64(range);
  writer.u8(n);
  for (let i = 0; i < n; i++) {
    writer.f64(values[i]!);
    writer.u16(sightings[i]!);
    writer.f64(seenAt[i]!);
  }
}

/** Reads what encodeNovelty wrote. @throws RangeError beyond the end. */
export function decodeNovelty(reader: ByteReader): Novelty {
  const novelty: Novelty = { ...createNovelty(), digest: decodeDigest(reader) };
  novelty.low = reader.f64();
  novelty.high = reader.f64();
  novelty.range = reader.f64();
  novelty.n = reader.u8();
  for (let i = 0; i < novelty.n; i++) {
    novelty.values[i] = reader.f64();
    novelty.sightings[i] = reader.u16();
    novelty.seenAt[i] = reader.f64();
  }
  return novelty;
}
