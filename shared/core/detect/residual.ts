import { NOTHING_UNUSUAL } from "./method.ts";
import type { Method, Observation } from "./method.ts";
import { createNovelty, decodeNovelty, encodeNovelty, learnNovelty, readNovelty } from "./novelty.ts";
import type { Novelty } from "./novelty.ts";

/** A mixture of cheap forecasters, the scale of its errors, and which errors are known. */
interface ResidualState {
  /** Points learned, up to 65,535. */
  n: number;
  /** The last value and the exponential windows: one expected value each. */
  readonly levels: Float64Array;
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

/** Half-lives of the exponential windows, in points; 0 is the last value. */
const HALF_LIVES = [0, 3, 12, 100] as const;
const STEPS = HALF_LIVES.map((points) => (points === 0 ? 1 : 1 - 0.5 ** (1 / points)));
const DAY_BUCKETS = 48;
const WEEK_BUCKETS = 168;
const FORECASTERS = HALF_LIVES.length + 2;
const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
/** 1970 began on a Thursday: weeks begin on Mondays. */
const MONDAY_MS = 4 * 86_400_000;
const LOSS_STEP = 0.005;
const SCALE_STEP = 1 - 0.5 ** (1 / 600);
/** The better forecaster's weight grows with this power of the ratio of losses. */
const SHARPNESS = 4;
/** Errors clip what is learned from them at so many scales. */
const CLIP = 6;
/** An error is known once it was met three times: so an incident stays one for a while, and the new normal becomes normal. */
const OPTIONS = { accepted: 3 } as const;
const TRUSTED_POINTS = 300;
const BUCKET_STEP = 0.1;

/** Novelty of the error of a mixture of cheap forecasters: finds what is unusual for the hour, for the weekday, after what just was. */
export const residual: Method<ResidualState> = {
  name: "residual",
  weight: 1,
  create: () => ({
    n: 0,
    levels: new Float64Array(HALF_LIVES.length),
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
    return { statistic, expected, scale: state.scale, unit: state.novelty.range };
  },
  learn(state, point) {
    if (state.n === 0) state.levels.fill(point.value);
    else learnErrors(state, point);
    learnLevels(state, point);
    learnBuckets(state, point);
    state.n = Math.min(65_535, state.n + 1);
  },
  encode({ n, levels, dayMeans, daySightings, weekMeans, weekSightings, losses, scale, novelty }, writer) {
    writer.u16(n);
    writer.f64s(levels);
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

const dayBucket = ({ localTime }: Observation): number => Math.floor(localTime / HALF_HOUR_MS) % DAY_BUCKETS;
const weekBucket = ({ localTime }: Observation): number => Math.floor((localTime + MONDAY_MS) / HOUR_MS) % WEEK_BUCKETS;

/** What each forecaster says; a bucket that was never met says what the slowest window does. */
function predict(state: ResidualState, point: Observation): Float64Array {
  const { levels, dayMeans, daySightings, weekMeans, weekSightings } = state;
  const predictions = new Float64Array(FORECASTERS);
  predictions.set(levels);
  const slowest = levels.at(-1)!;
  const [day, week] = [dayBucket(point), weekBucket(point)];
  predictions[FORECASTERS - 2] = daySightings[day] === 0 ? slowest : dayMeans[day]!;
  predictions[FORECASTERS - 1] = weekSightings[week] === 0 ? slowest : weekMeans[week]!;
  return predictions;
}

/** The predictions, weighted by how well each forecaster has done lately. */
function mix({ losses }: ResidualState, predictions: Float64Array): number {
  const least = losses.reduce((a, b) => Math.min(a, b), Infinity);
  let [sum, total] = [0, 0];
  for (const [forecaster, prediction] of predictions.entries()) {
    const weight = losses[forecaster] === least ? 1 : (least / losses[forecaster]!) ** SHARPNESS;
    sum += weight * prediction;
    total += weight;
  }
  return sum / total;
}

function learnErrors(state: ResidualState, point: Observation): void {
  const { losses, novelty, n } = state;
  const predictions = predict(state, point);
  const error = point.value - mix(state, predictions);
  const step = Math.max(LOSS_STEP, 1 / n);
  const most = state.scale > 0 ? CLIP * state.scale : Infinity;
  for (const [forecaster, prediction] of predictions.entries()) {
    const loss = Math.min(Math.abs(point.value - prediction), most);
    losses[forecaster] = losses[forecaster]! + step * (loss - losses[forecaster]!);
  }
  const clipped = n > 20 ? Math.min(Math.abs(error), most) : Math.abs(error);
  state.scale += Math.max(SCALE_STEP, 1 / n) * (clipped - state.scale);
  learnNovelty(novelty, error, point.timestamp, OPTIONS, n < TRUSTED_POINTS);
}

function learnLevels({ levels }: ResidualState, { value }: Observation): void {
  for (const [place, step] of STEPS.entries()) levels[place] = levels[place]! + step * (value - levels[place]!);
}

function learnBuckets(state: ResidualState, point: Observation): void {
  const { dayMeans, daySightings, weekMeans, weekSightings, scale } = state;
  for (const [means, sightings, bucket] of [
    [dayMeans, daySightings, dayBucket(point)],
    [weekMeans, weekSightings, weekBucket(point)],
  ] as const) {
    const seen = sightings[bucket]!;
    const away = point.value - means[bucket]!;
    const most = CLIP * scale;
    const clipped = seen > 3 && most > 0 ? Math.max(-most, Math.min(most, away)) : away;
    means[bucket] = seen === 0 ? point.value : means[bucket]! + Math.max(BUCKET_STEP, 1 / (seen + 1)) * clipped;
    sightings[bucket] = Math.min(255, seen + 1);
  }
}
