import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ForecastJobId, ForecastRunId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import type { Job } from "../../shared/ports/forecast-jobs.ts";
import type { ForecastingOptions } from "../../shared/testing/forecasting-process.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import { MIGRATIONS } from "../../shared/testing/memory-store.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";

const PROCESS = fileURLToPath(new URL("../../shared/testing/forecasting-process.ts", import.meta.url));
const MINUTE = 60_000;
const SERIES = 530;
const LIVES = 6;
/** A minute is three tenths of a second, so that nobody waits long for the lease of one that was killed. */
const FASTER = 200;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "intentvision-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs a worker; it is killed some ms into its nth step, or runs to its end. @returns Its exit code, null where it was killed. */
async function live(options: ForecastingOptions, kill: { step: number; afterMs: number } | null): Promise<number | null> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let steps = 0;
  for await (const _line of createInterface(child.stdout)) {
    steps += 1;
    if (steps === kill?.step) setTimeout(() => child.kill("SIGKILL"), kill.afterMs);
  }
  return ((await closed) as [number | null])[0];
}

test("a run whose workers are killed again and again, two at a time, forecasts each series once and comes to its end", async () => {
  const url = `file:${join(directory, "killed.db")}`;
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, 0);
  const harness = await startHarness({ database });
  for (let host = 0; host < SERIES; host += 1)
    await harness.store(
      "cpu",
      [
        [START - MINUTE, 1],
        [START, host],
      ],
      { host: String(host) },
    );
  for (const { event } of await harness.deps.store.platform.events.pending({ after: 0, limit: SERIES })) {
    await harness.deps.store.platform.events.markPublished([event.id], START);
  }
  const { forecastJobs, forecasts } = harness.deps.store.forOrg(harness.org);
  const job: Job = {
    id: hashId<ForecastJobId>("fjb", ["killed"]),
    version: 1,
    definition: {
      name: "killed",
      selector: { metricKey: "cpu", matchers: [] },
      horizon: 3,
      levels: [80],
      backend: "stub",
      schedule: "daily",
      timezone: "UTC",
      enabled: false,
    },
    nextRunAt: null,
    createdAt: START,
    updatedAt: START,
  };
  await forecastJobs.insert(job);
  await forecastJobs.begin(job, { id: hashId<ForecastRunId>("frn", ["killed"]), at: START });

  const options = { url, org: harness.org, job: job.id, clock: { at: START, when: Date.now(), faster: FASTER } };
  let killed = 0;
  for (let life = 0; life < LIVES; life += 1) {
    const kills = [1 + (life % 2), 2].map((step, worker) => ({ step, afterMs: (life * 7 + worker * 3) % 30 }));
    for (const code of await Promise.all(kills.map((kill) => live(options, kill)))) if (code === null) killed += 1;
  }
  // Otherwise it proves nothing.
  expect(killed).toBeGreaterThan(LIVES);
  expect(await live(options, null)).toBe(0);

  const [run] = (await forecastJobs.runs(job.id, { limit: 10 })).items;
  expect(run).toMatchObject({ status: "completed", series: SERIES, completed: SERIES, failed: 0 });
  const made = (await forecasts.list({}, { limit: 1_000 })).items.map(({ series }) => series);
  expect(made).toHaveLength(SERIES);
  expect(new Set(made).size).toBe(SERIES);
  database.close();
}, 120_000);
