import { writeSync } from "node:fs";
import type { OrgId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { batchOf } from "../core/series/batch.ts";
import { canonicalDimensions } from "../core/series/series-id.ts";
import { openDatabase } from "../store/database.ts";
import { createStores } from "../store/store.ts";

// A process that keeps points until it is killed: it appends hour after hour of some series, compacts the log and drops what is past the
// retention, and prints what it is about to do, and each hour that is stored.

/** What it is told, as JSON in its first argument. */
export interface KeepingOptions {
  readonly url: string;
  readonly org: OrgId;
  /** The hours [first, end) are appended. */
  readonly first: number;
  readonly end: number;
}

export const HOUR_MS = 3_600_000;
export const METRICS = Array.from({ length: 24 }, (_, metric) => `metric${metric}`);
export const KEPT_HOURS = 24;
const POINTS_AN_HOUR = 60;
const HOURS_A_PASS = 3;
/** Later than the log waits for its consumers, of which there are none here. */
const LOG_WAITS_MS = 2 * HOUR_MS;

/** The points of an hour of a metric, and the last ten of the hour before again. Sums of their values are exact in any order. */
export function pointsOfHour(metric: number, hour: number): { timestamps: Float64Array; values: Float64Array } {
  const first = hour === 0 ? 0 : -10;
  const rows = Float64Array.from({ length: POINTS_AN_HOUR - first }, (_, row) => first + row);
  return {
    timestamps: rows.map((row) => hour * HOUR_MS + row * (HOUR_MS / POINTS_AN_HOUR)),
    values: rows.map((row) => (((POINTS_AN_HOUR * hour + row) * 7_919 + metric * 104_729) % 4_096) / 16),
  };
}

async function main({ url, org, first, end }: KeepingOptions): Promise<void> {
  const database = await openDatabase({ url });
  let ids = 0;
  const newId = (prefix: string) => hashId<never>(prefix as "evt", [process.pid, (ids += 1)]);
  const { forOrg, platform } = createStores(database)({ newId, traceparent: null, committed: [] });
  const { points, series, retention } = forOrg(org);
  await retention.replace({ rawMs: KEPT_HOURS * HOUR_MS, rollupsMs: null }, await retention.get());
  const named = METRICS.map((metricKey) => ({ series: series.idOf(metricKey, {}), metricKey, dimensions: canonicalDimensions({}) }));
  const say = (line: string | number) => writeSync(1, `${line}\n`);

  for (let hour = first; hour < end; hour++) {
    const now = (hour + 1) * HOUR_MS;
    say("append");
    const batch = batchOf(named.map((one, metric) => ({ ...one, ...pointsOfHour(metric, hour) })));
    await points.append({ points: batch, rejected: [], at: now });
    say(hour);
    if (hour % HOURS_A_PASS !== 0) continue;
    say("compact");
    await platform.compaction.compact(org, { maxPoints: 1_000_000, now: now + LOG_WAITS_MS });
    say("expire");
    while ((await platform.expiry.expire(org, { now, limit: 20 })) > 0);
  }
  database.close();
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2]!) as KeepingOptions);
