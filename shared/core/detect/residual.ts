import { NOTHING_UNUSUAL } from "./method.ts";
import type { Method, Observation } from "./method.ts";
import { createNovelty, decodeNovelty, encodeNovelty, familiarStretch, learnNovelty, readNovelty, withinReach } from "./novelty.ts";
import type { Novelty } from "./novelty.ts";

/** A mixture of cheap forecasters, the scale of its errors, and which errors are known. */
interface ResidualState {
  /** Points learned, up to 65,535. */
  n: number;
  /** The last value and the exponential windows: one expected value each. */
  readonly levels: Float64Array;
  /** The two values before the last. */
  readonly before: Float64Array;
  /** Means by half hour of the day and by hour of the week, on the wall clock; how often each was met. */
  readonly dayMeans: Float64Array;
  readonly daySightings: Uint8Array;
  readonly weekMeans: Float64Array;
  readonly weekSightings: Uint8Array;
  /** Recent absolute error of each forecaster. */
  readonly losses: Float64Array;
  /** Recent absolute error of the mixture, outliers clipped. */
  scale: number;
  readonly novelty: Novelty;
}

/** Half-lives of the exponential windows, in points; the first is the last value. */
const HALF_LIVES = [0, 3, 12, 100] as const;
const STEPS = HALF_LIVES.map((points) => (points === 0 ? 1 : 1 - 0.5 ** (1 / points)));
const DAY_BUCKETS = 48;
const WEEK_BUCKETS = 168;
/** The windows, the median of the last three values, and both kinds of buckets. */
const FORECASTERS = HALF_LIVES.length + 3;
const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
/** 1970 began on a Thursday: weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * 86_400_000;
const LOSS_STEP = 0.005;
const SCALE_STEP = 1 - 0.5 ** (1 / 600);
/** Errors clip what is learned from them at so many scales. */
const CLIP = 6;
/** An error is known once it was met three times: so an incident stays one for a while, and the new normal becomes normal. */
const OPTIONS = { accepted: 3 } as const;
/** The first errors are known at once: until there is a score, nothing is unusual. */
const TRUSTED_POINTS = 20;
const BUCKET_STEP = 0.1;
/** Errors beyond so many of their ranges are those of giants: steps of every day are well within. */
const REACH = 30;

/** Novelty of the error of a mixture of cheap forecasters: finds what is unusual for the hour, for the weekday, after what just was. */
export const residual: Method<ResidualState> = {
  name: "residual",
  weight: 1,
  create: () => ({
    n: 0,
    levels: new Float64Array(HALF_LIVES.length),
    before: new Float64Array(2),
    dayMeans: new Float64Array(DAY_BUCKETS),
    daySightings: new Uint8Array(DAY_BUCKETS),
    weekMeans: new Float64Array(WEEK_BUCKETS),
    weekSightings: new Uint8Array(WEEK_BUCKETS),
    losses: new Float64Array(FORECASTERS),
    scale: 0,
    novelty: createNovelty(),
  }),
  read(state, point) {
    if (state.n === 0) return NOTHING_UNUSUAL;
    const expected = mix(state, predict(state, point));
    const statistic = readNovelty(state.novelty, point.value - expected, OPTIONS);
    return { statistic, expected, scale: state.scale };
  },
  learn(state, point, accept) {
    let value = point.value;
    if (state.n === 0) {
      state.levels.fill(value);
      state.before.fill(value);
    } else {
      const predictions = predict(state, point);
      const expected = mix(state, predictions);
      // The forecasters learn of a giant only that it was large: one would spoil what they say for days.
      const error = value - expected;
      const bounded = withinReach(state.novelty, error, REACH);
      if (bounded !== error) value = expected + bounded;
      learnErrors(state, point, predictions, error, accept);
    }
    learnLevels(state, value);
    learnBuckets(state, point, value);
    state.n = Math.min(65_535, state.n + 1);
  },
  familiar: ({ novelty }, statistic) => familiarStretch(novelty, statistic, OPTIONS),
  encode({ n, levels, before, dayMeans, daySightings, weekMeans, weekSightings, losses, scale, novelty }, writer) {
    writer.u16(n);
    writer.f64s(levels);
    writer.f64s(before);
    for (const [means, sightings] of [
      [dayMeans, daySightings],
      [weekMeans, weekSightings],
    ] as const) {
      for (const [bucket, seen] of sightings.entries()) {
        writer.u8(seen);
        if (seen > 0) writer.f64(means[bucket]!);
      }
    }
    writer.f64s(losses);
    writer.f64(scale);
    encodeNovelty(novelty, writer);
  },
  decode(reader) {
    const state = residual.create();
    state.n = reader.u16();
    state.levels.set(reader.f64s(HALF_LIVES.length));
    state.before.set(reader.f64s(2));
    for (const [means, sightings] of [
      [state.dayMeans, state.daySightings],
      [state.weekMeans, state.weekSightings],
    ] as const) {
      for (let bucket = 0; bucket < sightings.length; bucket++) {
        sightings[bucket] = reader.u8();
        if (sightings[bucket]! > 0) means[bucket] = reader.f64();
      }
    }
    state.losses.set(reader.f64s(FORECASTERS));
    state.scale = reader.f64();
    return { ...state, novelty: decodeNovelty(reader) };
  },
};

