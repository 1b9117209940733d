import { scaledError } from "./errors.ts";
import type { Method } from "./method.ts";
import { acceptBetween, createNovelty, decodeNovelty, encodeNovelty, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

const OPTIONS: NoveltyOptions = { prototypes: 16, digestSize: 16, accepted: 1, trusted: 200, maturing: true };
const STEP = 1 - 0.5 ** (1 / 8);
/** One error alone is no volatility. */
const MOST_SCALES = 10;
/** The logarithm is of the spread and this, which keeps a calm series from being news each time that it is calmer. */
const CALM = 0.05;
/** A spread that was accepted stands for those so near to it: by so much it differs from one time that it is met to the next. */
const ACCEPTED = 0.6;

interface Volatility {
  /** The mean absolute error over the last points, in scales. */
  spread: number;
  novelty: Novelty;
}

function spreadWith({ spread }: Volatility, { forecast, value }: Parameters<Method<Volatility>["read"]>[1]): number {
  if (forecast === null) return spread;
  const error = Math.min(MOST_SCALES, Math.abs(scaledError(value - forecast.expected, forecast.scale)));
  return spread + STEP * (error - spread);
}

/** Novelty of the local spread. Calm that comes slowly is learned while it comes. */
export const volatility: Method<Volatility> = {
  name: "volatility",
  finds: "steadier or more restless than is usual",
  // A value within its band may be a part of either.
  findsOff: (_side, isOutside) => (isOutside ? "more restless than is usual" : volatility.finds),
  weight: 0.5,
  create: () => ({ spread: 0, novelty: createNovelty(OPTIONS) }),
  read: (state, sight) => readNovelty(state.novelty, Math.log(spreadWith(state, sight) + CALM), OPTIONS),
  learn(state, sight, accept) {
    state.spread = spreadWith(state, sight);
    learnNovelty(state.novelty, Math.log(state.spread + CALM), sight.timestamp, OPTIONS, accept);
    if (!accept) return;
    const [lo, hi] = [Math.max(0, state.spread - ACCEPTED), state.spread + ACCEPTED].map((spread) => Math.log(spread + CALM));
    acceptBetween(state.novelty, [lo!, hi!], sight.timestamp, OPTIONS);
  },
  encode({ spread, novelty }, writer) {
    writer.f64(spread);
    encodeNovelty(novelty, writer);
  },
  decode: (reader) => ({ spread: reader.f64(), novelty: decodeNovelty(reader, OPTIONS) }),
};
