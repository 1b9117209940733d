import { Evaluation, EvaluationRequest } from "../../shared/contract/evaluation.ts";
import type { BackendEvaluation } from "../../shared/contract/evaluation.ts";
import type { Backend } from "../../shared/contract/forecast.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import { backendNamed } from "../../shared/core/forecast/backend-name.ts";
import { measureOutcomes, rollingCutoffs, seasonKnown } from "../../shared/core/forecast/evaluation.ts";
import type { Outcome } from "../../shared/core/forecast/evaluation.ts";
import { inferFrequency } from "../../shared/core/forecast/frequency.ts";
import { regularGrid } from "../../shared/core/forecast/grid.ts";
import type { Grid } from "../../shared/core/forecast/grid.ts";
import { NEWEST_POINTS, pointsThatCount } from "../../shared/core/forecast/look-back.ts";
import { observedRows } from "../../shared/core/forecast/observed.ts";
import type { ForecastAnswer, ForecastOptions, Observations, PickedForecaster } from "../../shared/ports/forecasters.ts";
import { route } from "../../shared/runtime/route.ts";
import { knownAt } from "./known.ts";
import { seriesTooShort, whyNotMade } from "./make.ts";

export const evaluateForecasts = route({
  method: "POST",
  path: "/api/v1/evaluations",
  summary: "Backtest backends: forecast a series from several of its past points, and measure how far they were from what came",
  scope: "read",
  input: EvaluationRequest,
  output: Evaluation,
  status: 200,
  problems: ["not-found", "series-too-short", "backend-unavailable"],

  async handle({ series: reference, input, cutoffs, backends, frequency, ...asked }, { org }, { store, clock, forecasters }) {
    const names = new Set(backends.map((backend) => backendNamed(backend, forecasters.list())));
    if (names.size < backends.length) throw invalid([{ path: "backends", message: "Expected each backend once, whatever its name" }]);
    // All of them, before the first one costs anything.
    const picked = backends.map((backend) => ({ backend, forecaster: forecasters.pick(backend, { fallback: false }) }));
    const tenant = store.forOrg(org);
    const id =
      reference === undefined || typeof reference === "string" ? reference : tenant.series.idOf(reference.metricKey, reference.dimensions);
    if (id !== undefined && (await tenant.series.get(id)) === null) throw notFound();
    const observations =
      id === undefined ? observedRows(input!) : await knownAt(tenant, { series: id, cutoff: clock.now(), frequencyMs: frequency });

    const { grid, frequencyMs } = gridOf(observations, frequency ?? input?.frequency);
    const known = rollingCutoffs(grid.values.length, { horizon: asked.horizon, cutoffs }).map((n) => 1 + lastObserved(grid, n));
    if (known.length === 0) throw seriesTooShort({ needed: asked.horizon + 2, got: grid.values.length });
    const seasonLength = seasonKnown(grid.values.subarray(0, known[0]).subarray(-NEWEST_POINTS), frequencyMs);
    const options = { ...asked, frequencyMs };
    const items: BackendEvaluation[] = [];
    for (const one of picked) items.push(await evaluate(one, grid, known, { ...options, seasonLength }));
    return {
      ...(id === undefined ? {} : { series: id }),
      frequency: formatDuration(frequencyMs),
      seasonLength,
      horizon: asked.horizon,
      items,
      warnings: [
        ...grid.warnings,
        ...(known.length < cutoffs
          ? [`The history of ${grid.values.length} points has room for ${known.length} of ${cutoffs} cutoffs`]
          : []),
      ],
    };
  },
});

function gridOf(observations: Observations, asked: number | undefined): { grid: Grid; frequencyMs: number } {
  const spacingMs = inferFrequency(observations.timestamps);
  if (spacingMs === null) throw seriesTooShort({ needed: 2, got: observations.timestamps.length });
  const frequencyMs = asked ?? spacingMs;
  const { timestamps, values } = observations;
  return { grid: regularGrid(timestamps, values, { frequencyMs, spacingMs, limit: pointsThatCount(frequencyMs) }), frequencyMs };
}

/** Has one backend, and no other in its place, forecast from each cutoff. */
async function evaluate(
  { backend, forecaster }: { readonly backend: Backend; readonly forecaster: PickedForecaster },
  grid: Grid,
  known: readonly number[],
  { seasonLength, ...options }: ForecastOptions & { readonly seasonLength: number },
): Promise<BackendEvaluation> {
  const histories = known.map((n) => observedUpTo(grid, n));
  const results = await forecaster.forecastMany(histories, options);
  const failed = results.find((result) => !result.ok);
  if (failed?.ok === false) return { backend, measures: null, forecasts: [], error: whyNotMade(failed.error) };
  const made = results.flatMap((result) => (result.ok ? [result.value] : []));
  const outcomes = made.map((forecast, place) => outcomeOf(forecast, grid, known[place]!));
  const measures = measureOutcomes(grid.values, outcomes, { seasonLength });
  return {
    backend: made[0]!.backend,
    measures: measures && { ...measures, intervals: [...measures.intervals] },
    forecasts: made.map(({ timestamps, mean, intervals }, place) => ({
      cutoff: histories[place]!.timestamps.at(-1)!,
      timestamps: [...timestamps],
      actual: Array.from(outcomes[place]!.actual, (value) => (Number.isNaN(value) ? null : value)),
      mean: [...mean],
      intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: [...lo], hi: [...hi] })),
    })),
  };
}

/** A forecast goes on from the newest point that it knew: a gap before a cutoff moves it there. */
function lastObserved({ values }: Grid, n: number): number {
  let row = n - 1;
  while (Number.isNaN(values[row]!)) row -= 1;
  return row;
}

function observedUpTo({ timestamps, values }: Grid, n: number): Observations {
  const rows = [...values.subarray(0, n).keys()].filter((row) => !Number.isNaN(values[row]!));
  return { timestamps: Float64Array.from(rows, (row) => timestamps[row]!), values: Float64Array.from(rows, (row) => values[row]!) };
}

/** What came at the times of a forecast. */
function outcomeOf({ frequencyMs, timestamps, mean, intervals }: ForecastAnswer, grid: Grid, known: number): Outcome {
  const rowOf = (time: number): number => (time - grid.timestamps[0]!) / frequencyMs;
  return { known, actual: timestamps.map((time) => grid.values[rowOf(time)] ?? NaN), mean, intervals };
}
