import * as v from "valibot";
import type { ForecastBackend } from "../contract/forecast.ts";
import { Unavailable } from "../contract/problem.ts";
import { StatsForecastAnswer, StatsForecastProblem } from "../contract/statsforecast.ts";
import type { StatsForecastRequest } from "../contract/statsforecast.ts";
import { nextTimestamps } from "../core/forecast/frequency.ts";
import type { Result } from "../core/result.ts";
import type { OperatorRequest } from "../ports.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { Forecaster, ForecastAnswer, ForecastOptions, NotMade, TooShort } from "../ports/forecasters.ts";
import { ownUnitFan, prepareHistory } from "./history.ts";
import type { History } from "./history.ts";

export interface StatsForecastOptions {
  /** Where the service listens, without a slash at its end; undefined: not configured. */
  readonly url: string | undefined;
  readonly request: OperatorRequest;
  /** Unix ms. */
  readonly now: () => number;
  /** Waits between two attempts. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** The service gives up a request after 60 s, and says so. */
const TIMEOUT_MS = 70_000;
/** For all that one set of series takes, tries and waits included: the others are made by somebody else, who has a while left for it. */
const DEADLINE_MS = 90_000;
/** Attempts at most, with the waits between them. */
const WAITS_MS = [250, 1_000];
const RETRIED = new Set([408, 429, 502, 503, 504]);
/** Refused, reset, unknown host: a time-out is not among them, since the same request would take as long again. */
const NOT_CONNECTED = /^(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH)/;
/** Series a call: of the longest ones each takes up to four seconds of CPU, so that one core makes them within the service's time limit. */
const BATCH = 8;

const about: Omit<ForecastBackend, "available"> = {
  name: "statsforecast",
  aliases: [],
  maxHorizon: 720,
  levels: ANY_LEVEL,
  frequencies: ANY_FREQUENCY,
  batch: BATCH,
  description:
    "Nixtla's open StatsForecast in a service of its own (services/statsforecast): the median of AutoETS, AutoTheta, AutoCES and MSTL. Its accuracy is not measured.",
};

type Made = Result<ForecastAnswer, TooShort | NotMade>;
/**
 * StatsForecast over HTTP: the newest points on a regular grid, gaps filled; its newest 2,016 count.
 *
 * What does not connect, or is answered 408, 429, 502, 503 or 504, is tried three times.
 */
export function createStatsForecast({ url, request, now, pause }: StatsForecastOptions): Forecaster {
  const endpoint = url === undefined ? null : `${url}/v1/forecast`;
  return {
    about: { ...about, available: endpoint !== null },
    setting: "INTENTVISION_STATSFORECAST_URL",
    async forecast(observations, options) {
      const prepared = prepareHistory(observations, options);
      return prepared.ok ? (await ask([prepared.value], options, now() + DEADLINE_MS))[0]! : prepared;
    },
    async forecastMany(series, options) {
      const until = now() + DEADLINE_MS;
      const prepared = series.map((observations) => prepareHistory(observations, options));
      const asked = prepared.flatMap((one) => (one.ok ? [one.value] : []));
      const made: Made[] = [];
      for (let start = 0; start < asked.length; start += BATCH) {
        const batch = asked.slice(start, start + BATCH);
        try {
          made.push(...(await ask(batch, options, until)));
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          if (error.retryable && !made.some(({ ok }) => ok)) throw error;
          // A service that is down or busy is left alone; one batch that it refuses takes no other with it.
          const without = error.retryable ? asked.length - start : batch.length;
          made.push(...Array.from({ length: without }, () => notMade(error)));
          if (error.retryable) break;
        }
      }
      return prepared.map((one) => (one.ok ? made.shift()! : one));
    },
  };

  /** @throws Unavailable. */
  async function ask(series: readonly History[], options: ForecastOptions, until: number): Promise<readonly Made[]> {
    const { status, body } = await answerTo(JSON.stringify(requestOf(series, options)), until);
    if (status !== 200) throw refusal(status, body);

    const answer = parsed(StatsForecastAnswer, body);
    if (answer === null || !isWhole(answer, series, options)) {
      throw new Unavailable("StatsForecast answered something that is not in its contract", { retryable: false });
    }
    return answer.forecasts.map((made, i) => ({ ok: true, value: answerOf(made, series[i]!) }));
  }

  async function answerTo(body: string, until: number): Promise<{ readonly status: number; readonly body: string }> {
    if (endpoint === null) throw new Unavailable("StatsForecast is not configured here", { retryable: false });
    for (let attempt = 0; ; attempt += 1) {
      const timeoutMs = Math.min(TIMEOUT_MS, until - now());
      if (timeoutMs <= 0)
        throw new Unavailable(`StatsForecast did not make all of them within ${DEADLINE_MS / 1_000} s`, { retryable: true });
      const last = attempt === WAITS_MS.length;
      try {
        const headers = { "Content-Type": "application/json", Accept: "application/json" };
        const answer = await request(endpoint, { method: "POST", headers, body, timeoutMs });
        if (last || !RETRIED.has(answer.status)) return answer;
      } catch (cause) {
        const connected = !NOT_CONNECTED.test(String((cause as NodeJS.ErrnoException).code));
        if (connected && (cause as Error).name !== "TimeoutError" && (cause as Error).name !== "AbortError") {
          throw new Unavailable("StatsForecast could not be asked", { retryable: true, cause });
        }
        if (connected)
          throw new Unavailable(`StatsForecast did not answer within ${Math.ceil(timeoutMs / 1_000)} s`, { retryable: true, cause });
        if (last) throw new Unavailable("StatsForecast cannot be reached", { retryable: true, cause });
      }
      await pause(WAITS_MS[attempt]!);
    }
  }
}

const notMade = ({ message, cause }: Unavailable): Made => ({ ok: false, error: { reason: "not-made", detail: message, cause } });

function requestOf(histories: readonly History[], { horizon, levels }: ForecastOptions): StatsForecastRequest {
  return {
    inputs: histories.map(({ y, frequencyMs, newest }) => ({
      // The answer's times are not looked at: a history from before 1970 may as well begin there.
      start: Math.max(0, newest - (y.length - 1) * frequencyMs),
      frequency: frequencyMs,
      values: [...y],
    })),
    horizon,
    levels: [...levels],
  };
}

/** What the service has refused. Its own words go to the log. */
function refusal(status: number, body: string): Unavailable {
  const problem = parsed(StatsForecastProblem, body);
  const cause = new Error(`${status} ${problem?.type ?? ""} ${problem?.detail ?? ""}`.trimEnd());
  const retryable = RETRIED.has(status);
  switch (problem?.type.split("/").at(-1)) {
    case "time-limit":
      return new Unavailable("StatsForecast needs longer for this than it may take", { retryable, cause });
    case "busy":
      return new Unavailable("StatsForecast is busy", { retryable, cause });
    default:
      return new Unavailable(`StatsForecast answered ${status}`, { retryable, cause });
  }
}

type Forecasted = StatsForecastAnswer["forecasts"][number];

/** As many forecasts as series, each with as many rows as steps and the levels that were asked for. */
function isWhole({ forecasts }: StatsForecastAnswer, series: readonly History[], { horizon, levels }: ForecastOptions): boolean {
  const whole = ({ timestamps, mean, intervals }: Forecasted) =>
    [timestamps, mean, ...intervals.flatMap(({ lo, hi }) => [lo, hi])].every((column) => column.length === horizon) &&
    intervals.length === levels.length &&
    intervals.every(({ level }, i) => level === levels[i]);
  return forecasts.length === series.length && forecasts.every(whole);
}

function answerOf({ backend, seasonLength, models, accuracy, warnings, ...made }: Forecasted, history: History): ForecastAnswer {
  const intervals = made.intervals.map(({ level, lo, hi }) => ({ level, lo: Float64Array.from(lo), hi: Float64Array.from(hi) }));
  const { frequencyMs, seasons, newest } = history;
  return {
    backend,
    frequencyMs,
    seasonLength,
    seasons,
    timestamps: nextTimestamps(newest, frequencyMs, made.mean.length),
    ...ownUnitFan({ mean: Float64Array.from(made.mean), intervals }, history),
    models,
    accuracy,
    warnings: [...history.warnings, ...warnings],
  };
}

function parsed<const Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? result.output : null;
}
