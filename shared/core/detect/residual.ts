import { scaledError } from "./errors.ts";
import type { Forecast } from "./forecaster.ts";
import type { Method } from "./method.ts";
import { acceptedRange } from "./acceptance.ts";
import { acceptBetween, createNovelty, decodeNovelty, encodeNovelty, familiarEnds, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty, NoveltyOptions } from "./novelty.ts";

/** An error is known once it was met in three different hours: so an incident stays one for a while, and the new normal becomes normal. */
const OPTIONS: NoveltyOptions = { prototypes: 32, digestSize: 24, accepted: 3, trusted: 200, maturing: true };

/** Which of the two things that are expected errors are taken from. */
interface ResidualOptions {
  readonly name: string;
  readonly finds: string;
  readonly weight: number;
  middle(forecast: Forecast): number;
  scale(forecast: Forecast): number;
}

/** Novelty of an error in its scale, on a logarithmic scale beyond one: in series with heavy tails the largest error yet is no news. */
const residualMethod = ({ name, finds, weight, middle, scale }: ResidualOptions): Method<Novelty> => {
  const errorOf = (forecast: Forecast, value: number) => Math.asinh(scaledError(value - middle(forecast), scale(forecast)));
  return {
    name,
    finds,
    weight,
    create: () => createNovelty(OPTIONS),
    read: (novelty, { forecast, value }) => (forecast === null ? 0 : readNovelty(novelty, errorOf(forecast, value), OPTIONS)),
    learn(novelty, sight, accept) {
      const { forecast, value, timestamp } = sight;
      if (forecast === null) return;
      learnNovelty(novelty, errorOf(forecast, value), timestamp, OPTIONS, accept);
      if (!accept) return;
      const [lo, hi] = acceptedRange(sight).map((one) => errorOf(forecast, one));
      acceptBetween(novelty, [lo!, hi!], timestamp, OPTIONS);
    },
    familiar(novelty, statistic, forecast) {
      const ends = familiarEnds(novelty, statistic, OPTIONS);
      if (ends === null) return null;
      const [lo, hi] = ends.map((error) => middle(forecast) + Math.sinh(error) * scale(forecast));
      return [lo!, hi!];
    },
    encode: encodeNovelty,
    decode: (reader) => decodeNovelty(reader, OPTIONS),
  };
};

/** What is unusual after what just was: spikes, drops, noise. */
export const residual = residualMethod({
  name: "residual",
  finds: "far from what was likely after the points before",
  weight: 0.5,
  middle: ({ expected }) => expected,
  scale: ({ scale }) => scale,
});

/** What is unusual for the hour, the weekday, the phase of a period: also when it came there slowly, and on every day that it does. */
export const seasonalResidual = residualMethod({
  name: "seasonal-residual",
  finds: "far from what is usual at this time",
  weight: 0.5,
  middle: ({ usual }) => usual,
  scale: ({ usualScale }) => usualScale,
});
