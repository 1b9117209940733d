import type { Method } from "./method.ts";
import { acceptedRange } from "./acceptance.ts";
import { acceptBetween, createNovelty, decodeNovelty, encodeNovelty, familiarEnds, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

const OPTIONS: NoveltyOptions = { prototypes: 40, digestSize: 32, accepted: 1, trusted: 0, maturing: false };

/** Values as their distance from the first one, so that a large one does not hide small changes. */
interface ValueNovelty {
  origin: number;
  novelty: Novelty;
}

/** What rounding leaves of values around an origin; not less than 32 bits tell apart. */
const leastRangeAt = (origin: number): number => Math.max(1e-12 * Math.abs(origin), 1e-37);

/** Novelty of the value itself: finds what the series has never been, and calls it known at first sight, so it must not stand alone. */
export const valueNovelty: Method<ValueNovelty> = {
  name: "value-novelty",
  finds: "a value that this series has not had",
  weight: 1,
  create: () => ({ origin: 0, novelty: createNovelty(OPTIONS) }),
  read: ({ origin, novelty }, { value }) => readNovelty(novelty, value - origin, OPTIONS),
  learn(state, sight, accept) {
    const { value, timestamp } = sight;
    if (state.novelty.count === 0) {
      state.origin = value;
      state.novelty.leastRange = leastRangeAt(value);
    }
    learnNovelty(state.novelty, value - state.origin, timestamp, OPTIONS, accept);
    if (!accept) return;
    const [lo, hi] = acceptedRange(sight).map((one) => one - state.origin);
    acceptBetween(state.novelty, [lo!, hi!], timestamp, OPTIONS);
  },
  familiar({ origin, novelty }, statistic) {
    const ends = familiarEnds(novelty, statistic, OPTIONS);
    return ends === null ? null : [ends[0] + origin, ends[1] + origin];
  },
  encode({ origin, novelty }, writer) {
    writer.f64(origin);
    encodeNovelty(novelty, writer);
  },
  decode(reader) {
    const origin = reader.f64();
    return { origin, novelty: decodeNovelty(reader, OPTIONS, leastRangeAt(origin)) };
  },
};
