import type { Method, Sight } from "./method.ts";

interface NoData {
  /** Points learned, up to 255. */
  n: number;
  /** The longest gap of late, in cadences. */
  longest: number;
}

const LEAST_POINTS = 20;
/** Up to so many cadences a point is on time. */
const ON_TIME = 1.5;
/** What the longest gap of late is at least: a point that is left out is no news. */
const LEAST_LONGEST = 2;
const MOST_CADENCES = 100;
const FADE = 0.9985;

const gapOf = ({ sinceLast, cadence }: Sight): number => (sinceLast === null || cadence === null ? 0 : sinceLast / Math.max(1, cadence));

/** The time since the point before, against the series' own cadence and the longest gap of late. Told by the first point after a gap. */
export const noData: Method<NoData> = {
  name: "no-data",
  finds: "points are missing before it",
  weight: 1,
  // Enough for the default sensitivity and no more: how bad it is that points are missing, a rule for that says.
  mostDays: 13,
  isSideless: true,
  create: () => ({ n: 0, longest: 0 }),
  read({ n, longest }, sight) {
    const gap = gapOf(sight);
    return n < LEAST_POINTS || gap <= ON_TIME ? 0 : gap / Math.max(LEAST_LONGEST, longest);
  },
  learn(state, sight) {
    state.longest = Math.max(FADE * state.longest, Math.min(MOST_CADENCES, gapOf(sight)));
    state.n = Math.min(255, state.n + 1);
  },
  encode({ n, longest }, writer) {
    writer.u8(n);
    writer.f64(longest);
  },
  decode: (reader) => ({ n: reader.u8(), longest: reader.f64() }),
};
