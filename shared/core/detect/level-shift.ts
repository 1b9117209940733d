import { scaledError } from "./errors.ts";
import type { Method, Sight } from "./method.ts";
import { createNovelty, decodeNovelty, encodeNovelty, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

const OPTIONS: NoveltyOptions = { prototypes: 24, digestSize: 24, accepted: 3, trusted: 200, maturing: true };
/** What a sum forgives with each point, in scales. */
const SLACK = 1.5;
/** One error counts for so much at most, a sum grows no further. */
const MOST_SCALES = 8;
const MOST_SUM = 60;

/** The sums of errors above and below what is usual. */
interface LevelShift {
  above: number;
  below: number;
  novelty: Novelty;
}

function sumsWith({ above, below }: LevelShift, { forecast, value }: Sight): readonly [above: number, below: number] {
  if (forecast === null) return [above, below];
  const error = Math.max(-MOST_SCALES, Math.min(MOST_SCALES, scaledError(value - forecast.usual, forecast.usualScale)));
  const bounded = (sum: number) => Math.max(0, Math.min(MOST_SUM, sum));
  return [bounded(above + error - SLACK), bounded(below - error - SLACK)];
}

/** What is told of the sums: nothing where the larger one shrinks, which is what is left of something that is over. */
function statisticOf(before: LevelShift, [above, below]: readonly [above: number, below: number]): number {
  if (Math.max(above, below) < Math.max(before.above, before.below)) return 0;
  return Math.sign(above - below) * Math.log1p(Math.abs(above - below));
}

/**
 * Novelty of the cumulative sums of what is off from the usual: many small errors to one side, which a shift or a ramp leaves.
 * @see Page (1954), Continuous inspection schemes, Biometrika 41: the CUSUM.
 */
export const levelShift: Method<LevelShift> = {
  name: "level-shift",
  finds: "off to one side for some time",
  findsOff: (side) => `${side} what is usual for some time`,
  weight: 0.3,
  create: () => ({ above: 0, below: 0, novelty: createNovelty(OPTIONS) }),
  read: (state, sight) => readNovelty(state.novelty, statisticOf(state, sumsWith(state, sight)), OPTIONS),
  learn(state, sight, accept) {
    const sums = sumsWith(state, sight);
    learnNovelty(state.novelty, statisticOf(state, sums), sight.timestamp, OPTIONS, accept);
    [state.above, state.below] = sums;
  },
  encode({ above, below, novelty }, writer) {
    writer.f64(above);
    writer.f64(below);
    encodeNovelty(novelty, writer);
  },
  decode: (reader) => ({ above: reader.f64(), below: reader.f64(), novelty: decodeNovelty(reader, OPTIONS) }),
};
