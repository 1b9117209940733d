import type { AnomalySeverity, Direction } from "../../contract/anomaly.ts";
import { LEAST_RARE, MOST_RARE, statisticOf } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";
import { judgeError } from "./errors.ts";
import type { Forecast } from "./forecaster.ts";
import { calibrationOf, jointRarities, pointsLearned, raritiesOf, WARM_UP_POINTS, weigh } from "./learned.ts";
import type { Learned, Look, MethodRarity } from "./learned.ts";
import { METHODS } from "./methods.ts";
import { GOES_ON, isOnSideOf } from "./run.ts";
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
  /** How rare a point like it is, whatever came before it; where it goes on with a run of points that began rarer, how rare that was. */
  readonly daysPerFalseAlarm: number | null;
  /** It is the run whose rarity is told, not the point's own. */
  readonly goesOn: boolean;
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
/** What is by itself so much rarer than was asked for, twice as rare, is anomalous however much of it is old news. */
const ALWAYS_NEWS = Math.log10(2);
const AGREEING_RARITY = Math.log10(AGREEING_DAYS);
const STREAK_FOR_CONSENSUS = 3;

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
  const jointly = (of: readonly MethodRarity[]): Rarities => jointRarities(of, calibration, learned.alarm, timestamp);
  const least = Math.log10(daysAtSensitivity(sensitivity));

  const all = jointly(rarities);
  const goesOnFrom = least - GOES_ON;
  const run =
    learned.run.rarity >= least && learned.run.lowest >= goesOnFrom && all.standing >= goesOnFrom
      ? runFor(learned, { offs: judgeError(sight.value, forecast, true).offs, rarities }, options, (of) => jointly(of).standing)
      : LEAST_RARE;
  const isRareBy = ({ standing, news }: Rarities) =>
    news >= least || standing >= least + ALWAYS_NEWS || (run >= least && standing >= goesOnFrom);
  const isRare = isRareBy(all);
  const { expected, off, effect } = judgeError(sight.value, forecast, isRare);
  const agreed = agreementOf(rarities);
  const isSought = isWanted(off, expected, options);
  // Of what is not sought there is left what no side and no distance is asked of.
  const counted = isSought ? all : jointly(sidelessOf(rarities));
  const wanted = agreed >= consensus && (isSought || counted.standing > LEAST_RARE);
  const anomalous = wanted && isRareBy(counted);

  const warmingUp = n < SETTLED_POINTS;
  const agreeing = rarities.filter(({ rarity, weight }) => weight > 0 && rarity >= AGREEING_RARITY).length;
  const confirmed = agreeing >= 2 || learned.streak + 1 >= STREAK_FOR_CONSENSUS;
  const { standing } = anomalous ? counted : all;
  // An incident is no less severe because it goes on.
  const goesOn = anomalous && run >= least && run > standing;
  const daysPerFalseAlarm = 10 ** (goesOn ? run : standing);
  return {
    timestamp,
    value,
    score: wanted ? scoreOf(10 ** counted.news) : 0,
    expected,
    ...(anomalous || options.band === true ? bandOf(learned, forecast, calibration, { expected, least, weights }) : NO_BAND),
    anomalous,
    severity: severityOf(daysPerFalseAlarm, { consensus: confirmed, effect, warmingUp }),
    direction: off > 0 ? "above" : off < 0 ? "below" : null,
    daysPerFalseAlarm,
    goesOn,
    methods: Object.fromEntries(rarities.map(({ rarity, weight }, m) => [METHODS[m]!.name, { score: scoreOf(10 ** rarity), weight }])),
    consensus: agreed,
    late,
    warmingUp,
  };
}

/** How rare the run is that a point may go on with, by what is asked for, log10 of days; LEAST_RARE where it is none, or lies on the other side. */
function runFor(
  { run }: Learned,
  { offs, rarities }: { offs: readonly number[]; rarities: readonly MethodRarity[] },
  options: DetectOptions,
  standingOf: (rarities: readonly MethodRarity[]) => number,
): number {
  if (run.rarity === LEAST_RARE || !isOnSideOf(run, { offs, found: rarities.map(({ rarity }) => rarity) })) return LEAST_RARE;
  const { weights, consensus = 0 } = options;
  const found = METHODS.map((method, m) => weigh(run.found[m]!, method, weights ?? {}));
  if (agreementOf(found) < consensus) return LEAST_RARE;
  const isSought = isWanted(run.off, run.expected, options);
  if (isSought && weights === undefined) return run.rarity;
  return Math.min(run.rarity, standingOf(isSought ? found : sidelessOf(found)));
}

/** What lies on no side of what was expected, and at no distance from it. */
const sidelessOf = (rarities: readonly MethodRarity[]): MethodRarity[] =>
  rarities.map((one) => (one.isSideless ? one : { ...one, weighted: LEAST_RARE }));

type Rarities = Pick<ReturnType<typeof jointRarities>, "standing" | "news">;

const NO_BAND = { lo: null, hi: null };
const NO_SCORE = {
  score: 0,
  ...NO_BAND,
  anomalous: false,
  severity: null,
  direction: null,
  daysPerFalseAlarm: null,
  goesOn: false,
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

/** The weighted share of the methods that find a point rare. */
function agreementOf(rarities: readonly MethodRarity[]): number {
  let [agreeing, total] = [0, 0];
  for (const { rarity, weight } of rarities) {
    total += weight;
    if (rarity >= AGREEING_RARITY) agreeing += weight;
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
