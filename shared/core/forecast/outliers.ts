import { quantile } from "./intervals.ts";
import { medianOf } from "./median.ts";
import { runningMedians, seasonByMedians } from "./phase-medians.ts";
import { finite } from "./scaling.ts";

/** Points around each that tell what is usual there: what lasts for half of them or longer is no outlier. */
const WINDOW = 7;
/** Fewer points do not tell what is usual. */
const LEAST_POINTS = 12;
/** So many cycles tell what is usual at a phase. */
const CYCLES = 5;
/** The fence stands so many interquartile ranges beyond the quartiles of what is left beside level and season. */
const FENCE = 3;
/** Where more than this share would be outliers they are how the series is, and the fence is moved outwards. */
const MOST = 0.05;
const FURTHER = 10;
/** Where at least half of the points are as usual, an outlier lies so many times the usual value away. */
const RARELY = 1e4;
/** A series that swings more than it did has other outliers: it is looked at in so many parts, of at least so many points each. */
const PARTS = 4;
const PART = 200;
/** Only what lies so many times as far out as the fence is moved: nearer, more is lost than won. */
const FAR = 3;
/** Cycles before and after that show whether a spike recurs, and steps that it may be early or late there. */
const CYCLES_AROUND = [-3, -2, -1, 1, 2, 3];
const EARLY_OR_LATE = [-1, 0, 1];
/** Sums of several larger values would overflow: they are counted in a larger unit. */
const LARGEST = 2 ** 1000;
const HUGE_UNIT = 2 ** 40;

export interface Winsorised {
  /** The series with its outliers moved to the fence; itself where there is none. Shape (n,), NaN for gaps. */
  readonly y: Float64Array;
  /** How many were moved. */
  readonly count: number;
}

/**
 * Moves far outliers to the fence of what is usual around them: a model that is fitted to squares would follow them.
 *
 * What is left beside the season (medians by phase) and the level (a running median, which keeps edges) is fenced by its quartiles. Spikes
 * that recur at their phase of a season stay, so do those that come often, and whatever lasts for more than three points.
 * @param y - Points of any size, oldest first, NaN for gaps, shape (n,).
 * @param options.found - Points per cycle of the seasons that show.
 * @param options.calendar - Points per cycle at which spikes may recur.
 * @see Tukey (1977), Exploratory Data Analysis; R `forecast::tsoutliers`, whose fence this is; Hampel (1974) for the running median.
 */
export function winsorise(
  y: Float64Array,
  { found, calendar }: { readonly found: readonly number[]; readonly calendar: readonly number[] },
): Winsorised {
  const { places, plain, season, unit } = besideSeason(y, found);
  if (places.length < LEAST_POINTS) return { y, count: 0 };
  const usual = runningMedians(plain, WINDOW);
  const rest = plain.map((value, i) => value - usual[i]!);
  const fences = fencesOf(rest, usual);
  const sides = fences === null ? null : sidesOf(rest, fences);
  if (fences === null || sides === null) return { y, count: 0 };

  const cycles = [...new Set([...found, ...calendar])];
  const moved = y.slice();
  // Nothing says yet whether the series comes back from its newest points: of several, it may be the new level.
  const undecided = sides.lastIndexOf(0) + 1;
  const decided = undecided === places.length - 1 ? places.length : undecided;
  let count = 0;
  for (let i = 0; i < decided; i++) {
    const place = places[i]!;
    const limit = sides[i]! > 0 ? fences(i).high : fences(i).low;
    if (sides[i] === 0 || Math.abs(rest[i]!) <= FAR * Math.abs(limit)) continue;
    if (cycles.some((m) => recurs(y, place, { rest: rest[i]! * unit, m }))) continue;
    moved[place] = finite((usual[i]! + season(place) + limit) * unit);
    count += 1;
  }
  return { y: count > 0 ? moved : y, count };
}

