import type { AnomalySeverity, Direction } from "../../contract/anomaly.ts";
import { LEAST_RARE, MOST_RARE, statisticOf } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";
import { scaledError } from "./errors.ts";
import type { Forecast } from "./forecaster.ts";
import { calibrationOf, jointRarities, pointsLearned, raritiesOf, WARM_UP_POINTS } from "./learned.ts";
import type { Learned, Look, MethodRarity } from "./learned.ts";
import type { Sight } from "./method.ts";
import { METHODS } from "./methods.ts";
import { AGREEING_DAYS, daysAtSensitivity, scoreOf, severityOf } from "./severity.ts";

/** What decides beside the points what is anomalous. */
export interface DetectOptions {
  /** 0..1: see daysAtSensitivity. */
  readonly sensitivity: number;
  /** Of methods, by name; the default is each method's own. 0 leaves it out. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly direction?: Direction | undefined;
  /** The least distance from what was expected, in the series' unit. */
  readonly minAbsolute?: number | undefined;
  /** The least distance from what was expected, as a share of it: 0.1 is ten percent. */
  readonly minRelative?: number | undefined;
  /** The least weighted share of methods that agree, 0..1. */
  readonly consensus?: number | undefined;
  /** Days on the wall clock, as `2026-12-25`. */
  readonly holidays?: ReadonlySet<string> | undefined;
  /** What people said of stretches of the series. Of two that meet the later counts. */
  readonly verdicts?: readonly Verdict[] | undefined;
  /** Whether the band is told of every point, and not of anomalous ones alone. */
  readonly band?: boolean | undefined;
}

/**
 * What somebody said of a stretch: `expected` makes what it shows known at once; of an `incident` and of `bad-data` nothing is learned, so that it
 * stays news when it is met again.
 */
export interface Verdict {
  /** Unix ms, inclusive. */
  readonly from: number;
  /** Unix ms, exclusive. */
  readonly to: number;
  readonly verdict: "expected" | "incident" | "bad-data";
}

/** What is said of one point. */
export interface PointScore {
  /** Unix ms. */
  readonly timestamp: number;
  readonly value: number;
  /** 0..1: how much of an alarm it is. While an anomaly goes on and gets no worse there is less and less news in it. */
  readonly score: number;
  readonly expected: number | null;
  /** The band at the sensitivity: a value outside of it is anomalous by itself. Null where it was not asked for. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly anomalous: boolean;
  /** How severe it would be; null while there is no score. */
  readonly severity: AnomalySeverity | null;
  readonly direction: "above" | "below" | null;
  /** How rare a point like it is, whatever came before it; of a run of anomalous points, the rarest so far. */
  readonly daysPerFalseAlarm: number | null;
  readonly methods: Readonly<Record<string, { readonly score: number; readonly weight: number }>>;
  /** The weighted share of methods that agree, 0..1. */
  readonly consensus: number;
  /** Behind the watermark: scored, not learned. */
  readonly late: boolean;
  /** There is no score yet, or severity is capped at medium. */
  readonly warmingUp: boolean;
}

/** Before so many points were learned severity is capped at medium. */
export const SETTLED_POINTS = 200;
/** A run goes on while its points are a quarter as rare as it takes to begin one. */
const GOES_ON = Math.log10(4);
/** What is by itself so much rarer than was asked for, twice as rare, is anomalous however much of it is old news. */
const ALWAYS_NEWS = Math.log10(2);
const AGREEING_RARITY = Math.log10(AGREEING_DAYS);
const STREAK_FOR_CONSENSUS = 3;
/** The mean absolute error of a normal distribution in standard deviations, inverted. */
const SCALE_TO_DEVIATION = 1.2533;

/**
 * What is said of a point.
 * @param value - As it came: what was looked at may be bounded.
 * @param late - Behind the watermark.
 */
