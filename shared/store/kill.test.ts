import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { OrgId } from "../contract/ids.ts";
import { bucketPoints } from "../core/series/bucket.ts";
import { hashId } from "../core/hash-id.ts";
import { HOUR_MS, KEPT_HOURS, METRICS, pointsOfHour } from "../testing/keeping-process.ts";
import type { KeepingOptions } from "../testing/keeping-process.ts";
import { MIGRATIONS } from "../testing/memory-store.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { createStores } from "./store.ts";

const PROCESS = fileURLToPath(new URL("../testing/keeping-process.ts", import.meta.url));
/** What it is doing when it is killed, in turn. */
const DOING = ["append", "compact", "expire"] as const;
const KILLS = 18;
const HOURS = 300;
const AGGREGATES = ["count", "sum", "min", "max", "last"] as const;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "intentvision-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs the process, and kills it within its nth time of doing something; it runs to its end where that does not come. @returns The last hour it said was stored. */
async function run(options: KeepingOptions, kill: { doing: (typeof DOING)[number]; nth: number; afterMs: number } | null): Promise<number> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let [stored, times] = [options.first - 1, 0];
  for await (const line of createInterface(child.stdout)) {
    if (/^\d+$/.test(line)) stored = Number(line);
    if (line !== kill?.doing || (times += 1) !== kill.nth) continue;
    // A transaction takes a few of these; what it says until it has ended still counts.
    setTimeout(() => child.kill("SIGKILL"), kill.afterMs);
  }
  const [code] = (await closed) as [number | null];
  if (kill === null) expect(code).toBe(0);
  return stored;
}

test("a store that is killed again and again, while it appends, compacts and expires, loses no point and no hour, and has none twice", async () => {
  const url = `file:${join(directory, "killed.db")}`;
  const org = hashId<OrgId>("org", ["killed"]);
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, 0);

  let first = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const doing = DOING[kill % DOING.length]!;
    first = 1 + (await run({ url, org, first, end: HOURS }, { doing, nth: 3 + (kill % 2), afterMs: (kill * 5) % 8 }));
  }
  expect(first).toBeLessThan(HOURS);
  await run({ url, org, first, end: HOURS }, null);

  const { points, series } = createStores(database)({ newId: () => hashId("evt", []), traceparent: null, committed: [] }).forOrg(org);
  const all = { from: 0, to: HOURS * HOUR_MS, limit: 1_000_000, order: "asc" } as const;
  for (const [metric, metricKey] of METRICS.entries()) {
    const wanted = new Map<number, number>();
    for (let hour = 0; hour < HOURS; hour++) {
      const { timestamps, values } = pointsOfHour(metric, hour);
      for (const [row, timestamp] of timestamps.entries()) wanted.set(timestamp, values[row]!);
    }
    const [timestamps, values] = [Float64Array.from(wanted.keys()), Float64Array.from(wanted.values())];
    const id = series.idOf(metricKey, {});
    const hours = await points.buckets(id, { ...all, step: HOUR_MS, aggregates: AGGREGATES });
    expect(hours).toEqual(bucketPoints({ timestamps, values }, HOUR_MS, AGGREGATES));

    const read = await points.read(id, all);
    const newest = [...wanted].filter(([timestamp]) => timestamp >= read.timestamps[0]!);
    expect([...read.timestamps].map((timestamp, row) => [timestamp, read.values[row]])).toEqual(newest);
    expect(read.timestamps[0]).toBeLessThanOrEqual((HOURS - KEPT_HOURS) * HOUR_MS);
    // Whole chunks go, and the first of them are long gone.
    expect(read.timestamps[0]).toBeGreaterThan((HOURS / 2) * HOUR_MS);
  }
  const [cursor] = await database.read("SELECT count(*) AS n FROM chunk WHERE tier = 0", {});
  expect(cursor!["n"]).toBeGreaterThan(0);
  database.close();
});
