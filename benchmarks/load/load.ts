import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Pool } from "undici";
import { startLocalSystem } from "../../shared/testing/local-system.ts";
import { median } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { json, remoteWrite, victoriaJson } from "./doors.ts";
import { measureSending, SENDING_S } from "./sending.ts";
import type { Door } from "./sending.ts";
import { LOG_ROWS } from "./steady.ts";
import { READ_POINTS } from "./storage.ts";
import type { StorageMeasures } from "./storage.ts";
import { startVictoriaMetrics, VICTORIA_METRICS_MISSING } from "./victoria-metrics.ts";
import { SERIES } from "./workload.ts";

/** The anchor appends at least so many scrapes, in so many windows. */
const WINDOWS = 5;
const LEAST_APPENDED = 3_000;
const HTTP_READS = 50;

export const load: Benchmark = {
  name: "load",
  about: `Ingest of ${SERIES.length} series, one scrape of all of them a request, over four connections; then compaction and reading`,

  async run(say) {
    const system = await startLocalSystem({ args: ["--only", "ingest"] });
    try {
      say(`The server takes scrapes in for ${SENDING_S} s.`);
      const ingested = await measureSending(system, json(system.apiKey));
      await system.stop();

      say("The same payloads are appended to its log alone.");
      const database = join(system.dataDir, "intentvision.db");
      const enough = READ_POINTS + 1 - ingested.scrapes;
      const scrapesAWindow = Math.ceil(Math.max(LEAST_APPENDED, enough) / WINDOWS);
      const appended = await runAlone<number[]>("append.ts", database, system.orgId, ingested.scrapes, WINDOWS, scrapesAWindow);

      say("What was written is compacted and read.");
      const storage = await runAlone<StorageMeasures>("storage.ts", database, system.orgId);
      const httpReadMs = await measureHttpReads(system.dataDir);

      say("Compaction goes on while points come in.");
      const steady = await runAlone<number>("steady.ts");

      say("The same over remote_write, and both into VictoriaMetrics.");
      const written = await measureDoor((apiKey) => remoteWrite({ "X-API-Key": apiKey }));
      const victoria = { json: await measureVictoriaMetrics(victoriaJson), remoteWrite: await measureVictoriaMetrics(remoteWrite({})) };
      if (victoria.json === null) say(VICTORIA_METRICS_MISSING);
      return rowsOf({ ingest: median(ingested.rates), written, append: median(appended), victoria, storage, steady, httpReadMs });
    } finally {
      await system.remove();
    }
  },
};

interface Measured {
  /** Points per CPU-second, through JSON, through remote_write, and into the log alone. */
  readonly ingest: number;
  readonly written: number;
  readonly append: number;
  readonly victoria: { readonly json: number | null; readonly remoteWrite: number | null };
  readonly storage: StorageMeasures;
  /** Points per CPU-second of compaction that has to keep up. */
  readonly steady: number;
  readonly httpReadMs: number;
}

function rowsOf({ ingest, written, append, victoria, storage, steady, httpReadMs }: Measured): Row[] {
  const appending = { name: "appending the same payloads to the log alone", value: append };
  const besideVictoria = (value: number | null) => (value === null ? {} : { anchor: { name: "VictoriaMetrics", value } });
  const compacted = (rate: number) => 1 / (1 / rate + 1 / steady);
  const rate = "points/CPU-s";
  return [
    row("JSON, validated and committed", ingest, rate, { ...besideVictoria(victoria.json), bar: 350_000 }),
    row("JSON, with compaction", compacted(ingest), rate, { ...besideVictoria(victoria.json), bar: 300_000 }),
    row("remote_write, validated and committed", written, rate, { ...besideVictoria(victoria.remoteWrite), bar: 600_000 }),
    row("remote_write, with compaction", compacted(written), rate, { ...besideVictoria(victoria.remoteWrite), bar: 500_000 }),
    row("JSON, beside the log alone", ingest, rate, { anchor: appending }),
    row("Compaction alone", storage.compaction, rate, { anchor: appending, bar: 2_000_000 }),
    row(`Compaction of each ${LOG_ROWS} requests`, steady, rate, { anchor: { name: "all at once", value: storage.compaction } }),
    row("A point after compaction", storage.bytesAPoint, "bytes", { anchor: { name: "two doubles", value: 16 }, bar: 4.4 }),
    row(`Reading ${READ_POINTS.toLocaleString("en")} points of a series, storage`, storage.readMs, "ms", {
      anchor: { name: "unpacking them alone", value: storage.decodeMs },
      bar: 2,
    }),
    row(`Reading ${READ_POINTS.toLocaleString("en")} points of a series, over HTTP`, httpReadMs, "ms", {
      anchor: { name: "from storage", value: storage.readMs },
      bar: 10,
    }),
    row("All points of a series by the hour, storage", storage.hoursMs, "ms", {
      anchor: { name: "without rollups", value: storage.hoursOfPointsMs },
    }),
  ];
}

/** The median points per CPU-second that a new system takes through a door, alone. */
async function measureDoor(doorOf: (apiKey: string) => Door): Promise<number> {
  const system = await startLocalSystem({ args: ["--only", "ingest"] });
  try {
    return median((await measureSending(system, doorOf(system.apiKey))).rates);
  } finally {
    await system.remove();
  }
}

/** The same of VictoriaMetrics; null where it is not installed. */
async function measureVictoriaMetrics(door: Door): Promise<number | null> {
  const victoria = await startVictoriaMetrics();
  if (victoria === null) return null;
  try {
    return median((await measureSending(victoria, door)).rates);
  } finally {
    await victoria.stop();
  }
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
