import type { ByteReader, ByteWriter } from "./bytes.ts";
import { LEAST_RARE } from "./calibration.ts";
import { METHODS } from "./methods.ts";
import { daysAtSensitivity } from "./severity.ts";

/** Unusual points in a row to one side of what is expected, the newest learned is the last of them: what the next one may go on with. */
export interface Run {
  /** The rarest news among them, log10 of days; LEAST_RARE where there are none. */
  rarity: number;
  /** The least rare since then by itself, log10 of days: a run is over for whoever would not have called that one anomalous. */
  lowest: number;
  /** Of the rarest, in the series' unit. */
  off: number;
  expected: number;
  /** How rare each method found the rarest, log10 of days, in the order of METHODS. */
  readonly found: Float32Array;
}

/** A run goes on while its points are a quarter as rare as it takes to begin one. */
export const GOES_ON = Math.log10(4);
/** What is less rare by itself no sensitivity goes on with: it ends a run. */
export const LEAST_OF_A_RUN = Math.log10(daysAtSensitivity(1)) - GOES_ON;

/** No run. */
export const createRun = (): Run => ({
  rarity: LEAST_RARE,
  lowest: LEAST_RARE,
  off: 0,
  expected: 0,
  found: new Float32Array(METHODS.length),
});

/** A point, as a run sees it. */
export interface RunPoint {
  /** How rare it is by itself, and as news, log10 of days. */
  readonly standing: number;
  readonly news: number;
  readonly off: number;
  readonly expected: number;
  /** How far it is from what was likely, and from what is usual. */
  readonly offs: readonly number[];
  /** How rare each method finds it, log10 of days. */
  readonly found: readonly number[];
}

/**
 * Whether a point lies on the same side as a run: of what was likely, which follows the run, or of what is usual. What is stuck, or comes after a
 * gap, has no side.
 */
export const isOnSideOf = (run: Run, { offs, found }: Pick<RunPoint, "offs" | "found">): boolean =>
  offs.some((off) => Math.sign(off) === Math.sign(run.off)) ||
  METHODS.some(({ isSideless }, m) => isSideless === true && Math.min(run.found[m]!, found[m]!) > 0);

/** Takes a point in that is rare enough to be of a run: it goes on with the one that there is, or begins another. */
export function learnRun(run: Run, point: RunPoint): void {
  const { standing, news, off, expected, found } = point;
  // Whoever would not go on from the least rare can begin with this one.
  if (run.rarity > LEAST_RARE && isOnSideOf(run, point) && news <= run.rarity && news <= run.lowest + GOES_ON) {
    run.lowest = Math.min(run.lowest, standing);
    return;
  }
  run.rarity = news;
  run.lowest = standing;
  run.off = off;
  run.expected = expected;
  run.found.set(found);
}

/** Writes all of it. */
export function encodeRun({ rarity, lowest, off, expected, found }: Run, writer: ByteWriter): void {
  for (const number of [rarity, lowest, off, expected]) writer.f64(number);
  writer.f32s(found);
}

/** Reads what encodeRun wrote. @throws RangeError beyond the end. */
export const decodeRun = (reader: ByteReader): Run => ({
  rarity: reader.f64(),
  lowest: reader.f64(),
  off: reader.f64(),
  expected: reader.f64(),
  found: reader.f32s(METHODS.length),
});
