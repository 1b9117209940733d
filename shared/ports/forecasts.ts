import type { Backend, CompletedForecast, Forecast, ForecastResult, ForecastSummary, RequestedForecast } from "../contract/forecast.ts";
import type { ForecastId, OrgId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { StoredSpan } from "../core/forecast/newest-over.ts";
import type { ForecastOptions } from "./forecasters.ts";

/** What a forecast is asked to be: JSON-safe. */
export interface ForecastParameters extends ForecastOptions {
  readonly backend: Backend;
}

/** A forecast of a stored series, before it is made. Times are Unix ms. */
export interface NewForecast {
  readonly id: ForecastId;
  readonly series: SeriesId;
  /** Points up to this time count. */
  readonly cutoff: number;
  readonly createdAt: number;
  readonly parameters: ForecastParameters;
}

/** Which completed forecasts of a series reach into a window; what is left out matches everything. */
export interface SpanFilter {
  readonly from: number;
  readonly to: number;
  readonly backend?: string | undefined;
  readonly frequencyMs?: number | undefined;
}

/** What a completed forecast says of its steps, and from when. */
export interface ForecastColumns extends Pick<ForecastResult, "backend" | "mean" | "intervals"> {
  readonly cutoff: number;
}

/** Writes that may lose against another process answer false, and then nothing of them is written. */
export interface ForecastsStore {
  get(id: ForecastId): Promise<Forecast | null>;
  /** Newest first. */
  list(filter: { series?: SeriesId | undefined }, page: PageQuery): Promise<Page<ForecastSummary>>;
  /** The newest completed forecast of a series. */
  newest(series: SeriesId): Promise<CompletedForecast | null>;
  /** Stores a forecast that was made at once, with `forecast.created`. @param fingerprint - Whose answer it is from now on; null: nobody's. */
  save(forecast: NewForecast, result: ForecastResult, fingerprint?: string | null): Promise<CompletedForecast>;
  /** The newest forecast of a series with a fingerprint, made since a time. */
  same(series: SeriesId, fingerprint: string, since: number): Promise<CompletedForecast | null>;
  /** The times of the completed forecasts that have a step's period in [from, to), at most `limit`, those that end last first. */
  spans(series: SeriesId, filter: SpanFilter, limit: number): Promise<readonly StoredSpan<ForecastId>[]>;
  /** The columns of completed forecasts; those that are not there are missing. */
  columns(ids: readonly ForecastId[]): Promise<ReadonlyMap<ForecastId, ForecastColumns>>;
  /** Stores a forecast to be made, with `forecast.requested`. */
  request(forecast: NewForecast): Promise<RequestedForecast>;
  /** What is still to be made; null when it is done, or there is no such forecast. */
  requested(id: ForecastId): Promise<NewForecast | null>;
  /** Completes a requested forecast, with `forecast.created`. False when it is done already. */
  complete(id: ForecastId, result: ForecastResult, at: number): Promise<boolean>;
  /** Ends a requested forecast that cannot be made. False when it is done already. */
  fail(id: ForecastId, error: string): Promise<boolean>;
}

/** What is due in forecasting, across organisations: for ticks. */
export interface ForecastingDue {
  /** Forecasts requested before a time that are still to be made, oldest first. */
  requested(
    before: number,
    limit: number,
  ): Promise<readonly { readonly org: OrgId; readonly id: ForecastId; readonly createdAt: number }[]>;
}
