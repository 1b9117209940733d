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

/** What every backend answers. Columns have `horizon` rows. */
export interface ForecastAnswer {
  readonly backend: string;
  readonly frequencyMs: number;
  readonly seasonLength: number;
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

/** One backend. */
export interface Forecaster {
  readonly about: ForecastBackend;
  /** @throws Unavailable when a remote backend does not answer. */
  forecast(observations: Observations, options: ForecastOptions): Promise<Result<ForecastAnswer, TooShort>>;
}

/** The registry of backends; `auto` and the aliases are resolved by it. */
export interface Forecasters {
  list(): readonly ForecastBackend[];
  /** @throws Problem backend-unavailable when it is not configured. */
  pick(backend: Backend): Forecaster;
}
