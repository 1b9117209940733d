import type { Result } from "../result.ts";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import type { Accuracy } from "./accuracy.ts";
import { openBacktest, planBacktest, residualsOf } from "./backtest.ts";
import type { BacktestPlan } from "./backtest.ts";
import { weightedMedian, weightsOf } from "./combine.ts";
import { inferFrequency, nextTimestamps } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { regularGrid } from "./grid.ts";
import { historyWarnings } from "./history-warnings.ts";
import { intervalsFromResiduals } from "./intervals.ts";
import type { Interval } from "./intervals.ts";
import { FITTABLE, membersFor } from "./members.ts";
import type { Member } from "./members.ts";
import type { TooShort } from "./naive.ts";
import { prepareSeries } from "./preparation.ts";
import { mainSeason } from "./seasonality.ts";

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
}

export interface NativeForecast {
  readonly frequencyMs: number;
  /** Points per cycle of the season that skill is measured by, 1 for none. */
  readonly seasonLength: number;
  /** Points per cycle of every season that was found, ascending. */
  readonly seasons: readonly number[];
  /** Unix ms, shape (horizon,). */
  readonly timestamps: Float64Array;
  /** Shape (horizon,), in the series' unit. */
  readonly mean: Float64Array;
  /** One a level, in the order asked for. */
  readonly intervals: Interval[];
  /** What made the forecast, the heaviest first; weights sum to 1. */
  readonly models: { readonly name: string; readonly weight: number }[];
  /** Over the backtest; skill is against seasonal naive. */
  readonly accuracy: Accuracy & { readonly skill: number | null };
  readonly warnings: string[];
}

/** Most points of history that are looked at, the newest. */
const NEWEST_POINTS = 4_096;

/**
 * Forecasts a series by many models at once: each step is their median, weighted by how well each would have served the series before.
 *
 * @param input - History; it is put on a regular grid, of which the newest 4,096 points count.
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

  const { scaled, z, found, calendar, distinct, floor, outliers, shift } = prepareSeries(y, frequencyMs);
  const seasonLength = mainSeason({ calendar, found });
  const history = fillGaps(z, seasonLength);
  const members = isConstant(history)
    ? membersFor({ n: 2, horizon, calendar: [], found: [], floor: null }).slice(0, 1)
    : membersFor({ n: got < FITTABLE ? got : y.length, horizon, calendar, found, floor });

  const plan = planBacktest(y.length, { horizon, seasonLengths: calendar.length > 0 ? calendar : found });
  const wouldSay = openBacktest(z, { plan, seasonLength });
  const { tested, leftOut } = testedMembers(members, { z, history, horizon, plan, wouldSay, isLate });
  const weights = normalised(tested.map(({ weight }) => weight));
  const min = options.bounds?.min ?? inferredMin(y, options.bounds?.max);
  const max = options.bounds?.max ?? Infinity;
  const [low, high] = [scaled.to(min), scaled.to(max)];
  const combined = (parts: readonly Float64Array[], weights: readonly number[]): Float64Array =>
    weightedMedian(parts, weights).map((value) => Math.max(low, Math.min(high, value)));
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

  const naiveScale = seasonalNaiveScale(y, seasonLength);
  const actual = concat(plan.cutoffs.map((cutoff) => y.subarray(cutoff, cutoff + plan.horizon)));
  // Before the last shift of level nobody knew of it.
  const saidThen = (said: Float64Array, origin: number): Float64Array =>
    (shift !== null && plan.cutoffs[origin]! <= shift.at ? said.map(shift.toFormer) : said).map(scaled.from);
  const accuracyIn = (parts: readonly Float64Array[]): Accuracy => accuracyOf(actual, concat(parts.map(saidThen)), { naiveScale });
  const accuracy = accuracyIn(said);
  const saidByNaive = wouldSay(members[0]!.forecast)!;
  const skill = skillAgainst(accuracyIn(saidByNaive).mae, accuracy.mae);
  // One outlier makes all errors look alike.
  const errorOf = (said: readonly Float64Array[]): number => meanAbsolute(concat(residualsOf(z, plan, said)));
  const isNoBetter = skill !== null && skill <= 0 && errorOf(said) >= errorOf(saidByNaive);
  const toUnit = (value: number): number => Math.max(min, Math.min(max, scaled.from(value)));
  const intervals = intervalsFromResiduals(ahead, residualsOf(z, plan, said), levels);
  return {
    ok: true,
    value: {
      frequencyMs,
      seasonLength,
      seasons: distinct,
      timestamps: nextTimestamps(grid.timestamps.at(-1)!, frequencyMs, horizon),
      mean: ahead.map(toUnit),
      intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: lo.map(toUnit), hi: hi.map(toUnit) })),
      models: tested.map(({ name }, place) => ({ name, weight: weights[place]! })).toSorted((a, b) => b.weight - a.weight),
      accuracy: { ...accuracy, skill },
      warnings: [
        ...historyWarnings(grid, { shift, outliers }, { frequencyMs, tested: plan.horizon, horizon }),
        ...(leftOut.length > 0 ? [`The time for it was up before these models had their turn: ${leftOut.join(", ")}`] : []),
        ...(isNoBetter ? ["The forecast did no better than seasonal naive in the backtest"] : []),
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
  /** Mean absolute error at each cutoff; NaN where nothing is observed. */
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
  }: {
    /** With gaps, and filled. */
    readonly z: Float64Array;
    readonly history: Float64Array;
    readonly horizon: number;
    readonly plan: BacktestPlan;
    readonly wouldSay: ReturnType<typeof openBacktest>;
    readonly isLate: () => boolean;
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
    if (said !== null) runs.push({ member, said, errors: residualsOf(z, plan, said).map(meanAbsolute) });
  }
  const weights = weightsOf(runs.map(({ errors }) => meanOf(errors.filter((error) => !Number.isNaN(error)))));
  const finished = (weighted: readonly Run[]): Tested[] =>
    weighted.flatMap(({ member: { name, forecast }, ...run }) => {
      const ahead = forecast(history, horizon);
      return ahead?.every(Number.isFinite) === true ? [{ ...run, name, ahead }] : [];
    });
  const tested = finished(runs.map((run, place) => ({ ...run, weight: weights[place]! })).filter(({ weight }) => weight > 0));
  return { tested: tested.length > 0 ? tested : finished([{ ...runs[0]!, weight: 1 }]), leftOut };
}

/** A member in the backtest. */
interface Run {
  readonly member: Member;
  readonly weight: number;
  readonly said: readonly Float64Array[];
  readonly errors: readonly number[];
}

/** Over the points that are observed; NaN where none is. */
function meanAbsolute(residuals: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const residual of residuals) {
    if (Number.isNaN(residual)) continue;
    sum += Math.abs(residual);
    count += 1;
  }
  return sum / count;
}

/** 1 of nothing: where nothing is known all are alike. */
const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;

const isConstant = (history: Float64Array): boolean => history.every((value) => value === history[0]);

function inferredMin(y: Float64Array, max = Infinity): number {
  return max >= 0 && !y.some((value) => value < 0) ? 0 : -Infinity;
}

function concat(columns: readonly Float64Array[]): Float64Array {
  return Float64Array.from(columns.flatMap((column) => [...column]));
}

function tooShort(got: number): Result<never, TooShort> {
  return { ok: false, error: { reason: "too-short", needed: 2, got } };
}
