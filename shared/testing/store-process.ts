import type { OrgId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { batchOf } from "../core/series/batch.ts";
import { canonicalDimensions } from "../core/series/series-id.ts";
import { openDatabase } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { createStores } from "../store/store.ts";
import { MIGRATIONS } from "./memory-store.ts";

// One of several processes on a database file: migrates it, then appends batches and reads them back; the first one compacts as well.

/** What each of them is told, as JSON in its first argument. */
export interface StoreProcessOptions {
  readonly url: string;
  readonly org: OrgId;
  /** 0-based: batches of different writers share series, and no point. */
  readonly writer: number;
  readonly writers: number;
  readonly batches: number;
}

export const SERIES = 3;
export const POINTS_A_BATCH = 5;
const BATCHES_A_READ = 10;
const BATCHES_A_COMPACTION = 25;
const LOG_IS_OLD_AT = 10_000_000;

async function main({ url, org, writer, writers, batches }: StoreProcessOptions): Promise<void> {
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, 0);
  let ids = 0;
  const newId = (prefix: string) => hashId<never>(prefix as "evt", [writer, (ids += 1)]);
  const store = createStores(database)({ newId, traceparent: null, committed: [] });
  const { points, series } = store.forOrg(org);
  const dimensions = canonicalDimensions({});

  const written = new Map<string, Set<number>>();
  for (let batch = 0; batch < batches; batch++) {
    const metricKey = `metric${batch % SERIES}`;
    const id = series.idOf(metricKey, {});
    const timestamps = Float64Array.from({ length: POINTS_A_BATCH }, (_, row) => (batch * POINTS_A_BATCH + row) * writers + writer);
    const named = { series: id, metricKey, dimensions };
    await points.append({ points: batchOf([{ ...named, timestamps, values: timestamps }]), rejected: [], at: 0 });

    const own = written.get(metricKey) ?? new Set();
    written.set(metricKey, own);
    for (const timestamp of timestamps) own.add(timestamp);
    if (batch % BATCHES_A_READ === 0) {
      const read = await points.read(id, { from: 0, to: LOG_IS_OLD_AT, limit: 1_000_000, order: "asc" });
      const found = new Set(read.timestamps);
      if (found.size !== read.timestamps.length) throw new Error(`${metricKey} has a timestamp twice`);
      if ([...own].some((timestamp) => !found.has(timestamp))) throw new Error(`${metricKey} lacks points that were written`);
    }
    if (writer === 0 && batch % BATCHES_A_COMPACTION === 0) {
      await store.platform.compaction.compact(org, { maxPoints: 1_000, now: LOG_IS_OLD_AT });
    }
  }
  database.close();
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2]!) as StoreProcessOptions);
