import { nextTimestamps } from "../core/forecast/frequency.ts";
import type { Result } from "../core/result.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { ForecastAnswer, Forecaster, ForecastOptions, NotMade, TooShort } from "../ports/forecasters.ts";
import { ownUnitFan, prepareHistory } from "./history.ts";
import type { History } from "./history.ts";
import { pandasFrequency } from "./pandas-frequency.ts";
import { columnsOf, isCount } from "./timegpt-answer.ts";
import type { Columns } from "./timegpt-answer.ts";
import { createTimegptCall, isObject, nonsense, TimegptFailure } from "./timegpt-call.ts";
import type { CallTimegpt, TimegptCallOptions } from "./timegpt-call.ts";
import { detectByTimegpt } from "./timegpt-detect.ts";

export interface TimegptOptions extends Omit<TimegptCallOptions, "apiKey"> {
  /** Undefined where TimeGPT is not configured. */
  readonly apiKey: string | undefined;
  /** `timegpt-2.1`, for one. */
  readonly model: string;
}

type Made = Result<ForecastAnswer, TooShort | NotMade>;

/** A series on its way: where its result goes, and its history. */
interface Asked {
  readonly place: number;
  readonly history: History;
}

/** What a model is made for. */
interface ModelParams {
  /** Points that it looks at. */
  readonly inputSize: number;
  /** Steps ahead. */
  readonly horizon: number;
}

/** For all that one set of series takes, tries and waits included: functions have two minutes, and the native engine comes after. */
const DEADLINE_MS = 90_000;
const BATCH = 500;
/** Numbers in one answer, so that it stays within memory. */
const MOST_NUMBERS = 1_000_000;
const NOT_MEASURED = "How accurate this forecast is was not measured: TimeGPT makes no backtest";

