import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { OrgId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { POINTS_A_BATCH, SERIES } from "../testing/store-process.ts";
import type { StoreProcessOptions } from "../testing/store-process.ts";
import { openDatabase } from "./database.ts";
import { createStores } from "./store.ts";

const PROCESS = fileURLToPath(new URL("../testing/store-process.ts", import.meta.url));
const WRITERS = 4;
const BATCHES = 300;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "intentvision-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("four processes migrate, append, read and compact one file at once: none fails, and every point is there once", async () => {
  const url = `file:${join(directory, "shared.db")}`;
  const org = hashId<OrgId>("org", ["shared"]);
  const processes = Array.from({ length: WRITERS }, (_, writer) => {
    const options: StoreProcessOptions = { url, org, writer, writers: WRITERS, batches: BATCHES };
    return promisify(execFile)(process.execPath, [PROCESS, JSON.stringify(options)]);
  });
  await Promise.all(processes);

  const database = await openDatabase({ url });
  const { points, series } = createStores(database)({ newId: () => hashId("evt", []), traceparent: null, committed: [] }).forOrg(org);
  const all: number[] = [];
  for (let metric = 0; metric < SERIES; metric++) {
    const id = series.idOf(`metric${metric}`, {});
    all.push(...(await points.read(id, { from: 0, to: 10_000_000, limit: 1_000_000, order: "asc" })).timestamps);
  }
  const total = WRITERS * BATCHES * POINTS_A_BATCH;
  expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, row) => row));

  const sums = "SELECT (SELECT sum(n) FROM chunk) AS chunked, (SELECT coalesce(sum(n), 0) FROM write_log) AS logged";
  const [stored] = await database.read(sums, {});
  expect((stored!["chunked"] as number) + (stored!["logged"] as number)).toBe(total);
  const events = "SELECT count(*) AS n, count(DISTINCT event ->> '$.data.seq') AS seqs FROM outbox";
  expect(await database.read(events, {})).toMatchObject([{ n: WRITERS * BATCHES, seqs: WRITERS * BATCHES }]);
  database.close();
}, 30_000);
