import { ForecastAccuracy, ForecastAccuracyQuery, MAX_ACCURACY_BUCKETS } from "../../shared/contract/forecast-accuracy.ts";
import type { BackendAccuracy } from "../../shared/contract/forecast-accuracy.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { formatDuration, isoTime, LATEST_MS } from "../../shared/contract/time.ts";
import { backendNamed } from "../../shared/core/forecast/backend-name.ts";
import { periodStart } from "../../shared/core/forecast/periods.ts";
import type { AccuracyBucket, AccuracyTrend } from "../../shared/ports/forecast-accuracy.ts";
import { route } from "../../shared/runtime/route.ts";

const DAY_MS = 86_400_000;
const DEFAULT_WINDOW_MS = 30 * DAY_MS;
/** A page ends once so many forecasts were looked at for it, with a cursor for the rest: averaging them takes a quarter of a second. */
const FORECASTS_A_PAGE = 50_000;

export const readForecastAccuracy = route({
  method: "GET",
  path: "/api/v1/forecast-accuracy",
  summary: "Read how far forecasts were from what came, over time: by backend, of all series or of one",
  scope: "read",
  input: ForecastAccuracyQuery,
  output: ForecastAccuracy,
  etag: true,
  problems: ["not-found"],

  async handle({ series, backend, frequency, step, unfinished, cursor, ...asked }, { org }, { store, clock, forecasters }) {
    const tenant = store.forOrg(org);
    if (series !== undefined && (await tenant.series.get(series)) === null) throw notFound();
    // Whole buckets, the newest of them still going on: the answer stays the same until something is measured.
    const end = periodStart(clock.now(), step) + step;
    const to = asked.to ?? Math.min(LATEST_MS, Math.max(end, (asked.from ?? 0) + step));
    const from = asked.from ?? Math.max(0, to - Math.ceil(DEFAULT_WINDOW_MS / step) * step);
    if (from >= to) throw invalid([{ path: "from", message: "Expected from before to" }]);
    if (to - from > (MAX_ACCURACY_BUCKETS - 1) * step) throw invalid([{ path: "step", message: TOO_MANY_BUCKETS }]);

    const trend = await tenant.forecastAccuracy.trend(
      {
        series,
        backend: backend === undefined ? undefined : backendNamed(backend, forecasters.list()),
        frequencyMs: frequency,
        unfinished,
        from: Math.max(from, cursor ?? from),
        to,
      },
      { step, origin: periodStart(0, step), limit: FORECASTS_A_PAGE },
    );
    // The bucket in which the page ended is not whole: it starts the next one.
    const next = trend.looked < FORECASTS_A_PAGE ? null : trend.lastBucket!;
    if (next !== null && next <= Math.max(from, cursor ?? from)) throw invalid([{ path: "step", message: TOO_MANY_FORECASTS }]);
    return {
      ...(series === undefined ? {} : { series }),
      from: isoTime(from),
      to: isoTime(to),
      step: formatDuration(step),
      items: itemsOf(trend, { before: next ?? Infinity, isOneSeries: series !== undefined }),
      nextCursor: next === null ? null : String(next),
    };
  },
});

const TOO_MANY_BUCKETS = `There would be more than ${MAX_ACCURACY_BUCKETS} buckets. Ask for a longer step, or a shorter window`;
const TOO_MANY_FORECASTS = `A bucket has ${FORECASTS_A_PAGE} forecasts or more. Ask for a shorter step, or for one series`;

function itemsOf(
  { buckets, coverage }: AccuracyTrend,
  { before, isOneSeries }: { readonly before: number; readonly isOneSeries: boolean },
): BackendAccuracy[] {
  const whole = buckets.filter(({ bucket }) => bucket < before);
  const covered = new Map(coverage.map((one) => [`${one.backend} ${one.level} ${one.bucket}`, one.coverage]));
  return [...Map.groupBy(whole, ({ backend }) => backend)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([backend, rows]) => {
      const levels = new Set(coverage.filter((one) => one.backend === backend && one.bucket < before).map(({ level }) => level));
      const column = <Name extends keyof AccuracyBucket>(name: Name) => rows.map((row) => row[name]);
      const inUnit = (name: "mae" | "rmse") => (isOneSeries ? column(name) : rows.map(() => null));
      return {
        backend,
        timestamps: column("bucket"),
        forecasts: column("forecasts"),
        unfinished: column("unfinished"),
        steps: column("steps"),
        mae: inUnit("mae"),
        rmse: inUnit("rmse"),
        mase: column("mase"),
        smape: column("smape"),
        wql: column("wql"),
        skill: column("skill"),
        worseThanNaive: column("worseThanNaive"),
        intervals: [...levels]
          .toSorted((a, b) => a - b)
          .map((level) => ({ level, coverage: rows.map(({ bucket }) => covered.get(`${backend} ${level} ${bucket}`) ?? null) })),
      };
    });
}
