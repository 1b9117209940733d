import type { ByteReader, ByteWriter } from "./bytes.ts";

/**
 * Quantiles of a stream in bounded space: weighted centroids, finest at both tails, with old points fading out.
 * @see Dunning, "The t-digest: Efficient estimates of distributions" (2021): the arcsine scale function.
 */
export interface QuantileDigest {
  readonly means: Float32Array;
  readonly weights: Float32Array;
  /** Centroids in use. */
  n: number;
  /** Values not merged yet, at most BUFFER. */
  readonly buffer: Float32Array;
  buffered: number;
}

/** What tells one digest from another. */
export interface DigestOptions {
  /** About so many centroids, up to 32. */
  readonly size: number;
  /** Points until a value counts half. */
  readonly halfLife: number;
}

const LARGEST_SIZE = 32;
const BUFFER = 16;
/** The scale function lets at most so many centroids stand, and half as many again while it merges. */
const MOST = 2 * LARGEST_SIZE;

/** A digest without a value. */
export const createDigest = (): QuantileDigest => ({
  means: new Float32Array(MOST),
  weights: new Float32Array(MOST),
  n: 0,
  buffer: new Float32Array(BUFFER),
  buffered: 0,
});

/** Takes a value in. Returns whether the quantiles have moved. */
export function addToDigest(digest: QuantileDigest, value: number, options: DigestOptions): boolean {
  digest.buffer[digest.buffered] = value;
  digest.buffered += 1;
  // The first few are merged often: until there are quantiles, nothing can be told from them.
  if (digest.buffered < Math.min(BUFFER, Math.max(1, digest.n))) return false;
  merge(digest, options);
  return true;
}

/**
 * An estimate of a quantile; exact at both ends.
 * @param p - 0..1.
 */
export function digestQuantile({ means, weights, n }: QuantileDigest, p: number): number {
  if (n === 0) return 0;
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i]!;
  const target = p * total;
  let below = 0;
  for (let i = 0; i < n; i++) {
    const middle = below + weights[i]! / 2;
    if (target <= middle) {
      if (i === 0) return means[0]!;
      const before = below - weights[i - 1]! / 2;
      return means[i - 1]! + (means[i]! - means[i - 1]!) * ((target - before) / (middle - before));
    }
    below += weights[i]!;
  }
  return means[n - 1]!;
}

function merge(digest: QuantileDigest, { size, halfLife }: DigestOptions): void {
  const { means, weights, n, buffer, buffered } = digest;
  const fade = 0.5 ** (buffered / halfLife);
  const rows: (readonly [mean: number, weight: number])[] = [];
  for (let i = 0; i < n; i++) rows.push([means[i]!, weights[i]! * fade]);
  for (let i = 0; i < buffered; i++) rows.push([buffer[i]!, 1]);
  rows.sort((a, b) => a[0] - b[0]);
  const total = rows.reduce((sum, [, weight]) => sum + weight, 0);
  const scaleOf = (q: number): number => (Math.asin(2 * Math.min(1, Math.max(0, q)) - 1) * size) / Math.PI;

  let kept = 0;
  let below = 0;
  let [mean, weight] = rows[0]!;
  let start = scaleOf(0);
  for (let row = 1; row < rows.length; row++) {
    const [nextMean, nextWeight] = rows[row]!;
    const fits = scaleOf((below + weight + nextWeight) / total) - start <= 1;
    if (fits || kept === MOST - 1) {
      mean += (nextMean - mean) * (nextWeight / (weight + nextWeight));
      weight += nextWeight;
    } else {
      means[kept] = mean;
      weights[kept] = weight;
      kept += 1;
      below += weight;
      start = scaleOf(below / total);
      [mean, weight] = [nextMean, nextWeight];
    }
  }
  means[kept] = mean;
  weights[kept] = weight;
  digest.n = kept + 1;
  digest.buffered = 0;
}

/** Writes all of it but centroids that are not in use. */
export function encodeDigest({ means, weights, n, buffer, buffered }: QuantileDigest, writer: ByteWriter): void {
  writer.u8(n);
  writer.f32s(means.subarray(0, n));
  writer.f32s(weights.subarray(0, n));
  writer.u8(buffered);
  writer.f32s(buffer.subarray(0, buffered));
}

/** Reads what encodeDigest wrote. @throws RangeError beyond the end. */
export function decodeDigest(reader: ByteReader): QuantileDigest {
  const digest = createDigest();
  digest.n = reader.u8();
  digest.means.set(reader.f32s(digest.n));
  digest.weights.set(reader.f32s(digest.n));
  digest.buffered = reader.u8();
  digest.buffer.set(reader.f32s(digest.buffered));
  return digest;
}
