import type { Method } from "./method.ts";
import { createNovelty, decodeNovelty, encodeNovelty, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty } from "./novelty.ts";

const OPTIONS = { accepted: 1 } as const;

/** Novelty of the value itself: finds what the series has never been, and calls it known at first sight, so it must not stand alone. */
export const valueNovelty: Method<Novelty> = {
  name: "value-novelty",
  weight: 1,
  create: createNovelty,
  read: (state, { value }) => ({ statistic: readNovelty(state, value, OPTIONS), expected: null, scale: null }),
  learn: (state, { value, timestamp }) => learnNovelty(state, value, timestamp, OPTIONS, true),
  encode: encodeNovelty,
  decode: decodeNovelty,
};