/** What is observed, less the season, in a unit in which differences do not overflow. */
function besideSeason(y: Float64Array, found: readonly number[]) {
  const isHuge = y.some((value) => Math.abs(value) > LARGEST);
  const unit = isHuge ? HUGE_UNIT : 1;
  const scaled = isHuge ? y.map((value) => value / unit) : y;
  const season = seasonByMedians(scaled, found, CYCLES);
  const places = new Uint32Array(y.length);
  const plain = new Float64Array(y.length);
  let n = 0;
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(scaled[i]!)) continue;
    places[n] = i;
    plain[n] = scaled[i]! - season(i);
    n += 1;
  }
  return { places: places.subarray(0, n), plain: plain.subarray(0, n), season, unit };
}

/** 1 above the fence, -1 below, else 0; null where all are inside. */
function sidesOf(rest: Float64Array, fences: (i: number) => Fence): Int8Array | null {
  let some = false;
  const sides = Int8Array.from(rest, (value, i) => {
    const { low, high } = fences(i);
    if (value >= low && value <= high) return 0;
    some = true;
    return value > high ? 1 : -1;
  });
  return some ? sides : null;
}

interface Fence {
  readonly low: number;
  readonly high: number;
}

/** Where outliers begin at each place: beyond what is usual in the whole series, and in its part of it; null where nothing tells. */
function fencesOf(rest: Float64Array, usual: Float64Array): ((i: number) => Fence) | null {
  const whole = fenceOf(rest, usual);
  if (whole === null) return null;
  const length = Math.ceil(rest.length / Math.max(1, Math.min(PARTS, Math.floor(rest.length / PART))));
  const parts = Array.from({ length: Math.ceil(rest.length / length) }, (_, part) => {
    const own = plainFence(rest.subarray(part * length, (part + 1) * length));
    return { low: Math.min(whole.low, own.low), high: Math.max(whole.high, own.high) };
  });
  return (i) => parts[Math.floor(i / length)]!;
}

/** Where outliers begin, on either side; null where nothing tells. */
function fenceOf(rest: Float64Array, usual: Float64Array): Fence | null {
  const sorted = rest.toSorted();
  const most = Math.max(1, Math.floor(MOST * sorted.length));
  const { q25, q75, range } = quartilesOf(sorted);
  let reach = FENCE * range || RARELY * medianOf(usual.map(Math.abs));
  for (; reach > 0 && Number.isFinite(reach); reach *= FURTHER) {
    const [low, high] = [q25 - reach, q75 + reach];
    let beyond = 0;
    for (let i = 0; sorted[i]! < low && beyond <= most; i++) beyond += 1;
    for (let i = sorted.length - 1; sorted[i]! > high && beyond <= most; i--) beyond += 1;
    if (beyond <= most) return { low, high };
  }
  return null;
}

/** Where outliers begin among few points. */
function plainFence(rest: Float64Array): Fence {
  const { q25, q75, range } = quartilesOf(rest.toSorted());
  return { low: q25 - FENCE * range, high: q75 + FENCE * range };
}

/** The quartiles and how far they are apart: of what is not 0, where most is and yet enough is not (a smooth curve is its own median). */
function quartilesOf(sorted: Float64Array): { readonly q25: number; readonly q75: number; readonly range: number } {
  const [q25, q75] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  if (q75 > q25) return { q25, q75, range: q75 - q25 };
  const others = sorted.filter((value) => value !== 0);
  const isEnough = others.length > MOST * sorted.length;
  return { q25, q75, range: isEnough ? quantile(others, 0.75) - quantile(others, 0.25) : 0 };
}

/** Whether a point's like, at least half as far out, lies in at least half of the cycles around, at about the same phase. */
function recurs(y: Float64Array, place: number, { rest, m }: { readonly rest: number; readonly m: number }): boolean {
  const side = Math.sign(rest);
  const like = side * (y[place]! - rest / 2);
  let [looked, same] = [0, 0];
  for (const cycle of CYCLES_AROUND) {
    const there = place + cycle * m;
    if (there < 0 || there >= y.length) continue;
    looked += 1;
    same += Number(EARLY_OR_LATE.some((late) => side * y[there + late]! >= like));
  }
  return looked >= 2 && 2 * same >= looked;
}
