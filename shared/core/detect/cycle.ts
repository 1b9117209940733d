import type { ByteReader, ByteWriter } from "./bytes.ts";

/** What is usual along a cycle of the wall clock, in buckets: a line through each. */
export interface Cycle {
  /** In the middle of each bucket. */
  readonly means: Float32Array;
  /** The rise from the start to the end of each. */
  readonly slopes: Float32Array;
  /** How often each was met, up to 255. */
  readonly sightings: Uint8Array;
}

/** What tells one cycle from another. */
export interface CycleShape {
  readonly buckets: number;
  readonly bucketMs: number;
  /** Of the first bucket's start, ms. */
  readonly offsetMs: number;
  /** How much of what a bucket knows is of its last round. */
  readonly freshness: number;
}

const HOUR_MS = 3_600_000;
/** 1970 began on a Thursday: weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * 86_400_000;
export const DAY: CycleShape = { buckets: 48, bucketMs: HOUR_MS / 2, offsetMs: 0, freshness: 0.2 };
export const WEEK: CycleShape = { buckets: 168, bucketMs: HOUR_MS, offsetMs: FIRST_MONDAY_MS, freshness: 0.5 };
/** Sightings before a slope is learned, and before outliers are clipped. */
const FEW = 3;
const FASTEST_SLOPE = 0.15;

/** A cycle of which nothing is known. */
export const createCycle = ({ buckets }: CycleShape): Cycle => ({
  means: new Float32Array(buckets),
  slopes: new Float32Array(buckets),
  sightings: new Uint8Array(buckets),
});

/** Where a time falls: the bucket, and -0.5..0.5 within it. */
function placeOf({ buckets, bucketMs, offsetMs }: CycleShape, localTime: number): readonly [bucket: number, within: number] {
  const position = (localTime - offsetMs) / bucketMs;
  const whole = Math.floor(position);
  // West of Greenwich the wall clock shows times before 1970.
  return [((whole % buckets) + buckets) % buckets, position - whole - 0.5];
}

/** What is usual at a time on the wall clock, Unix ms; NaN where that was never met. */
export function predictCycle({ means, slopes, sightings }: Cycle, shape: CycleShape, localTime: number): number {
  const [bucket, within] = placeOf(shape, localTime);
  return sightings[bucket] === 0 ? Number.NaN : means[bucket]! + slopes[bucket]! * within;
}

/**
 * Takes a value in.
 * @param most - An error counts for so much at most, once the bucket is known a little.
 * @param cadence - Ms between points; null while it is not known.
 */
export function learnCycle(cycle: Cycle, shape: CycleShape, localTime: number, value: number, most: number, cadence: number | null): void {
  const { means, slopes, sightings } = cycle;
  const [bucket, within] = placeOf(shape, localTime);
  const seen = sightings[bucket]!;
  sightings[bucket] = Math.min(255, seen + 1);
  if (seen === 0) {
    means[bucket] = value;
    return;
  }
  const error = value - (means[bucket]! + slopes[bucket]! * within);
  const clipped = seen > FEW ? Math.max(-most, Math.min(most, error)) : error;
  const aRound = Math.max(1, shape.bucketMs / (cadence ?? shape.bucketMs));
  const step = Math.max(1 - (1 - shape.freshness) ** (1 / aRound), 1 / (seen + 1));
  means[bucket]! += step * clipped;
  // A line has a slope only where a round puts several points on it.
  if (seen >= FEW && aRound >= 2) slopes[bucket]! += Math.min(step, FASTEST_SLOPE) * 6 * within * clipped;
}

/** Writes the buckets that were met. */
export function encodeCycle({ means, slopes, sightings }: Cycle, writer: ByteWriter): void {
  const met = metBuckets(sightings);
  writer.u8s(sightings);
  for (const column of [means, slopes]) writer.f32s(Float32Array.from(met, (bucket) => column[bucket]!));
}

/** Reads what encodeCycle wrote. @throws RangeError beyond the end. */
export function decodeCycle(reader: ByteReader, shape: CycleShape): Cycle {
  const cycle = createCycle(shape);
  cycle.sightings.set(reader.u8s(shape.buckets));
  const met = metBuckets(cycle.sightings);
  for (const column of [cycle.means, cycle.slopes]) {
    const values = reader.f32s(met.length);
    for (let place = 0; place < met.length; place++) column[met[place]!] = values[place]!;
  }
  return cycle;
}

function metBuckets(sightings: Uint8Array): number[] {
  const met: number[] = [];
  for (let bucket = 0; bucket < sightings.length; bucket++) if (sightings[bucket]! > 0) met.push(bucket);
  return met;
}
