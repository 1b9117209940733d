import type { Backend, Bounds, ForecastBackend } from "../contract/forecast.ts";
import type { Result } from "../core/result.ts";

/** The history that a backend is given, shape (n,). */
export interface Observations {
  /** Unix ms, ascending. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What a backend is asked for. */
export interface ForecastOptions {
  /** Steps ahead, >= 1. */
  readonly horizon: number;
  /** Percent. */
  readonly levels: readonly number[];
  readonly frequencyMs?: number | undefined;
  readonly bounds?: Bounds | undefined;
}

/** Of a backend that takes whatever the contract does. */
export const ANY_LEVEL = { above: 0, below: 100 } as const;
export const ANY_FREQUENCY = { shortest: "1s", longest: "366d" } as const;

/** What every backend answers. Columns have `horizon` rows. */
export interface ForecastAnswer {
  readonly backend: string;
  readonly frequencyMs: number;
  /** Points per cycle of the season that skill is measured by, 1 for none. */
  readonly seasonLength: number;
  /** Points per cycle of every season that was found, ascending. */
  readonly seasons: readonly number[];
  readonly timestamps: Float64Array;
  readonly mean: Float64Array;
  readonly intervals: readonly { readonly level: number; readonly lo: Float64Array; readonly hi: Float64Array }[];
  readonly models: readonly { readonly name: string; readonly weight: number }[];
  readonly accuracy: Readonly<Record<"mae" | "rmse" | "mape" | "smape" | "mase" | "skill", number | null>>;
  readonly warnings: readonly string[];
}

/** Points that a backend needs at the least, and those that it got. */
export interface TooShort {
  readonly reason: "too-short";
  readonly needed: number;
  readonly got: number;
}

/** Why a backend made no forecast, in words for whoever asked: without secrets and addresses. */
export interface NotMade {
  readonly reason: "not-made";
  readonly detail: string;
  /** For the log. */
  readonly cause?: unknown;
}

/** One backend. */
export interface Forecaster {
  readonly about: ForecastBackend;
  /** The setting that makes it available. */
  readonly setting?: string;
  /** @throws Unavailable when a remote backend does not answer; its message is shown to whoever asked, as a NotMade's detail is. */
  forecast(observations: Observations, options: ForecastOptions): Promise<Result<ForecastAnswer, TooShort | NotMade>>;
  /**
   * Forecasts many series that are asked for alike, in as few calls as can be. A backend without it is asked for one after the other.
   *
   * @returns one result a series, in their order.
   * @throws Unavailable as `forecast`, when none was made.
   */
  forecastMany?(series: readonly Observations[], options: ForecastOptions): Promise<readonly Result<ForecastAnswer, TooShort | NotMade>[]>;
  /**
   * Says which points are anomalous. A backend without it says nothing of that.
   * @throws Unavailable when it does not answer, or refuses; its message is shown to whoever asked.
   */
  detect?(observations: RegularObservations, options: DetectOptions): Promise<DetectedColumns>;
}

/** Points of one series, ascending and equally spaced, without gaps, shape (n,), n >= 2. */
export type RegularObservations = Observations;

export interface DetectOptions {
  /** Time between the points. */
  readonly frequencyMs: number;
  /** Coverage of the interval beyond which a point is anomalous, in percent. */
  readonly level: number;
}

/** What a backend says of the newest m <= n points of a history, shape (m,): it has to begin somewhere. */
export interface DetectedColumns {
  readonly expected: Float64Array;
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** 1 where the point lies outside. */
  readonly anomalous: Uint8Array;
}

/** A forecast, and which backend was to make it and why that one did not, when another one did. */
export interface PickedAnswer extends ForecastAnswer {
  readonly fallback?: { readonly from: string; readonly reason: string };
}
export type PickedResult = Result<PickedAnswer, TooShort | NotMade>;

/** A backend that was picked, with those behind it that make what it cannot. Neither throws where a backend does not answer. */
export interface PickedForecaster {
  forecast(observations: Observations, options: ForecastOptions): Promise<PickedResult>;
  /** @returns one result a series, in their order. */
  forecastMany(series: readonly Observations[], options: ForecastOptions): Promise<readonly PickedResult[]>;
}

/** The registry of backends; `auto` and the aliases are resolved by it. */
export interface Forecasters {
  list(): readonly ForecastBackend[];
  /**
   * @param options.fallback - Whether another backend may make the forecast when this one does not. Default true; false where backends
   * are compared.
   * @throws Problem backend-unavailable when it is not configured.
   */
  pick(backend: Backend, options?: { readonly fallback?: boolean }): PickedForecaster;
  /**
   * Has a backend say which points are anomalous; no other one steps in.
   * @throws Problem backend-unavailable when it is not configured; Unavailable when it says nothing now.
   */
  detect(backend: Backend, observations: RegularObservations, options: DetectOptions): Promise<DetectedColumns>;
}
