import type { Backend, ForecastBackend } from "../contract/forecast.ts";
import { Problem, Unavailable } from "../contract/problem.ts";
import { formatDuration, parseDuration } from "../contract/time.ts";
import type {
  ForecastAnswer,
  Forecaster,
  Forecasters,
  ForecastOptions,
  NotMade,
  Observations,
  PickedAnswer,
  PickedForecaster,
  PickedResult,
  TooShort,
} from "../ports/forecasters.ts";

export interface RegistryOptions {
  /** Names of backends, the one that `auto` means first; those that are not configured are passed over. Default: the first backend. */
  readonly preference?: readonly string[];
  /** Told when a backend that was asked makes no forecast: it is configured, and something is wrong with it. */
  readonly onFailure?: (backend: string, notMade: NotMade) => void;
  /** Milliseconds that go on; the process's own by default. */
  readonly now?: () => number;
}

/** A backend that did not answer is left alone for so long where another one can step in: waiting for it costs each request a minute. */
const LEFT_ALONE_MS = 60_000;

/**
 * The backends of a process, found by their names and aliases.
 *
 * What a backend does not make (it does not answer, has no quota left, takes no such level) the first of the list makes in its place, and
 * the answer says so; of `auto`, those that are preferred next come before it.
 * @throws Problem backend-unavailable from `pick`, when the backend is not among them or not configured.
 */
export function createForecasters(
  forecasters: readonly [Forecaster, ...Forecaster[]],
  { preference = [], onFailure = () => {}, now = () => performance.now() }: RegistryOptions = {},
): Forecasters {
  const silent = new Map<Forecaster, Silence>();
  const [last] = forecasters;
  const named = (name: string) => forecasters.find(({ about }) => about.name === name || about.aliases.includes(name));
  const preferred = preference.map(named).filter((forecaster) => forecaster?.about.available === true) as Forecaster[];
  const auto = [...new Set([...preferred, last])];

  return {
    list: () => forecasters.map(({ about }) => (about === auto[0]!.about ? { ...about, aliases: ["auto", ...about.aliases] } : about)),
    pick(backend: Backend, { fallback = true } = {}) {
      const found = backend === "auto" ? auto[0] : named(backend);
      if (found === undefined || !found.about.available) {
        throw new Problem("backend-unavailable", `${notConfigured(backend, found)} GET /api/v1/forecast-backends lists those that are.`);
      }
      const asked = { onFailure, silent, now };
      if (!fallback) return chain([found], asked);
      return chain(backend === "auto" ? auto : [...new Set([found, last])], asked);
    },
    async detect(backend, observations, options) {
      const found = named(backend);
      if (found !== undefined && !found.about.available) throw new Problem("backend-unavailable", notConfigured(backend, found));
      if (found?.detect === undefined) throw new Problem("backend-unavailable", `The backend ${backend} finds no anomalies here.`);
      try {
        return await found.detect(observations, options);
      } catch (error) {
        if (error instanceof Unavailable) onFailure(found.about.name, { reason: "not-made", detail: error.message, cause: error });
        throw error;
      }
    },
  };
}

const notConfigured = (backend: string, found: Forecaster | undefined): string =>
  `The backend ${backend} is not configured here${found?.setting === undefined ? "" : `: ${found.setting} is not set`}.`;

type Result = Awaited<ReturnType<Forecaster["forecast"]>>;

/** Of a backend that did not answer: until when it is left alone, and why. */
interface Silence {
  readonly until: number;
  readonly reason: string;
}

interface Asked extends Required<Pick<RegistryOptions, "onFailure" | "now">> {
  readonly silent: Map<Forecaster, Silence>;
}

