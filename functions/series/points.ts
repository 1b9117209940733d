import { invalid, notFound } from "../../shared/contract/problem.ts";
import { Points } from "../../shared/contract/series.ts";
import type { Aggregate } from "../../shared/contract/series.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import type { SeriesId } from "../../shared/contract/ids.ts";
import { bucketPoints } from "../../shared/core/series/bucket.ts";
import { areSummed } from "../../shared/core/series/bucket-sums.ts";
import type { SummedAggregate } from "../../shared/core/series/bucket-sums.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import { HOUR_MS } from "../../shared/core/series/rollup.ts";
import type { PointReader, PointStore } from "../../shared/ports/points.ts";
import { route } from "../../shared/runtime/route.ts";
import { PointsQuery } from "./contract.ts";
import { readPage, windowFrom } from "./page-of-points.ts";
import type { Window } from "./page-of-points.ts";

/** Later than any point. */
const END_OF_TIME = Date.UTC(10_000, 0, 1);
const RAW_POINTS_A_READ = 50_000;
/** A bucket that has more is not aggregated from its points, which have to be in memory together. */
const MOST_POINTS_A_BUCKET = 32 * RAW_POINTS_A_READ;
/** A page of buckets ends once so many points were read for it, with a cursor for the rest: aggregating them takes a tenth of a second. */
const POINTS_A_PAGE = 10 * RAW_POINTS_A_READ;

const TOO_MANY_POINTS = `A bucket has more than ${MOST_POINTS_A_BUCKET} points. Ask for a shorter step, or for whole hours and avg, min, max, sum, count or last`;

export const readPoints = route({
  method: "GET",
  path: "/api/v1/series/{id}/points",
  summary: "Read the points of a series, raw, or in buckets of a step; those of a counter also as rates a second",
  scope: "read",
  input: PointsQuery,
  output: Points,
  etag: true,
  problems: ["not-found"],

  async handle({ id, from = 0, to = END_OF_TIME, step, agg, as, limit, order, cursor }, { org }, { store }) {
    const tenant = store.forOrg(org);
    const series = await tenant.series.get(id);
    if (series === null) throw notFound();
    if (as === "rate" && !hasRate(series.kind)) throw invalid([{ path: "as", message: "Expected a series of kind counter or delta" }]);
    const points = as === "rate" ? tenant.points.levels(series.kind) : tenant.points;
    const window = windowFrom(cursor, { from, to, limit, order });
    if (step === undefined) return readRaw(points, id, window);
    const aggregates = agg ?? ["avg"];
    return as === "raw" && step % HOUR_MS === 0 && areSummed(aggregates)
      ? readRollups(tenant.points, id, { ...window, step, aggregates })
      : readBuckets(points, id, { ...window, step, aggregates });
  },
});

async function readRaw(points: PointReader, series: SeriesId, window: Window): Promise<Points> {
  const { nextCursor, ...page } = await readPage(points, series, window);
  const [timestamps, values] = [[...page.timestamps], [...page.values]];
  if (window.order === "desc") {
    timestamps.reverse();
    values.reverse();
  }
  return { series, timestamps, values, nextCursor };
}

async function readRollups(
  points: PointStore,
  series: SeriesId,
  { limit, ...window }: Window & { step: number; aggregates: readonly SummedAggregate[] },
): Promise<Points> {
  const { timestamps, aggregates } = await points.buckets(series, { ...window, limit: limit + 1 });
  const columns = [timestamps, ...Object.values(aggregates)];
  if (window.order === "desc") for (const column of columns) column.reverse();
  const next = window.order === "asc" ? timestamps[limit] : timestamps[limit - 1];
  const nextCursor = timestamps.length > limit ? String(next) : null;
  for (const column of columns) column.splice(limit);
  return { series, step: formatDuration(window.step), timestamps, aggregates, nextCursor };
}

/** Reads raw points bucket by bucket until there are enough buckets: never more at once than RAW_POINTS_A_READ and one bucket. @throws Problem validation-failed. */
async function readBuckets(
  points: PointReader,
  series: SeriesId,
  { from, to, limit, order, step, aggregates }: Window & { step: number; aggregates: readonly Aggregate[] },
): Promise<Points> {
  const timestamps: number[] = [];
  const columns: Record<string, number[]> = Object.fromEntries(aggregates.map((name) => [name, []]));
  let [low, high] = [from, to];
  let [ended, count] = [false, 0];
  for (let most = RAW_POINTS_A_READ; timestamps.length <= limit && !ended && (count < POINTS_A_PAGE || timestamps.length === 0);) {
    const read = await points.read(series, { from: low, to: high, limit: most, order });
    count += read.timestamps.length;
    ended = read.timestamps.length < most;
    const buckets = bucketPoints(read, step, aggregates);
    // Unless this was all, the bucket at the far end may have more points: it is read again, whole, next time.
    const whole = ended ? buckets.timestamps.length : buckets.timestamps.length - 1;
    if (whole === 0 && !ended) {
      if (most >= MOST_POINTS_A_BUCKET) throw invalid([{ path: "step", message: TOO_MANY_POINTS }]);
      most *= 2;
      continue;
    }
    const rows = Array.from({ length: whole }, (_, row) => (order === "asc" ? row : buckets.timestamps.length - 1 - row));
    for (const row of rows) {
      timestamps.push(buckets.timestamps[row]!);
      for (const name of aggregates) columns[name]!.push(buckets.aggregates[name]![row]!);
    }
    if (order === "asc" && !ended) low = buckets.timestamps.at(-1)!;
    if (order === "desc" && !ended) high = Math.min(high, buckets.timestamps[0]! + step);
  }
  const next = order === "asc" ? (timestamps[limit] ?? low) : timestamps.at(Math.min(limit, timestamps.length) - 1);
  const nextCursor = timestamps.length > limit || !ended ? String(next) : null;
  for (const name of aggregates) columns[name] = columns[name]!.slice(0, limit);
  return { series, step: formatDuration(step), timestamps: timestamps.slice(0, limit), aggregates: columns, nextCursor };
}
