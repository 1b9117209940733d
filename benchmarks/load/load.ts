import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Pool } from "undici";
import { startLocalSystem } from "../../shared/testing/local-system.ts";
import type { LocalSystem } from "../../shared/testing/local-system.ts";
import { cpuSecondsOf, median } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { READ_POINTS } from "./storage.ts";
import type { StorageMeasures } from "./storage.ts";
import { ingestBody, SERIES, scrapes } from "./workload.ts";

const CONNECTIONS = 4;
const WARM_UP_MS = 5_000;
const WINDOWS = 5;
const WINDOW_MS = 4_000;
/** The anchor appends at least so many scrapes, in as many windows. */
const LEAST_APPENDED = 3_000;
const HTTP_READS = 50;

export const load: Benchmark = {
  name: "load",
  about: `Ingest of ${SERIES.length} series, one scrape of all of them a request, over ${CONNECTIONS} connections; then compaction and reading`,

  async run(say) {
    const system = await startLocalSystem({ args: ["--only", "ingest"] });
    try {
      say(`The server takes scrapes in for ${(WARM_UP_MS + WINDOWS * WINDOW_MS) / 1_000} s.`);
      const ingested = await measureIngest(system);
      await system.stop();

      say("The same payloads are appended to its log alone.");
      const database = join(system.dataDir, "intentvision.db");
      const enough = READ_POINTS + 1 - ingested.scrapes;
      const scrapesAWindow = Math.ceil(Math.max(LEAST_APPENDED, enough) / WINDOWS);
      const appended = await runAlone<number[]>("append.ts", database, system.orgId, ingested.scrapes, WINDOWS, scrapesAWindow);

      say("What was written is compacted and read.");
      const storage = await runAlone<StorageMeasures>("storage.ts", database, system.orgId);
      const httpReadMs = await measureHttpReads(system.dataDir);
      return rowsOf(median(ingested.rates), median(appended), storage, httpReadMs);
    } finally {
      await system.remove();
    }
  },
};

function rowsOf(ingest: number, append: number, storage: StorageMeasures, httpReadMs: number): Row[] {
  const appending = { name: "appending the same payloads to the log alone", value: append };
  const both = 1 / (1 / ingest + 1 / storage.compaction);
  return [
    row("JSON ingest, validated and committed", ingest, "points/CPU-s", { anchor: appending, bar: 350_000 }),
    row("JSON ingest, with compaction", both, "points/CPU-s", { anchor: appending, bar: 300_000 }),
    row("Compaction alone", storage.compaction, "points/CPU-s", { anchor: appending, bar: 2_000_000 }),
    row("A point after compaction", storage.bytesAPoint, "bytes", { anchor: { name: "two doubles", value: 16 }, bar: 4.4 }),
    row(`Reading ${READ_POINTS.toLocaleString("en")} points of a series, storage`, storage.readMs, "ms", {
      anchor: { name: "unpacking them alone", value: storage.decodeMs },
      bar: 2,
    }),
    row(`Reading ${READ_POINTS.toLocaleString("en")} points of a series, over HTTP`, httpReadMs, "ms", {
      anchor: { name: "from storage", value: storage.readMs },
      bar: 10,
    }),
  ];
}

/** Points per CPU-second of the server in each window, and how many scrapes it took in all. */
async function measureIngest({ url, apiKey, pid }: LocalSystem): Promise<{ rates: number[]; scrapes: number }> {
  const pool = new Pool(url, { connections: CONNECTIONS });
  const headers = { "X-API-Key": apiKey, "Content-Type": "application/json" };
  const source = scrapes();
  let [acknowledged, sending] = [0, true];

  async function send(): Promise<void> {
    while (sending) {
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: "/api/v1/ingest",
        headers,
        body: ingestBody(source.next().value),
      });
      const answer = (await body.json()) as { accepted?: number };
      if (answer.accepted !== SERIES.length) throw new Error(`An ingest was answered ${statusCode}: ${JSON.stringify(answer)}`);
      acknowledged += 1;
    }
  }
  async function watch(): Promise<number[]> {
    const rates: number[] = [];
    await pause(WARM_UP_MS);
    for (let window = 0; window < WINDOWS; window++) {
      const [cpuBefore, before] = [await cpuSecondsOf(pid), acknowledged];
      await pause(WINDOW_MS);
      rates.push(((acknowledged - before) * SERIES.length) / ((await cpuSecondsOf(pid)) - cpuBefore));
    }
    sending = false;
    return rates;
  }
  const [rates] = await Promise.all([watch(), ...Array.from({ length: CONNECTIONS }, send)]);
  await pool.close();
  return { rates, scrapes: acknowledged };
}

/** The median time of one page of READ_POINTS, asked for over a connection that is open already. */
async function measureHttpReads(dataDir: string): Promise<number> {
  const system = await startLocalSystem({ args: ["--only", "series"], dataDir });
  const pool = new Pool(system.url, { connections: 1 });
  const headers = { "X-API-Key": system.apiKey };
  const get = async <Answer>(path: string) => (await (await pool.request({ method: "GET", path, headers })).body.json()) as Answer;
  try {
    const { items } = await get<{ items: readonly { id: string }[] }>(`/api/v1/series?limit=${HTTP_READS}`);
    const readsMs: number[] = [];
    for (const { id } of items) {
      const startedAt = performance.now();
      const { timestamps } = await get<{ timestamps: readonly number[] }>(`/api/v1/series/${id}/points?limit=${READ_POINTS}&order=desc`);
      readsMs.push(performance.now() - startedAt);
      if (timestamps.length !== READ_POINTS) throw new Error(`${id} was answered with ${timestamps.length} points`);
    }
    return median(readsMs);
  } finally {
    await pool.close();
    await system.stop();
  }
}

/** Runs a script beside this file in a process of its own. @returns What it printed. */
async function runAlone<Printed>(script: string, ...args: readonly (string | number)[]): Promise<Printed> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args.map(String)]);
  return JSON.parse(stdout) as Printed;
}