export function scorePoint(learned: Learned, look: Look, value: number, options: DetectOptions, late: boolean): PointScore {
  const { sight, statistics } = look;
  const { timestamp, forecast } = sight;
  const n = pointsLearned(learned);
  if (forecast === null || n < WARM_UP_POINTS) return { timestamp, value, expected: forecast?.expected ?? null, ...NO_SCORE, late };

  const { sensitivity, weights = {}, consensus = 0 } = options;
  const calibration = calibrationOf(learned);
  const rarities = raritiesOf(statistics, calibration.methods, weights);
  const { standing, news } = jointRarities(rarities, calibration, learned.alarm, timestamp);
  const least = Math.log10(daysAtSensitivity(sensitivity));
  const goesOn = learned.run >= least && standing >= least - GOES_ON;
  const isRare = goesOn || news >= least || standing >= least + ALWAYS_NEWS;
  const { expected, off, effect } = judgeError(sight, forecast, isRare);
  const side = off > 0 ? "above" : off < 0 ? "below" : null;
  const agreed = agreementOf(rarities, weights);
  const wanted = isWanted(off, expected, options) && agreed >= consensus;
  const anomalous = wanted && isRare;

  const warmingUp = n < SETTLED_POINTS;
  const agreeing = rarities.filter(({ rarity }) => rarity >= AGREEING_RARITY).length;
  const confirmed = agreeing >= 2 || learned.streak + 1 >= STREAK_FOR_CONSENSUS;
  // An incident is no less severe because it goes on.
  const daysPerFalseAlarm = 10 ** (goesOn ? Math.max(standing, learned.run) : standing);
  return {
    timestamp,
    value,
    score: wanted ? scoreOf(10 ** news) : 0,
    expected,
    ...(anomalous || options.band === true ? bandOf(learned, forecast, calibration, { expected, least, weights }) : NO_BAND),
    anomalous,
    severity: severityOf(daysPerFalseAlarm, { consensus: confirmed, effect, warmingUp }),
    direction: side,
    daysPerFalseAlarm,
    methods: Object.fromEntries(
      rarities.map(({ rarity }, m) => {
        const { name, weight } = METHODS[m]!;
        return [name, { score: scoreOf(10 ** rarity), weight: weights[name] ?? weight }];
      }),
    ),
    consensus: agreed,
    late,
    warmingUp,
  };
}

const NO_BAND = { lo: null, hi: null };
const NO_SCORE = {
  score: 0,
  ...NO_BAND,
  anomalous: false,
  severity: null,
  direction: null,
  daysPerFalseAlarm: null,
  methods: {},
  consensus: 0,
  warmingUp: true,
};

/** Whether a point so far off from what was expected is on the side, and so far, that people want to be told of. */
export function isWanted(
  off: number,
  expected: number,
  { direction = "either", minAbsolute = 0, minRelative = 0 }: Pick<DetectOptions, "direction" | "minAbsolute" | "minRelative">,
): boolean {
  const isOnSide = direction === "either" || (direction === "above" ? off > 0 : off < 0);
  return isOnSide && Math.abs(off) >= minAbsolute && Math.abs(off) >= minRelative * Math.abs(expected);
}

/** How far off a point is, in the series' unit and in robust scales: of an unusual one from what is usual, where it is farther from that. */
function judgeError({ value }: Sight, forecast: Forecast, isRare: boolean): { expected: number; off: number; effect: number } {
  const { expected, scale, usual, usualScale } = forecast;
  const [sudden, lasting] = [Math.abs(scaledError(value - expected, scale)), Math.abs(scaledError(value - usual, usualScale))];
  const from = isRare && lasting > sudden ? usual : expected;
  return { expected: from, off: value - from, effect: (isRare ? Math.max(sudden, lasting) : sudden) / SCALE_TO_DEVIATION };
}

/** The weighted share of the methods that find a point rare. */
function agreementOf(rarities: readonly MethodRarity[], weights: Readonly<Record<string, number>>): number {
  let [agreeing, total] = [0, 0];
  for (const [m, { rarity }] of rarities.entries()) {
    const { name, weight } = METHODS[m]!;
    const own = weights[name] ?? weight;
    total += own;
    if (rarity >= AGREEING_RARITY) agreeing += own;
  }
  return total === 0 ? 0 : agreeing / total;
}

/** Up to where no method that judges single values calls a point anomalous by itself. */
function bandOf(
  { states }: Learned,
  forecast: Forecast,
  { methods, joint }: Calibration,
  { expected, least, weights }: { expected: number; least: number; weights: Readonly<Record<string, number>> },
): { lo: number | null; hi: number | null } {
  const combined = Math.log10(statisticOf(joint, least));
  let [lo, hi] = [-Infinity, Infinity];
  for (const [m, method] of METHODS.entries()) {
    const own = weights[method.name] ?? method.weight;
    const rarity = combined > 0 ? combined / own : combined;
    // What no statistic of the method reaches is not its to say; a weight of 0 leaves it out.
    if (method.familiar === undefined || !(rarity > LEAST_RARE && rarity < MOST_RARE)) continue;
    const ends = method.familiar(states[m], statisticOf(methods[method.name]!, rarity), forecast);
    if (ends !== null) [lo, hi] = [Math.max(lo, ends[0]), Math.min(hi, ends[1])];
  }
  return lo === -Infinity || hi === Infinity ? NO_BAND : { lo: Math.min(lo, expected), hi: Math.max(hi, expected) };
}
