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
import type { Database } from "../../shared/store/database.ts";
import { openDatabase } from "../../shared/store/database.ts";
import { migrate } from "../../shared/store/migrate.ts";

const PROCESS = fileURLToPath(new URL("../../shared/testing/forecasting-process.ts", import.meta.url));
const MINUTE = 60_000;
const SERIES = 980;
const LIVES = 4;
/** A minute is a second, so that nobody waits long for the lease of one that was killed. */
const FASTER = 60;

let directory: string;
let database: Database | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "intentvision-"));
});
afterEach(async () => {
  database?.close();
  await rm(directory, { recursive: true });
});

/** Runs a worker until it comes to an end or, as it begins a step, is told that it shall be killed, some ms into it. @returns Whether it was. */
async function live(options: ForecastingOptions, isKilled: () => Promise<boolean>, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  for await (const _line of createInterface(child.stdout)) {
    if (await isKilled()) setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  const [code] = (await closed) as [number | null];
  if (code !== null) expect(code).toBe(0);
  return code === null;
}

test("a run whose workers are killed again and again, two at a time, forecasts each series once and comes to its end", async () => {
  const url = `file:${join(directory, "killed.db")}`;
  database = await openDatabase({ url });
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
  // A step that is never done is given up: each death comes after one that was done since the last.
  let reached = 0;
  const isKilled = async (): Promise<boolean> => {
    const [run] = (await forecastJobs.runs(job.id, { limit: 1 })).items;
    const hasGotOn = run!.completed > reached;
    reached = run!.completed;
    return hasGotOn;
  };
  let killed = 0;
  for (let life = 0; life < LIVES; life += 1) {
    const pair = [0, 1].map((worker) => live(options, isKilled, (life * 7 + worker * 3) % 30));
    for (const wasKilled of await Promise.all(pair)) if (wasKilled) killed += 1;
  }
  // Otherwise it proves nothing.
  expect(killed).toBeGreaterThanOrEqual(LIVES);
  await live(options, async () => false, 0);

  const [run] = (await forecastJobs.runs(job.id, { limit: 10 })).items;
  expect(run).toMatchObject({ status: "completed", series: SERIES, completed: SERIES, failed: 0 });
  const made = (await forecasts.list({}, { limit: 1_000 })).items.map(({ series }) => series);
  expect(made).toHaveLength(SERIES);
  expect(new Set(made).size).toBe(SERIES);
}, 120_000);
