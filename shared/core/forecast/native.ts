import type { Result } from "../result.ts";
import { arimaMember } from "./arima-member.ts";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import type { Accuracy } from "./accuracy.ts";
import { openBacktest, planBacktest, residualsOf } from "./backtest.ts";
import type { BacktestPlan } from "./backtest.ts";
import { MEAN, MEDIAN, weightsOf } from "./combine.ts";
import type { Aim } from "./combine.ts";
import { inferFrequency, nextTimestamps } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { regularGrid } from "./grid.ts";
import { isIntermittent, zeroShare } from "./intermittent.ts";
import { intervalsFromResiduals } from "./intervals.ts";
import type { Interval } from "./intervals.ts";
import { NEWEST_POINTS } from "./look-back.ts";
import { membersFor } from "./members.ts";
import type { Member } from "./members.ts";
import type { TooShort } from "./naive.ts";
import { scaleSeries } from "./scaling.ts";
import type { Scaled } from "./scaling.ts";
import { seasonsOf } from "./seasonality.ts";
import { openWeek, withWeek } from "./weekly.ts";

/** Observations in any order; NaN, repeated times and gaps are allowed. */
export interface Observations {
  /** Unix ms, shape (n,). */
  readonly timestamps: Float64Array;
  /** Shape (n,). */
  readonly values: Float64Array;
}

export interface NativeOptions {
  /** Steps ahead, 1..720. */
  readonly horizon: number;
  /** Coverages of the intervals, in percent, each in (0, 100). */
  readonly levels: readonly number[];
  /** Time between steps; inferred when absent. */
  readonly frequencyMs?: number;
  /** Limits that mean, lo and hi never leave. Without a min, 0 is one when no observation is negative. */
  readonly bounds?: { readonly min?: number; readonly max?: number };
  /** Whether the time for this forecast is up: models that had no turn by then are left out. Never, by default. */
  readonly isLate?: () => boolean;
  /** One model by name, in place of those that suit the series: its search ends when it is late. */
  readonly models?: "auto-arima";
}

export interface NativeForecast {
  readonly frequencyMs: number;
  /** Points per cycle that was found, 1 for none. */
  readonly seasonLength: number;
  /** Unix ms, shape (horizon,). */
  readonly timestamps: Float64Array;
  /** Shape (horizon,), in the series' unit. */
  readonly mean: Float64Array;
  /** One a level, in the order asked for. */
  readonly intervals: Interval[];
  /** What made the forecast, the heaviest first; weights sum to 1. */
  readonly models: { readonly name: string; readonly weight: number }[];
  /** Over the backtest; skill is against seasonal naive, by the MAE, or the RMSE where each step is a mean. */
  readonly accuracy: Accuracy & { readonly skill: number | null };
  readonly warnings: string[];
}

/** Zero lies further from the newest value than so many times the spread: relative to it the values are all alike. */
const FAR_FLOOR = 1e6;

/**
 * Forecasts a series by many models at once: each step is their median, weighted by how well each would have served the series before.
 *
 * Of a demand that comes now and then the median is zero: there each step is the models' mean, weighted by squared errors.
 * @param input - History; it is put on a regular grid, of which the newest 4,096 points count; four weeks where those do not show a week.
 * @param options - See the type.
 * @returns the forecast, finite for any finite input and the same for the same input; or `too-short` when fewer than two grid points are
 * observed. Never throws on data.
 * @see Petropoulos & Svetunkov (2020), A simple combination of univariate models, for the median; Pawlikowski & Chorowska (2020), Weighted
 * ensemble of statistical models, for weights by backtests.
 */
