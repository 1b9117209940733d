import { FULL_LOG } from "../../functions/compact/compact.ts";
import type { IdPrefix, OrgId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";
import { createStores } from "../../shared/store/store.ts";
import { scrapes, SERIES } from "../load/workload.ts";
import { median, ownCpuSeconds } from "../measure.ts";

// Fills an empty database as a year of scrapes would: node fill.ts DATABASE POINTS appends scrape after scrape to the log and compacts each
// LOG_ROWS of them, then reads READ_POINTS of some series from all over the time. It prints what it measured as JSON.

export interface VolumeMeasures {
  readonly points: number;
  /** Points per CPU-second, appended and compacted, of each fifth. */
  readonly rates: readonly number[];
  readonly bytesAPoint: number;
  readonly readMs: number;
}

export const READ_POINTS = 10_000;
const FIFTHS = 5;
const LOG_ROWS = FULL_LOG.points / SERIES.length;
const READS = 50;
/** No consumer reads the log here: after an hour it waits for none. */
const WAITED_MS = 2 * 3_600_000;
const MIGRATIONS = new URL("../../migrations/", import.meta.url);

if (import.meta.main) process.stdout.write(`${JSON.stringify(await fill(process.argv[2]!, Number(process.argv[3])))}\n`);

async function fill(path: string, points: number): Promise<VolumeMeasures> {
  const database = await openDatabase({ url: `file:${path}` });
  await migrate(database, MIGRATIONS, 0);
  let ids = 0;
  const newId = <Id extends string>(prefix: IdPrefix) => hashId<Id>(prefix, ["volume", String((ids += 1))]);
  const org = newId<OrgId>("org");
  const stores = createStores(database);
  const named = SERIES.map(({ metricKey, dimensions }) => {
    const canonical = canonicalDimensions(dimensions);
    return { series: seriesId(org, metricKey, canonical), metricKey, dimensions: canonical };
  });
  const counts = named.map(() => 1);
  const source = scrapes();
  const scrapesAFifth = Math.ceil(points / SERIES.length / FIFTHS);
  const [rates, times] = [[] as number[], [] as number[]];
  for (let fifth = 0; fifth < FIFTHS; fifth++) {
    const before = ownCpuSeconds();
    for (let scrape = 1; scrape <= scrapesAFifth; scrape++) {
      const { timestamp, values } = source.next().value;
      times.push(timestamp);
      const { forOrg, platform } = stores({ newId, traceparent: null, committed: [] });
      await forOrg(org).points.append({
        points: { series: named, counts, timestamps: counts.map(() => timestamp), values: [...values] },
        rejected: [],
        at: Date.now(),
      });
      if (scrape % LOG_ROWS === 0) await platform.compaction.compact(org, { maxPoints: 1_000_000, now: Date.now() + WAITED_MS });
    }
    rates.push((scrapesAFifth * SERIES.length) / (ownCpuSeconds() - before));
  }

  const { forOrg } = stores({ newId, traceparent: null, committed: [] });
  const readsMs: number[] = [];
  for (let read = 0; read < READS; read++) {
    const { series } = named[(read * 19) % named.length]!;
    const from = times[Math.floor(((times.length - READ_POINTS) * read) / READS)]!;
    const startedAt = performance.now();
    const window = await forOrg(org).points.read(series, { from, to: Date.now(), limit: READ_POINTS, order: "asc" });
    readsMs.push(performance.now() - startedAt);
    if (window.timestamps.length !== READ_POINTS) throw new Error(`${series} has ${window.timestamps.length} points from ${from} on`);
  }
  const [size] = await database.read(
    "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'chunk')",
    {},
  );
  database.close();
  return {
    points: times.length * SERIES.length,
    rates,
    bytesAPoint: (size!["bytes"] as number) / (times.length * SERIES.length),
    readMs: median(readsMs),
  };
}
