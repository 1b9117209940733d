/** A full chunk. Larger ones compress better, smaller ones are read faster. */
export const CHUNK_POINTS = 2_400;
/** So many small chunks may stand at the end of a series: each is one more row for who reads there. */
const MOST_SMALL = 40;
/** A small chunk is merged with those after it unless it is so many times as large as they are together. */
const LARGER = 4;
/** Points further apart than this do not look for the chunks between them. */
const WINDOW_GAP_MS = 3_600_000;

/** What of a chunk is left: `small` and `merged` have points; of `expired` there is only a rollup. */
export type Tier = "small" | "merged" | "expired";

/** A chunk without its points. */
export interface ChunkExtent {
  readonly id: number;
  readonly t0: number;
  readonly t1: number;
  readonly n: number;
  readonly tier: Tier;
}

/** The end of a series: small chunks, if there are any, stand after all others. */
export interface SeriesEnd {
  /** The newest timestamp in a chunk, Unix ms; -Infinity where there is none. */
  readonly newest: number;
  readonly small: { readonly chunks: number; readonly points: number };
}

/** Rows [start, end) of the new points. */
export interface Rows {
  readonly start: number;
  readonly end: number;
}

/** Where new points go. The rows of expired chunks go nowhere. */
export interface Placement {
  /** Chunks that get rows, ascending: each is written anew with them. */
  readonly touched: readonly (Rows & { readonly chunk: ChunkExtent })[];
  /** Rows between chunks that are full: chunks of their own. */
  readonly between: readonly Rows[];
  /** The first of the rows that go to the end of the series, n where none does. */
  readonly end: number;
}

/** The windows of time in which chunks may get some of the new points: those up to the newest that is stored. Ascending. */
export function windowsOf(timestamps: Float64Array, newest: number): { from: number; to: number }[] {
  const windows: { from: number; to: number }[] = [];
  for (const timestamp of timestamps) {
    if (timestamp > newest) break;
    const last = windows.at(-1);
    if (last !== undefined && timestamp - last.to <= WINDOW_GAP_MS) last.to = timestamp;
    else windows.push({ from: timestamp, to: timestamp });
  }
  return windows;
}

/**
 * Places new points among the chunks of their series, so that chunks still never overlap: a point goes to the chunk that reaches over it,
 * between two chunks to the one that has room, and from the first small chunk on to the end.
 *
 * @param timestamps - Unix ms, ascending, shape (n,).
 * @param chunks - For each of windowsOf: the chunks that start in it, the last one before it, and the first one after it. Ascending.
 */
export function placePoints(timestamps: Float64Array, chunks: readonly ChunkExtent[]): Placement {
  const touched: { chunk: ChunkExtent; start: number; end: number }[] = [];
  const between: { start: number; end: number }[] = [];
  let next = 0;
  let lastPlace: ChunkExtent | "between" | null = null;
  for (let row = 0; row < timestamps.length; row++) {
    const timestamp = timestamps[row]!;
    while (next < chunks.length && chunks[next]!.t0 <= timestamp) {
      next += 1;
      if (lastPlace === "between") lastPlace = null;
    }
    const place = placeOf(timestamp, chunks[next - 1], chunks[next]);
    if (place === "end") return { touched, between, end: row };
    if (place === "nowhere") lastPlace = null;
    else if (place === lastPlace) (place === "between" ? between : touched).at(-1)!.end = row + 1;
    else if (place === "between") between.push({ start: row, end: row + 1 });
    else touched.push({ chunk: place, start: row, end: row + 1 });
    if (place !== "nowhere") lastPlace = place;
  }
  return { touched, between, end: timestamps.length };
}

function placeOf(timestamp: number, before: ChunkExtent | undefined, after: ChunkExtent | undefined) {
  if (before?.tier === "small" || (after?.tier === "small" && !(before !== undefined && timestamp <= before.t1))) return "end";
  if (before !== undefined && timestamp <= before.t1) return before.tier === "expired" ? "nowhere" : before;
  if (after === undefined) return "end";
  const hasRoom = (chunk: ChunkExtent | undefined): chunk is ChunkExtent => chunk?.tier === "merged" && chunk.n < CHUNK_POINTS;
  if (hasRoom(before)) return before;
  return hasRoom(after) ? after : "between";
}

/** From which time on small chunks are merged with n new points at the end of a series, the first of them at `first`; null: none is. */
export function mergesFrom(first: number, n: number, { newest, small }: SeriesEnd): number | null {
  if (small.chunks > 0 && (small.points + n >= CHUNK_POINTS || small.chunks >= MOST_SMALL)) return 0;
  return first <= newest ? first : null;
}

/**
 * How many of some small chunks, ascending, stay as they are when the others are merged with n new points from `first` on. None does
 * where there are points enough for a full chunk; else old ones that are large beside all that follows, so that a point is written few times.
 */
export function staysSmall(chunks: readonly Pick<ChunkExtent, "t1" | "n">[], first: number, n: number): number {
  if (chunks.reduce((sum, chunk) => sum + chunk.n, n) >= CHUNK_POINTS) return 0;
  let [stays, merged] = [chunks.length, n];
  while (stays > 0 && (chunks[stays - 1]!.t1 >= first || chunks[stays - 1]!.n <= LARGER * merged)) merged += chunks[(stays -= 1)]!.n;
  return stays;
}

/** Cuts n points at the end of a series: full chunks, and what is left, which stays small. */
export function cutAtEnd(n: number): (Rows & { readonly tier: "merged" | "small" })[] {
  const cuts: (Rows & { tier: "merged" | "small" })[] = [];
  for (let start = 0; start < n; start += CHUNK_POINTS) {
    const end = Math.min(n, start + CHUNK_POINTS);
    cuts.push({ start, end, tier: end - start === CHUNK_POINTS ? "merged" : "small" });
  }
  return cuts;
}

/** Cuts n points within a series into as few chunks as can be, of about one size: each then has room for more. */
export function cutWithin(n: number): Rows[] {
  const chunks = Math.ceil(n / CHUNK_POINTS);
  return Array.from({ length: chunks }, (_, chunk) => ({
    start: Math.floor((chunk * n) / chunks),
    end: Math.floor(((chunk + 1) * n) / chunks),
  }));
}