/** Nixtla's TimeGPT: a pretrained model behind an HTTP API. The series that it forecasts are sent there. */
export function createTimegpt({ apiKey, model, ...options }: TimegptOptions): Forecaster {
  const call: CallTimegpt = createTimegptCall({ apiKey: apiKey ?? "", ...options });
  const known = new Map<string, Promise<ModelParams>>();
  return {
    about: {
      name: "timegpt",
      aliases: ["nixtla-timegpt"],
      available: apiKey !== undefined,
      maxHorizon: 720,
      levels: ANY_LEVEL,
      frequencies: ANY_FREQUENCY,
      batch: BATCH,
      description: `Nixtla's pretrained model ${model}, over its HTTP API: the series are sent there. Its accuracy is not measured.`,
    },
    setting: "INTENTVISION_TIMEGPT_KEY",
    forecast: async (observations, asked) => (await forecastMany([observations], asked))[0]!,
    forecastMany,
    detect: (observations, { frequencyMs, level }) =>
      detectByTimegpt(authorized, { model, observations, frequencyMs, level, until: options.now() + DEADLINE_MS }),
  };

  async function forecastMany(...[series, asked]: Parameters<NonNullable<Forecaster["forecastMany"]>>): Promise<Made[]> {
    const until = options.now() + DEADLINE_MS;
    const results: Made[] = [];
    const byFrequency = new Map<string, Asked[]>();
    for (const [place, observations] of series.entries()) {
      const history = prepareHistory(observations, asked);
      if (!history.ok) {
        results[place] = history;
        continue;
      }
      const frequency = pandasFrequency(history.value.frequencyMs, history.value.newest);
      byFrequency.set(frequency, [...(byFrequency.get(frequency) ?? []), { place, history: history.value }]);
    }

    let fatal: TimegptFailure | null = null;
    for (const [frequency, all] of byFrequency) {
      for (const some of batchesOf(all, asked)) {
        const made: Made[] | TimegptFailure = fatal ?? (await attempt(() => forecastBatch(some, frequency, asked, until)));
        const failure: TimegptFailure | null = made instanceof TimegptFailure ? made : null;
        // Another request would fare no better.
        if (failure !== null && failure.fault !== "request") fatal = failure;
        for (const [i, { place }] of some.entries()) results[place] = failure === null ? (made as Made[])[i]! : notMade(failure);
      }
    }
    // Nobody else need wait for it for a while.
    if (fatal?.fault === "service" && !results.some(({ ok }) => ok)) throw fatal;
    return results;
  }

  /** One call for series of one frequency. @throws TimegptFailure. */
  async function forecastBatch(all: readonly Asked[], freq: string, { horizon, levels }: ForecastOptions, until: number): Promise<Made[]> {
    const params = await modelParams(freq, until);
    const most = 3 * params.inputSize + Math.max(params.horizon, horizon);
    const sent = all.map(({ history }) => history.y.subarray(-most));
    const body = {
      series: { y: sent.flatMap((y) => [...y]), sizes: sent.map((y) => y.length), X: null, X_future: null },
      model,
      h: horizon,
      freq,
      level: levels,
      clean_ex_first: true,
      finetune_steps: 0,
    };
    const answer = columnsOf(await authorized({ path: "/v2/forecast", body, until }), all.length * horizon, levels);
    return all.map(({ history }, i) => madeOf(history, i, answer, { horizon, levels, params }));
  }

  function madeOf(
    history: History,
    i: number,
    { mean, intervals }: Columns,
    { horizon, levels, params }: Pick<ForecastOptions, "horizon" | "levels"> & { params: ModelParams },
  ): Made {
    const rows = (column: Float64Array) => column.subarray(i * horizon, (i + 1) * horizon);
    const fan = {
      mean: rows(mean),
      intervals: levels.map((level, j) => ({ level, lo: rows(intervals[j]!.lo), hi: rows(intervals[j]!.hi) })),
    };
    if (![fan.mean, ...fan.intervals.flatMap(({ lo, hi }) => [lo, hi])].every((column) => column.every(Number.isFinite))) {
      return notMade(nonsense("values that are no numbers"));
    }
    const { frequencyMs, seasonLength, seasons, newest, warnings } = history;
    const value = {
      backend: "timegpt",
      frequencyMs,
      seasonLength,
      seasons,
      timestamps: nextTimestamps(newest, frequencyMs, horizon),
      ...ownUnitFan(fan, history),
      models: [{ name: model, weight: 1 }],
      accuracy: { mae: null, rmse: null, mape: null, smape: null, mase: null, skill: null },
      warnings: [
        ...warnings,
        NOT_MEASURED,
        ...(horizon > params.horizon
          ? [`${model} is made for ${params.horizon} steps ahead at this frequency: the further ones of ${horizon} are less sure`]
          : []),
      ],
    };
    return { ok: true, value };
  }

  async function modelParams(freq: string, until: number): Promise<ModelParams> {
    const params = known.get(freq) ?? readModelParams(freq, until);
    known.set(freq, params);
    try {
      return await params;
    } catch (error) {
      known.delete(freq);
      throw error;
    }
  }

  async function readModelParams(freq: string, until: number): Promise<ModelParams> {
    const answer = await authorized({ path: "/model_params", query: { model, freq }, until });
    const { input_size: inputSize, horizon } = isObject(answer) && isObject(answer["detail"]) ? answer["detail"] : {};
    if (!isCount(inputSize) || !isCount(horizon)) throw nonsense("model parameters that are none");
    return { inputSize, horizon };
  }

  /** As `call`; of a refused key it is found out whether the key is bad, or may not do just that. */
  async function authorized(request: Parameters<CallTimegpt>[0]): Promise<unknown> {
    try {
      return await call(request);
    } catch (error) {
      if (!(error instanceof TimegptFailure) || error.fault !== "key") throw error;
      const isValid = await call({ path: "/validate_api_key", until: request.until }).then(
        () => true,
        () => false,
      );
      if (!isValid) throw error;
      throw new TimegptFailure(`The API key that is configured here is valid, but TimeGPT does not let it use ${model}.`, "service", {
        cause: error,
      });
    }
  }
}

/** Series that go into one call each. */
function batchesOf(all: readonly Asked[], { horizon, levels }: ForecastOptions): Asked[][] {
  const most = Math.max(1, Math.min(BATCH, Math.floor(MOST_NUMBERS / (horizon * (1 + 2 * levels.length)))));
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}

async function attempt<T>(make: () => Promise<T>): Promise<T | TimegptFailure> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof TimegptFailure) return error;
    throw error;
  }
}

const notMade = (failure: TimegptFailure): Made => ({ ok: false, error: { reason: "not-made", detail: failure.message, cause: failure } });
