import type { Method } from "./method.ts";
import { acceptedRange } from "./acceptance.ts";
import { acceptBetween, createNovelty, decodeNovelty, encodeNovelty, familiarEnds, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

const OPTIONS: NoveltyOptions = { prototypes: 24, digestSize: 24, accepted: 1, trusted: 0, maturing: false };

interface LogNovelty {
  /** Values below it are told apart as they are, those above by their ratio. */
  unit: number;
  novelty: Novelty;
}

/** Of the largest of the first values. */
const UNIT_SHARE = 0.05;
const UNIT_POINTS = 20;

/** Beside the smallest of units every ratio is infinite. */
const ratioOf = (value: number, unit: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value / unit));

const logOf = ({ unit }: LogNovelty, value: number): number => (unit === 0 ? 0 : Math.asinh(ratioOf(value, unit)));

/** Novelty of the value's logarithm: what is a hundredth of everything before it stands out as what is the hundredfold does. */
export const logNovelty: Method<LogNovelty> = {
  name: "log-novelty",
  finds: "a value of a size that this series has not had",
  weight: 0.5,
  create: () => ({ unit: 0, novelty: createNovelty(OPTIONS) }),
  read: (state, { value }) => readNovelty(state.novelty, logOf(state, value), OPTIONS),
  learn(state, sight, accept) {
    const { novelty } = state;
    const { value, timestamp } = sight;
    if (novelty.count < UNIT_POINTS || state.unit === 0) state.unit = Math.max(state.unit, UNIT_SHARE * Math.abs(value));
    learnNovelty(novelty, logOf(state, value), timestamp, OPTIONS, accept);
    if (!accept) return;
    const [lo, hi] = acceptedRange(sight).map((one) => logOf(state, one));
    acceptBetween(novelty, [lo!, hi!], timestamp, OPTIONS);
  },
  familiar({ unit, novelty }, statistic) {
    const ends = familiarEnds(novelty, statistic, OPTIONS);
    // Without a unit nothing is told apart: that is no band around zero.
    return ends === null || unit === 0 ? null : [unit * Math.sinh(ends[0]), unit * Math.sinh(ends[1])];
  },
  encode({ unit, novelty }, writer) {
    writer.f64(unit);
    encodeNovelty(novelty, writer);
  },
  decode: (reader) => ({ unit: reader.f64(), novelty: decodeNovelty(reader, OPTIONS) }),
};