const dayBucket = ({ localTime }: Observation): number => wrap(Math.floor(localTime / HALF_HOUR_MS), DAY_BUCKETS);
/** A holiday is as a Sunday. */
function weekBucket({ localTime, holiday }: Observation): number {
  const bucket = wrap(Math.floor((localTime - FIRST_MONDAY_MS) / HOUR_MS), WEEK_BUCKETS);
  return holiday ? 6 * 24 + (bucket % 24) : bucket;
}
/** West of Greenwich the wall clock shows times before 1970. */
const wrap = (place: number, n: number): number => ((place % n) + n) % n;

/** What each forecaster says; a bucket that was never met says what the slowest window does. */
function predict(state: ResidualState, point: Observation): Float64Array {
  const { levels, before, dayMeans, daySightings, weekMeans, weekSightings } = state;
  const predictions = new Float64Array(FORECASTERS);
  predictions.set(levels);
  const slowest = levels[HALF_LIVES.length - 1]!;
  // One odd point moves it not at all: where such come alone, it keeps their echo from being odd too.
  predictions[FORECASTERS - 3] = middleOf(levels[0]!, before[0]!, before[1]!);
  const [day, week] = [dayBucket(point), weekBucket(point)];
  predictions[FORECASTERS - 2] = daySightings[day] === 0 ? slowest : dayMeans[day]!;
  predictions[FORECASTERS - 1] = weekSightings[week] === 0 ? slowest : weekMeans[week]!;
  return predictions;
}

const middleOf = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

/** The predictions, weighted by how well each forecaster has done lately: by the fourth power of the ratio of losses. */
function mix({ losses }: ResidualState, predictions: Float64Array): number {
  let least = Infinity;
  for (let forecaster = 0; forecaster < FORECASTERS; forecaster++) least = Math.min(least, losses[forecaster]!);
  let [sum, total] = [0, 0];
  for (let forecaster = 0; forecaster < FORECASTERS; forecaster++) {
    const ratio = losses[forecaster] === least ? 1 : least / losses[forecaster]!;
    const weight = ratio * ratio * (ratio * ratio);
    sum += weight * predictions[forecaster]!;
    total += weight;
  }
  return sum / total;
}

function learnErrors(state: ResidualState, point: Observation, predictions: Float64Array, error: number, accept: boolean): void {
  const { losses, novelty, n } = state;
  const step = Math.max(LOSS_STEP, 1 / n);
  const most = state.scale > 0 ? CLIP * state.scale : Infinity;
  for (let forecaster = 0; forecaster < FORECASTERS; forecaster++) {
    const loss = Math.min(Math.abs(point.value - predictions[forecaster]!), most);
    losses[forecaster] = losses[forecaster]! + step * (loss - losses[forecaster]!);
  }
  const clipped = n > 20 ? Math.min(Math.abs(error), most) : Math.abs(error);
  state.scale += Math.max(SCALE_STEP, 1 / n) * (clipped - state.scale);
  learnNovelty(novelty, error, point.timestamp, OPTIONS, accept || n < TRUSTED_POINTS);
}

function learnLevels({ levels, before }: ResidualState, value: number): void {
  before[1] = before[0]!;
  before[0] = levels[0]!;
  for (let place = 0; place < levels.length; place++) levels[place] = levels[place]! + STEPS[place]! * (value - levels[place]!);
}

function learnBuckets(state: ResidualState, point: Observation, value: number): void {
  const { dayMeans, daySightings, weekMeans, weekSightings, scale } = state;
  for (const [means, sightings, bucket] of [
    [dayMeans, daySightings, dayBucket(point)],
    [weekMeans, weekSightings, weekBucket(point)],
  ] as const) {
    const seen = sightings[bucket]!;
    const away = value - means[bucket]!;
    const most = CLIP * scale;
    const clipped = seen > 3 && most > 0 ? Math.max(-most, Math.min(most, away)) : away;
    means[bucket] = seen === 0 ? value : means[bucket]! + Math.max(BUCKET_STEP, 1 / (seen + 1)) * clipped;
    sightings[bucket] = Math.min(255, seen + 1);
  }
}
