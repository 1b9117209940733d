import type { ForecastId, SeriesId } from "../contract/ids.ts";
import type { MeasuredForecast } from "../core/forecast/measuring.ts";
import type { OutcomeMeasures } from "../core/forecast/evaluation.ts";

// Times are Unix ms.

/** A completed forecast that is still to be measured. */
export interface UnmeasuredForecast extends MeasuredForecast {
  readonly id: ForecastId;
  readonly series: SeriesId;
  /** Since when it is due. */
  readonly evaluateAt: number;
}

/** One evaluation of a forecast. */
export interface ForecastEvaluation {
  /** When it was due, as it was read. */
  readonly evaluateAt: number;
  /** When it is due again; null: never. */
  readonly next: number | null;
  /** Of how many steps something came, and how far they were from it; null where nothing has, or nobody could tell. */
  readonly measured: { readonly steps: number; readonly measures: OutcomeMeasures } | null;
  readonly at: number;
}

/** What is left out matches everything. */
export interface AccuracyFilter {
  readonly series?: SeriesId | undefined;
  readonly backend?: string | undefined;
  readonly frequencyMs?: number | undefined;
  /** Whether those count whose horizon is not over yet. */
  readonly unfinished: boolean;
  /** Of the cutoff; inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** How a backend did in one bucket of cutoffs: means over its forecasts, null where none of them has the measure. */
export interface AccuracyBucket {
  readonly bucket: number;
  readonly backend: string;
  readonly forecasts: number;
  /** Of them, those whose horizon is not over yet. */
  readonly unfinished: number;
  /** Steps measured, of all of them. */
  readonly steps: number;
  readonly mae: number | null;
  readonly rmse: number | null;
  readonly mase: number | null;
  readonly smape: number | null;
  readonly wql: number | null;
  readonly skill: number | null;
  /** How many forecasts seasonal naive was better than. */
  readonly worseThanNaive: number;
}

/** The share of all measured steps of one bucket and backend that lay inside the intervals of a level. */
export interface CoverageBucket {
  readonly bucket: number;
  readonly backend: string;
  readonly level: number;
  readonly coverage: number;
}

export interface AccuracyTrend {
  /** Ascending by bucket, then by backend. */
  readonly buckets: readonly AccuracyBucket[];
  readonly coverage: readonly CoverageBucket[];
  /** Forecasts that were looked at, whether the filter takes them or not. */
  readonly looked: number;
  /** The bucket of the newest of them; null where there is none. */
  readonly lastBucket: number | null;
}

/** A forecast that is due to be measured: since when, and when its horizon is over. */
export interface DueForecast {
  readonly id: ForecastId;
  readonly evaluateAt: number;
  readonly endsAt: number;
}

/** How far an organisation's forecasts were from what came. */
export interface ForecastAccuracyStore {
  /** Forecasts that are due to be measured by a time, the most overdue first. */
  due(by: number, limit: number): Promise<readonly DueForecast[]>;
  /** A forecast that is due to be measured; null when it is not, not there, or done with. */
  unmeasured(id: ForecastId): Promise<UnmeasuredForecast | null>;
  /** Keeps an evaluation in place of the one before. False when somebody else was faster: nothing is written then. */
  save(id: ForecastId, evaluation: ForecastEvaluation): Promise<boolean>;
  /**
   * Averages by buckets of cutoffs, which start at multiples of `step` from `origin` on: over the forecasts in the window with the
   * oldest cutoffs, `limit` at most.
   */
  trend(filter: AccuracyFilter, options: { step: number; origin: number; limit: number }): Promise<AccuracyTrend>;
}

/** Measuring forecasts across organisations: for ticks. */
export interface Measuring {
  /** Drops forecasts that ended before a time and are not to be measured any more: all of them, a bite at a time. What was measured stays. */
  dropForecasts(endedBefore: number): Promise<void>;
  /** Forgets what was measured before a time: all of it, a bite at a time. */
  forgetAccuracy(before: number): Promise<void>;
}
