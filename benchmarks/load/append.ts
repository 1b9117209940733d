import type { IdPrefix, OrgId } from "../../shared/contract/ids.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { createStores } from "../../shared/store/store.ts";
import { ownCpuSeconds } from "../measure.ts";
import { SERIES, scrapes } from "./workload.ts";

// The anchor of ingest: node append.ts DATABASE ORG FIRST WINDOWS SCRAPES appends WINDOWS times SCRAPES scrapes from the FIRST on to the
// write log, without HTTP, JSON or validation, and prints the points per CPU-second of each window as JSON.

const [path, org, ...numbers] = process.argv.slice(2) as [string, OrgId, ...string[]];
const [first, windows, scrapesAWindow] = numbers.map(Number) as [number, number, number];

const database = await openDatabase({ url: `file:${path}` });
let ids = 0;
const stores = createStores(database);
const newId = <Id extends string>(prefix: IdPrefix) => hashId<Id>(prefix, ["appended", String(first), String((ids += 1))]);
const named = SERIES.map(({ metricKey, dimensions }) => {
  const canonical = canonicalDimensions(dimensions);
  return { series: seriesId(org, metricKey, canonical), metricKey, dimensions: canonical };
});

const rates: number[] = [];
const source = scrapes(first);
for (let window = 0; window < windows; window++) {
  const batches = Array.from({ length: scrapesAWindow }, () => {
    const { timestamp, values } = source.next().value;
    return { series: named, counts: named.map(() => 1), timestamps: named.map(() => timestamp), values: [...values] };
  });
  const before = ownCpuSeconds();
  for (const points of batches) {
    const { points: log } = stores({ newId, traceparent: null, committed: [] }).forOrg(org);
    await log.append({ points, rejected: [], at: Date.now() });
  }
  rates.push((scrapesAWindow * SERIES.length) / (ownCpuSeconds() - before));
}
database.close();
process.stdout.write(`${JSON.stringify(rates)}\n`);
