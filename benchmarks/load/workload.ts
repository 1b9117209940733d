import type { Dimensions } from "../../shared/contract/series.ts";

/** All series at one time. */
export interface Scrape {
  /** Unix ms. */
  readonly timestamp: number;
  /** One a series, shape (SERIES.length,). */
  readonly values: Float64Array;
}

interface WorkloadSeries {
  readonly metricKey: string;
  readonly dimensions: Dimensions;
}

const SERIES_COUNT = 1_000;
const SCRAPE_EVERY_MS = 15_000;
/** 2026-01-01: any time that lies far enough back for hours of scrapes. */
const FIRST_SCRAPE = Date.UTC(2026, 0, 1);

const KINDS = ["memory.used_percent", "http.requests_total", "queue.jitter"] as const;
/** A third of each kind: a gauge that walks in tenths, a counter of whole steps, noise in all its digits. */
export const SERIES: readonly WorkloadSeries[] = Array.from({ length: SERIES_COUNT }, (_, index) => ({
  metricKey: KINDS[index % KINDS.length]!,
  dimensions: { host: `host-${String(Math.floor(index / KINDS.length)).padStart(3, "0")}`, service: "checkout", region: "eu-west" },
}));

/** The scrapes of a fleet, one after another from the `first` on: the same ones in every process that asks. */
export function* scrapes(first = 0): Generator<Scrape, never> {
  const walk = new Int32Array(SERIES_COUNT).fill(500);
  const random = randomNumbers();
  for (let place = 0; ; place++) {
    const values = new Float64Array(SERIES_COUNT);
    for (let index = 0; index < SERIES_COUNT; index++) {
      const uniform = random();
      if (index % 3 === 0) walk[index] = Math.min(1_000, Math.max(0, walk[index]! + Math.floor(uniform * 7) - 3));
      else if (index % 3 === 1) walk[index]! += Math.floor(uniform * 40);
      values[index] = index % 3 === 0 ? walk[index]! / 10 : index % 3 === 1 ? walk[index]! : uniform * 100;
    }
    if (place >= first) yield { timestamp: FIRST_SCRAPE + place * SCRAPE_EVERY_MS, values };
  }
}

/** Marsaglia's xorshift with 32 bits, in [0, 1) with 53: the same numbers in every run. */
function randomNumbers(): () => number {
  let state = 2_463_534_242;
  const bits = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return () => (bits() * 2 ** 21 + (bits() >>> 11)) / 2 ** 53;
}
