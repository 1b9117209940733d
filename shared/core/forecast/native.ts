import type { Result } from "../result.ts";
import { joinColumns } from "../series/merge.ts";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import type { Accuracy } from "./accuracy.ts";
import { arimaMember } from "./arima-member.ts";
import { openBacktest, planBacktest, residualsOf } from "./backtest.ts";
import { MEAN, MEDIAN } from "./combine.ts";
import { isConstant } from "./differences.ts";
import { nextTimestamps } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { historyWarnings } from "./history-warnings.ts";
import { isIntermittent, zeroShare } from "./intermittent.ts";
import { intervalsFromResiduals } from "./intervals.ts";
import type { Interval } from "./intervals.ts";
import { withLastYear } from "./last-year.ts";
import { FITTABLE, membersFor } from "./members.ts";
import type { TooShort } from "./naive.ts";
import { newestGrid } from "./newest-grid.ts";
import { atPresentLevel, prepareSeries } from "./preparation.ts";
import { mainSeason } from "./seasonality.ts";
import { testedMembers, weightsWithout } from "./tested-members.ts";
import { openWeek, withWeek } from "./weekly.ts";

/** Of a scaled bound: its square is finite. */
const FURTHEST = 2 ** 500;

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
  /** Over the backtest; skill is against seasonal naive, by the MAE, or the RMSE where each step is a mean. */
  readonly accuracy: Accuracy & { readonly skill: number | null };
  readonly warnings: string[];
}

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
  const newest = newestGrid(input, options.frequencyMs);
  if (!newest.ok) return newest;
  const { grid, observed, frequencyMs, spacingMs } = newest.value;
  const y = grid.values;

  const plain = prepareSeries(y, frequencyMs);
  const week = openWeek(input, { frequencyMs, spacingMs, z: plain.z, to: plain.scaled.to, floor: plain.floor });
  // Among three days of minutes a weekend looks like a lasting shift.
  const prepared = week?.shows === true ? plain : atPresentLevel(plain);
  const { scaled, z, calendar, found, distinct, floor, outliers, shift } = prepared;
  const seasonLength = found.length === 0 && week?.shows === true ? week.seasonLength : mainSeason(prepared);
  const history = fillGaps(z, seasonLength);

  // Zero itself, of the values as they came: what is moved to the present level is none any more.
  const zero = { floor: floor === null ? null : 0 };
  const intermittent = isIntermittent(y, { ...zero, seasonLength });
  // A few observations among many gaps are few.
  const n = observed < FITTABLE ? observed : y.length;
  const suited = membersFor({ n, horizon, calendar, found, floor, zeros: zeroShare(y, zero), intermittent });
  const baseline = suited[0]!;
  const isFlat = isConstant(history) && week?.shows !== true;
  const isAsked = options.models === "auto-arima" && !isFlat;
  const arima = isAsked ? arimaMember(history, { found, isLate }) : null;
  const asked = arima === null ? [baseline] : [baseline, arima.member];
  const known = intermittent ? suited : withLastYear(suited, { n, frequencyMs, calendar, floor });
  const members = isFlat ? [baseline] : isAsked ? asked : withWeek(known, week, found);
  const aim = intermittent ? MEAN : MEDIAN;

  const plan = planBacktest(y.length, { horizon, seasonLengths: calendar.length > 0 ? calendar : found });
  const wouldSay = openBacktest(z, { plan, seasonLength });
  const { tested, leftOut } = testedMembers(members, {
    z,
    history,
    horizon,
    plan,
    wouldSay,
    aim,
    isLate: isAsked ? () => false : isLate,
    hasBaseline: !isAsked && !intermittent,
  });

  const min = options.bounds?.min ?? inferredMin(week?.values ?? y, options.bounds?.max);
  const max = options.bounds?.max ?? Infinity;
  const [low, high] = [withinReach(scaled.to(min)), withinReach(scaled.to(max))];
  const combined = (parts: readonly Float64Array[], weights: readonly number[]): Float64Array =>
    aim.combine(parts, weights).map((value) => Math.max(low, Math.min(high, value)));
  const ahead = combined(
    tested.map((one) => one.ahead),
    tested.map(({ weight }) => weight),
  );
  const said = plan.cutoffs.map((_, origin) =>
    combined(
      tested.map((one) => one.said[origin]!),
      weightsWithout(origin, tested),
    ),
  );

  const naiveScale = seasonalNaiveScale(seasonLength === week?.seasonLength ? week.values : y, seasonLength);
  const met = joinColumns(plan.cutoffs.map((cutoff) => y.subarray(cutoff, cutoff + plan.horizon)));
  // Before the last shift of level nobody knew of it.
  const saidThen = (said: Float64Array, origin: number): Float64Array =>
    (shift !== null && plan.cutoffs[origin]! <= shift.at ? said.map(shift.toFormer) : said).map(scaled.from);
  const accuracyIn = (parts: readonly Float64Array[]): Accuracy => accuracyOf(met, joinColumns(parts.map(saidThen)), { naiveScale });
  const accuracy = accuracyIn(said);
  const saidByNaive = wouldSay(baseline.forecast)!;
  const skill = skillAgainst(accuracyIn(saidByNaive)[aim.measure], accuracy[aim.measure]);
  // One outlier makes all errors look alike.
  const errorOf = (said: readonly Float64Array[]): number => aim.errorOf(joinColumns(residualsOf(z, plan, said)));
  const isNoBetter = skill !== null && skill <= 0 && errorOf(said) >= errorOf(saidByNaive);

  const toUnit = (value: number): number => Math.max(min, Math.min(max, scaled.from(value)));
  const intervals = intervalsFromResiduals(ahead, residualsOf(z, plan, said), levels, horizon > plan.horizon ? history : undefined);
  return {
    ok: true,
    value: {
      frequencyMs,
      seasonLength,
      seasons: week?.shows === true ? [...distinct, week.seasonLength] : distinct,
      timestamps: nextTimestamps(grid.timestamps.at(-1)!, frequencyMs, horizon),
      mean: ahead.map(toUnit),
      intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: lo.map(toUnit), hi: hi.map(toUnit) })),
      models: tested.map(({ name, weight }) => ({ name, weight })).toSorted((a, b) => b.weight - a.weight),
      accuracy: { ...accuracy, skill },
      warnings: [
        ...historyWarnings(grid, { shift, outliers }, { frequencyMs, tested: plan.horizon, horizon }),
        ...(isAsked && tested[0]!.name === baseline.name ? [`No ARIMA model fits so short a history: ${baseline.name} made it`] : []),
        ...(arima?.wasLate === true ? ["The time for the search was up before all orders had their turn"] : []),
        ...(leftOut.length > 0 ? [`The time for it was up before these models had their turn: ${leftOut.join(", ")}`] : []),
        ...(isNoBetter ? ["The forecast did no better than seasonal naive in the backtest"] : []),
      ],
    },
  };
}

function inferredMin(y: Float64Array, max = Infinity): number {
  return max >= 0 && !y.some((value) => value < 0) ? 0 : -Infinity;
}

/** A bound that no number of order 1 comes near is still a number: what is beside it has a distance from it. */
const withinReach = (bound: number): number => Math.max(-FURTHEST, Math.min(FURTHEST, bound));
