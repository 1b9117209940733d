import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FULL_LOG } from "../../functions/compact/compact.ts";
import type { IdPrefix, OrgId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";
import { createStores } from "../../shared/store/store.ts";
import { ownCpuSeconds } from "../measure.ts";
import { scrapes, SERIES } from "./workload.ts";

// Compaction as it runs while points come in: node steady.ts writes scrape after scrape to an empty database and compacts each
// LOG_ROWS of them, PASSES times; it prints the points that compaction moved per CPU-second as JSON.

/** As often as the log of so many series is full. */
export const LOG_ROWS = FULL_LOG.points / SERIES.length;
const PASSES = 40;
/** No consumer reads the log here: after an hour it waits for none. */
const WAITED_MS = 2 * 3_600_000;
const MIGRATIONS = new URL("../../migrations/", import.meta.url);

if (import.meta.main) {
  const directory = await mkdtemp(join(tmpdir(), "intentvision-"));
  try {
    process.stdout.write(`${JSON.stringify(await measure(`file:${join(directory, "steady.db")}`))}\n`);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function measure(url: string): Promise<number> {
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, 0);
  let ids = 0;
  const newId = <Id extends string>(prefix: IdPrefix) => hashId<Id>(prefix, ["steady", String((ids += 1))]);
  const org = newId<OrgId>("org");
  const stores = createStores(database);
  const named = SERIES.map(({ metricKey, dimensions }) => {
    const canonical = canonicalDimensions(dimensions);
    return { series: seriesId(org, metricKey, canonical), metricKey, dimensions: canonical };
  });
  const source = scrapes();
  let [points, seconds] = [0, 0];
  for (let pass = 0; pass < PASSES; pass++) {
    const { forOrg, platform } = stores({ newId, traceparent: null, committed: [] });
    for (let row = 0; row < LOG_ROWS; row++) {
      const { timestamp, values } = source.next().value;
      const batch = { series: named, counts: named.map(() => 1), timestamps: named.map(() => timestamp), values: [...values] };
      await forOrg(org).points.append({ points: batch, rejected: [], at: Date.now() });
    }
    const before = ownCpuSeconds();
    points += (await platform.compaction.compact(org, { maxPoints: 1_000_000, now: Date.now() + WAITED_MS })).points;
    seconds += ownCpuSeconds() - before;
  }
  database.close();
  return points / seconds;
}