export function forecastNative(input: Observations, options: NativeOptions): Result<NativeForecast, TooShort> {
  const { horizon, levels, isLate = () => false } = options;
  const present = input.timestamps.filter((time, i) => Number.isFinite(time) && Number.isFinite(input.values[i]!));
  const spacingMs = inferFrequency(present);
  if (spacingMs === null) return tooShort(Math.min(1, present.length));
  const frequencyMs = options.frequencyMs ?? spacingMs;
  const grid = regularGrid(input.timestamps, input.values, { frequencyMs, spacingMs, limit: NEWEST_POINTS });
  const y = grid.values;
  const got = grid.observed.reduce((sum, seen) => sum + seen, 0);
  if (got < 2) return tooShort(got);

  const scaled = scaleSeries(y);
  const { found, calendar } = seasonsOf(fillGaps(scaled.z, 1), frequencyMs);
  const floor = floorOf(y, scaled);
  const week = openWeek(input, { frequencyMs, spacingMs, n: y.length, to: scaled.to, floor });
  const seasonLength = found[0] ?? (week?.shows === true ? week.seasonLength : 1);
  const history = fillGaps(scaled.z, seasonLength);
  const intermittent = isIntermittent(scaled.z, { floor, seasonLength });
  const zeros = zeroShare(scaled.z, { floor });
  const suited = membersFor({ n: y.length, horizon, calendar, found, floor, zeros, intermittent });
  const baseline = suited[0]!;
  const isFlat = isConstant(history) && week?.shows !== true;
  const isAsked = options.models === "auto-arima" && !isFlat;
  const arima = isAsked ? arimaMember(history, { found, isLate }) : null;
  const members = isFlat ? [baseline] : isAsked ? [baseline, ...(arima === null ? [] : [arima.member])] : withWeek(suited, week, found);
  const aim = intermittent ? MEAN : MEDIAN;

  const plan = planBacktest(y.length, { horizon, seasonLengths: calendar.length > 0 ? calendar : found });
  const wouldSay = openBacktest(scaled.z, { plan, seasonLength });
  const { tested, leftOut } = testedMembers(members, {
    z: scaled.z,
    history,
    horizon,
    plan,
    wouldSay,
    aim,
    isLate: isAsked ? () => false : isLate,
    hasBaseline: !isAsked && !intermittent,
  });
  const weights = normalised(tested.map(({ weight }) => weight));
  const min = options.bounds?.min ?? inferredMin(week?.values ?? y, options.bounds?.max);
  const max = options.bounds?.max ?? Infinity;
  const [low, high] = [scaled.to(min), scaled.to(max)];
  const combined = (parts: readonly Float64Array[], weights: readonly number[]): Float64Array =>
    aim.combine(parts, weights).map((value) => Math.max(low, Math.min(high, value)));
  const ahead = combined(
    tested.map((one) => one.ahead),
    weights,
  );
  const said = plan.cutoffs.map((_, origin) =>
    combined(
      tested.map((one) => one.said[origin]!),
      weightsWithout(origin, tested),
    ),
  );

  const naiveScale = seasonalNaiveScale(seasonLength === week?.seasonLength ? week.values : y, seasonLength);
  const actual = concat(plan.cutoffs.map((cutoff) => y.subarray(cutoff, cutoff + plan.horizon)));
  const accuracyIn = (parts: readonly Float64Array[]): Accuracy => accuracyOf(actual, concat(parts).map(scaled.from), { naiveScale });
  const accuracy = accuracyIn(said);
  const skill = skillAgainst(accuracyIn(wouldSay(baseline.forecast)!)[aim.measure], accuracy[aim.measure]);
  const toUnit = (value: number): number => Math.max(min, Math.min(max, scaled.from(value)));
  const intervals = intervalsFromResiduals(ahead, residualsOf(scaled.z, plan, said), levels);
  return {
    ok: true,
    value: {
      frequencyMs,
      seasonLength,
      timestamps: nextTimestamps(grid.timestamps.at(-1)!, frequencyMs, horizon),
      mean: ahead.map(toUnit),
      intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: lo.map(toUnit), hi: hi.map(toUnit) })),
      models: tested.map(({ name }, place) => ({ name, weight: weights[place]! })).toSorted((a, b) => b.weight - a.weight),
      accuracy: { ...accuracy, skill },
      warnings: [
        ...grid.warnings,
        ...(plan.horizon < horizon
          ? [`The history of ${y.length} points is short: accuracy was tested ${plan.horizon} of ${horizon} steps ahead`]
          : []),
        ...(isAsked && tested[0]!.name === baseline.name ? [`No ARIMA model fits so short a history: ${baseline.name} made it`] : []),
        ...(arima?.wasLate === true ? ["The time for the search was up before all orders had their turn"] : []),
        ...(leftOut.length > 0 ? [`The time for it was up before these models had their turn: ${leftOut.join(", ")}`] : []),
        ...(skill !== null && skill <= 0 ? ["The forecast did no better than seasonal naive in the backtest"] : []),
      ],
    },
  };
}

