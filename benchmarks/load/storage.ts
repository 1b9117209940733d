import type { IdPrefix, OrgId } from "../../shared/contract/ids.ts";
import { bucketPoints } from "../../shared/core/series/bucket.ts";
import { decodeChunk, encodeChunk } from "../../shared/core/series/chunk-codec.ts";
import { HOUR_MS } from "../../shared/core/series/rollup.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { createStores } from "../../shared/store/store.ts";
import { median, ownCpuSeconds } from "../measure.ts";
import { SERIES } from "./workload.ts";

// What becomes of the points that were written: node storage.ts DATABASE ORG compacts the write log, then reads from the chunks, and
// prints what it measured as JSON.

export interface StorageMeasures {
  readonly points: number;
  /** Points per CPU-second. */
  readonly compaction: number;
  /** Chunks and their indexes, by points. */
  readonly bytesAPoint: number;
  /** READ_POINTS of one series: from storage, and unpacking them from memory alone. */
  readonly readMs: number;
  readonly decodeMs: number;
  /** All points of one series by the hour: over rollups, and over its points. */
  readonly hoursMs: number;
  readonly hoursOfPointsMs: number;
}

export const READ_POINTS = 10_000;
const POINTS_A_PASS = 1_000_000;
const READS = 50;
/** No consumer reads the log here: after an hour it waits for none. */
const WAITED_MS = 2 * 3_600_000;
const SELECT_BYTES = `
  SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'chunk')`;

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measure(...(process.argv.slice(2) as [string, OrgId])))}\n`);

async function measure(path: string, org: OrgId): Promise<StorageMeasures> {
  const database = await openDatabase({ url: `file:${path}` });
  const newId = <Id extends string>(prefix: IdPrefix) => hashId<Id>(prefix, ["unused"]);
  const { platform, forOrg } = createStores(database)({ newId, traceparent: null, committed: [] });

  const before = ownCpuSeconds();
  let points = 0;
  for (;;) {
    const pass = await platform.compaction.compact(org, { maxPoints: POINTS_A_PASS, now: Date.now() + WAITED_MS });
    if (pass.rows === 0) break;
    points += pass.points;
  }
  const compaction = points / (ownCpuSeconds() - before);
  const [{ bytes }] = (await database.read(SELECT_BYTES, {})) as unknown as [{ bytes: number }];

  const readsMs: number[] = [];
  const decodesMs: number[] = [];
  const hoursMs: number[] = [];
  const hoursOfPointsMs: number[] = [];
  for (const { metricKey, dimensions } of SERIES.slice(0, READS)) {
    const id = seriesId(org, metricKey, canonicalDimensions(dimensions));
    const startedAt = performance.now();
    const read = await forOrg(org).points.read(id, { from: 0, to: Date.now(), limit: READ_POINTS, order: "desc" });
    readsMs.push(performance.now() - startedAt);
    if (read.timestamps.length !== READ_POINTS) throw new Error(`${id} has ${read.timestamps.length} points`);

    const chunk = encodeChunk(read, { compress: true });
    const decodedAt = performance.now();
    decodeChunk(chunk);
    decodesMs.push(performance.now() - decodedAt);

    const window = { from: 0, to: Date.now(), limit: 2 * READ_POINTS, order: "asc" } as const;
    const hoursAt = performance.now();
    const hours = await forOrg(org).points.buckets(id, { ...window, step: HOUR_MS, aggregates: ["avg", "max"] });
    hoursMs.push(performance.now() - hoursAt);
    const pointsAt = performance.now();
    const same = bucketPoints(await forOrg(org).points.read(id, window), HOUR_MS, ["avg", "max"]);
    hoursOfPointsMs.push(performance.now() - pointsAt);
    if (hours.timestamps.length !== same.timestamps.length) throw new Error(`${id} has other hours than its points have`);
  }
  database.close();
  return {
    points,
    compaction,
    bytesAPoint: bytes / points,
    readMs: median(readsMs),
    decodeMs: median(decodesMs),
    hoursMs: median(hoursMs),
    hoursOfPointsMs: median(hoursOfPointsMs),
  };
}