/** Each makes what those before it did not. */
function chain(forecasters: readonly Forecaster[], asked: Asked): PickedForecaster {
  async function forecastMany(series: readonly Observations[], options: ForecastOptions): Promise<PickedResult[]> {
    const results: PickedResult[] = [];
    const failed = series.map((): Failure[] => []);
    let open = series.map((_, i) => i);
    for (const forecaster of forecasters) {
      const from = forecaster.about.name;
      const made = await attempt(
        forecaster,
        open.map((i) => series[i]!),
        options,
        { ...asked, isLast: forecaster === forecasters.at(-1) },
      );
      for (const [place, i] of open.entries()) {
        const result = made[place]!;
        if (!result.ok) failed[i]!.push({ from, reason: reasonOf(result.error) });
        results[i] = result.ok ? { ok: true, value: { ...result.value, ...fallbackOf(failed[i]!, result.value) } } : result;
      }
      open = open.filter((i) => !results[i]!.ok);
      if (open.length === 0) break;
    }
    return results;
  }
  return { forecastMany, forecast: async (observations, options) => (await forecastMany([observations], options))[0]! };
}

interface Failure {
  readonly from: string;
  readonly reason: string;
}

/** What an answer says of those that did not make it. */
function fallbackOf(failed: readonly Failure[], { backend, warnings }: ForecastAnswer): Partial<PickedAnswer> {
  const [first] = failed;
  if (first === undefined) return {};
  return {
    fallback: first,
    warnings: [...failed.map(({ from, reason }) => `Made by ${backend} in place of ${from}: ${reason}`), ...warnings],
  };
}

/** Asks one backend for all of them. */
async function attempt(
  forecaster: Forecaster,
  series: readonly Observations[],
  options: ForecastOptions,
  { onFailure, silent, now, isLast }: Asked & { readonly isLast: boolean },
): Promise<readonly Result[]> {
  const { name } = forecaster.about;
  const unable = unableTo(forecaster.about, options) ?? (isLast ? null : leftAlone(silent.get(forecaster), now()));
  if (unable !== null) return series.map(() => ({ ok: false, error: { reason: "not-made", detail: unable } }));
  try {
    const results = await (forecaster.forecastMany?.(series, options) ?? oneByOne(forecaster, series, options));
    const failures = results.flatMap((result) => (!result.ok && result.error.reason === "not-made" ? [result.error] : []));
    // Of many series of one call the reason is mostly the same.
    for (const failure of new Map(failures.map((one) => [one.detail, one])).values()) onFailure(name, failure);
    silent.delete(forecaster);
    return results;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const notMade: NotMade = { reason: "not-made", detail: error.message, cause: error };
    onFailure(name, notMade);
    silent.set(forecaster, { until: now() + LEFT_ALONE_MS, reason: error.message });
    return series.map(() => ({ ok: false, error: notMade }));
  }
}

const leftAlone = (silence: Silence | undefined, now: number): string | null =>
  silence === undefined || now >= silence.until ? null : `${silence.reason} That was a moment ago: it is asked again within a minute.`;

async function oneByOne(forecaster: Forecaster, series: readonly Observations[], options: ForecastOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const observations of series) {
    // One in this process takes it for itself: others have their turn in between.
    if (results.length > 0) await new Promise(setImmediate);
    results.push(await forecaster.forecast(observations, options));
  }
  return results;
}

/** Why a backend need not be asked: what it says of itself rules it out. Null when nothing does. */
function unableTo({ maxHorizon, levels: { above, below }, frequencies }: ForecastBackend, options: ForecastOptions): string | null {
  const { horizon, levels, frequencyMs } = options;
  if (horizon > maxHorizon) return `It forecasts ${maxHorizon} steps ahead at most.`;
  if (levels.some((level) => level <= above || level >= below)) return `Its levels lie between ${above} and ${below}.`;
  const [shortest, longest] = [parseDuration(frequencies.shortest)!, parseDuration(frequencies.longest)!];
  if (frequencyMs !== undefined && (frequencyMs < shortest || frequencyMs > longest)) {
    return `It takes steps of ${frequencies.shortest} to ${frequencies.longest}, not of ${formatDuration(frequencyMs)}.`;
  }
  return null;
}

const reasonOf = (error: NotMade | TooShort): string =>
  error.reason === "not-made" ? error.detail : `It needs ${error.needed} points, and there are ${error.got}.`;