interface Tested {
  readonly name: string;
  readonly weight: number;
  /** The forecast, shape (horizon,). */
  readonly ahead: Float64Array;
  /** What it would have said at each cutoff, shape (plan.horizon,) each. */
  readonly said: readonly Float64Array[];
  /** Error at each cutoff, as the aim measures it; NaN where nothing is observed. */
  readonly errors: readonly number[];
}

/** Members of no forecast have taken their weight with them. */
function normalised(weights: readonly number[]): number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / whole);
}

/** The weights that the other origins give: what the members are tested on has no part in how they are weighed for it. */
function weightsWithout(origin: number, tested: readonly Tested[]): number[] {
  if (tested[0]!.errors.length < 2) return normalised(tested.map(({ weight }) => weight));
  return weightsOf(tested.map(({ errors }) => meanOf(errors.filter((error, place) => place !== origin && !Number.isNaN(error)))));
}

/** The members that say something everywhere, weighted by their backtest; those of no weight are not among them. */
function testedMembers(
  members: readonly Member[],
  {
    z,
    history,
    horizon,
    plan,
    wouldSay,
    isLate,
    aim,
    hasBaseline,
  }: {
    /** With gaps, and filled. */
    readonly z: Float64Array;
    readonly history: Float64Array;
    readonly horizon: number;
    readonly plan: BacktestPlan;
    readonly wouldSay: ReturnType<typeof openBacktest>;
    readonly isLate: () => boolean;
    readonly aim: Aim;
    /** Whether the baseline is a member like the others; otherwise it stands in for all of them where none says anything. */
    readonly hasBaseline: boolean;
  },
): { tested: Tested[]; leftOut: string[] } {
  const runs: Omit<Run, "weight">[] = [];
  const leftOut: string[] = [];
  for (const member of members) {
    // The baseline comes first, and is there whatever happens.
    if (runs.length > 0 && isLate()) {
      leftOut.push(member.name);
      continue;
    }
    const said = wouldSay(member.forecast);
    if (said !== null) runs.push({ member, said, errors: residualsOf(z, plan, said).map(aim.errorOf) });
  }
  const contest = !hasBaseline && runs.length > 1 ? runs.slice(1) : runs;
  const weights = weightsOf(contest.map(({ errors }) => meanOf(errors.filter((error) => !Number.isNaN(error)))));
  const finished = (weighted: readonly Run[]): Tested[] =>
    weighted.flatMap(({ member: { name, forecast }, ...run }) => {
      const ahead = forecast(history, horizon);
      return ahead?.every(Number.isFinite) === true ? [{ ...run, name, ahead }] : [];
    });
  const tested = finished(contest.map((run, place) => ({ ...run, weight: weights[place]! })).filter(({ weight }) => weight > 0));
  return { tested: tested.length > 0 ? tested : finished([{ ...runs[0]!, weight: 1 }]), leftOut };
}

/** A member in the backtest. */
interface Run {
  readonly member: Member;
  readonly weight: number;
  readonly said: readonly Float64Array[];
  readonly errors: readonly number[];
}

/** 1 of nothing: where nothing is known all are alike. */
const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;

const isConstant = (history: Float64Array): boolean => history.every((value) => value === history[0]);

/** What counts as zero for models that need it, in the scaled unit. */
function floorOf(y: Float64Array, { to }: Scaled): number | null {
  const floor = to(0);
  return y.some((value) => value < 0) || !(Math.abs(floor) < FAR_FLOOR) ? null : floor;
}

function inferredMin(y: Float64Array, max = Infinity): number {
  return max >= 0 && !y.some((value) => value < 0) ? 0 : -Infinity;
}

function concat(columns: readonly Float64Array[]): Float64Array {
  return Float64Array.from(columns.flatMap((column) => [...column]));
}

function tooShort(got: number): Result<never, TooShort> {
  return { ok: false, error: { reason: "too-short", needed: 2, got } };
}
