import type { ForecastResult } from "../contract/forecast.ts";

const HOUR = 3_600_000;

/** What a backend may make: hourly steps from an hour after a time on, one for each value of the mean. @param more - What is to be otherwise. */
export const forecastResult = (at: number, mean: readonly number[], more: Partial<ForecastResult> = {}): ForecastResult => ({
  backend: "native",
  frequency: "1h",
  timestamps: mean.map((_, step) => at + (step + 1) * HOUR),
  mean: [...mean],
  intervals: [],
  models: [{ name: "naive", weight: 1 }],
  seasonLength: 1,
  seasons: [],
  accuracy: { mae: 1, rmse: 1, mape: null, smape: 0.1, mase: 1, skill: 0 },
  warnings: [],
  ...more,
});
