import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import type { Alert } from "../shared/contract/alert.ts";
import type { OrgId } from "../shared/contract/ids.ts";
import { newWebhookSecret } from "../shared/core/message/webhook-signature.ts";
import type { Store } from "../shared/ports/store.ts";
import { openDatabase } from "../shared/store/database.ts";
import { createStores } from "../shared/store/store.ts";
import { killWhileStarting, startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { startWebhookReceiver } from "../shared/testing/webhook-receiver.ts";
import { createClient } from "../tools/dev/client.ts";
import type { Client } from "../tools/dev/client.ts";
import { messagesOf, PROBE_RULES, probeHistory, startIncidents, THRESHOLD_PROBES, unnoticed } from "./incidents.ts";
import { LOAD_METRIC, startIngestLoad } from "./ingest-load.ts";
import type { IngestLoad, SentBatch, Target } from "./ingest-load.ts";

// Loses nothing, tells nobody twice: the real system is killed with signal 9 again and again under load, and started again on its data.
// KILLS says how often (10), SEED repeats a run as far as its random moments go.

const KILLS = Number(process.env["KILLS"] ?? 10);
const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const CLIENTS = 4;
const SETTLES_WITHIN_MS = 60_000;
const MINUTE_MS = 60_000;
/** Longer than a group gathers changes, and than any lease. */
const LATER_MS = 6 * MINUTE_MS;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Uniform in [0, 1), the same for the same seed: Park and Miller's generator. */
function uniformFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Stage {
  /** The system that is up; while it is down, the promise waits. */
  target(): Promise<Target>;
  /** Of the system that is up, or was last. */
  client(): Client;
  system(): LocalSystem;
  aheadMs(): number;
  /** Ends the system so, and starts it again on its data, so much later. */
  restart(end: (system: LocalSystem) => Promise<unknown>, laterMs: number): Promise<void>;
}

/** A system that is ended and started again, on one data directory. */
async function startStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  let aheadMs = 0;
  let system = await startLocalSystem({ env });
  cleanUps.push(() => system.remove());
  const present = (): Target => ({ url: system.url, apiKey: system.apiKey, aheadMs });
  let target = Promise.resolve(present());
  return {
    target: () => target,
    client: () => createClient(system.url, system.apiKey),
    system: () => system,
    aheadMs: () => aheadMs,
    async restart(end, laterMs) {
      const up = Promise.withResolvers<Target>();
      const ended = end(system);
      target = up.promise;
      await ended;
      aheadMs += laterMs;
      system = await startLocalSystem({ env, aheadMs, dataDir: system.dataDir });
      up.resolve(present());
    },
  };
}

/** The store of a system, seen from beside it. */
async function openStore({ dataDir }: LocalSystem): Promise<Store> {
  const database = await openDatabase({ url: `file:${join(dataDir, "intentvision.db")}` });
  cleanUps.push(async () => database.close());
  const newId = () => {
    throw new Error("It is only looked at");
  };
  return createStores(database)({ newId, traceparent: null, committed: [] });
}

/** Everything that is still to be done; empty when the system has settled. */
async function leftOver(store: Store, org: OrgId): Promise<Record<string, number>> {
  const { events } = store.platform;
  const tenant = store.forOrg(org);
  const unsent = await Promise.all(
    (["waiting", "sending"] as const).map(async (status) => (await tenant.deliveries.list({ status }, { limit: 100 })).items.length),
  );
  const counts = {
    "events in the outbox": (await events.pending({ after: 0, limit: 1_000 })).length,
    "events that failed": (await events.failuresDue(Number.MAX_SAFE_INTEGER, 1_000)).length,
    "dead letters": (await events.listDead({ limit: 100 })).items.length,
    "rows that were not scored": (await tenant.points.after(await tenant.cursor("detect"), { maxPoints: 100_000 })).length,
    "messages waiting": unsent[0]!,
    "messages being sent": unsent[1]!,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
}

/** Asks again and again until the answer is empty. */
async function untilNone(ask: () => Promise<object>): Promise<void> {
  const giveUpAt = performance.now() + SETTLES_WITHIN_MS;
  for (;;) {
    const left = await ask();
    if (Object.keys(left).length === 0) return;
    if (performance.now() > giveUpAt) throw new Error(`It did not settle: ${JSON.stringify(left)}`);
    await pause(100);
  }
}

async function listAll<Item>(client: Client, path: string, filter = ""): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = `?limit=1000${filter}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { items: Item[]; nextCursor: string | null } = await client.call("GET", path + query);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

/** The load's points that can be read, value by timestamp, of each client. */
async function readBack(client: Client): Promise<Map<number, Map<number, number>>> {
  const series = await listAll<{ id: string; metricKey: string; dimensions: Record<string, string> }>(client, "/api/v1/series");
  const points = new Map<number, Map<number, number>>();
  for (const { id, dimensions } of series.filter(({ metricKey }) => metricKey === LOAD_METRIC)) {
    const own = new Map<number, number>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const path: string = `/api/v1/series/${id}/points?limit=10000${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page: { timestamps: number[]; values: number[]; nextCursor: string | null } = await client.call("GET", path);
      for (const [row, timestamp] of page.timestamps.entries()) own.set(timestamp, page.values[row]!);
      cursor = page.nextCursor;
    }
    points.set(Number(dimensions["client"]), own);
  }
  return points;
}

/** Acknowledged batches are there, every point with its value; the others are there whole or not at all; nothing else is there. */
async function expectNothingLost(load: IngestLoad, client: Client): Promise<void> {
  const points = await readBack(client);
  const found = ({ client: of, metrics }: SentBatch) =>
    metrics.filter(({ timestamp, value }) => points.get(of)?.get(timestamp) === value).length;
  const [lost, torn, present] = [[] as SentBatch[], [] as SentBatch[], { points: 0 }];
  for (const batch of load.sent) {
    const n = found(batch);
    present.points += n;
    if (batch.acknowledged && n < batch.metrics.length) lost.push(batch);
    if (!batch.acknowledged && n !== 0 && n !== batch.metrics.length) torn.push(batch);
  }
  expect({ lost, torn }).toEqual({ lost: [], torn: [] });
  expect([...points.values()].reduce((sum, own) => sum + own.size, 0)).toBe(present.points);
  expect(load.surprises).toEqual([]);
}

/** Every other kill comes at a random moment of the load; the others while a message is on its way, so that nobody knows whether it came. */
async function momentToKill(uniform: () => number, receiver: Awaited<ReturnType<typeof startWebhookReceiver>>): Promise<void> {
  const inLoad = pause(200 + 2_300 * uniform());
  if (uniform() < 0.5) return inLoad;
  receiver.answerNext({ status: 204, delayMs: 200 });
  await Promise.race([receiver.received(receiver.requests().length + 1), pause(4_000)]);
  return pause(100 * uniform());
}

test(`killed ${KILLS} times under load, it keeps every acknowledged point, works off every event, and tells of each alert once`, async () => {
  say(`Killing ${KILLS} times with SEED=${SEED}.`);
  const uniform = uniformFrom(SEED);
  const secret = newWebhookSecret(new Uint8Array(32).fill(7));
  const clock = { now: Date.now };
  const receiver = await startWebhookReceiver({ secret, now: () => clock.now() });
  cleanUps.push(() => receiver.stop());
  const stage = await startStage({ GUARDED_FETCH_ALLOW: receiver.host });
  clock.now = () => Date.now() + stage.aheadMs();
  const client = stage.client();
  await client.call("POST", "/api/v1/channels", { name: "Receiver", kind: "webhook", config: { url: receiver.url, secret } });
  await client.ingest(probeHistory(Date.now()));
  for (const rule of PROBE_RULES) await client.call("POST", "/api/v1/rules", rule);
  const store = await openStore(stage.system());
  const org = stage.system().orgId;

  const load = startIngestLoad(CLIENTS, stage.target);
  const incidents = startIncidents(receiver, stage.target);
  cleanUps.push(load.stop, incidents.stop);
  for (let kill = 1; kill <= KILLS; kill++) {
    await momentToKill(uniform, receiver);
    // Some starts come at once, while the leases of the dead still hold; before others so much time passes that everything is due.
    await stage.restart((system) => system.kill(), uniform() < 0.3 ? 0 : LATER_MS + Math.floor(10 * MINUTE_MS * uniform()));
  }
  incidents.calm();
  // An anomaly that was over before its group was due, while the system was down, is told of by nobody any more.
  const isOver = async (metricKey: string): Promise<boolean> =>
    !THRESHOLD_PROBES.includes(metricKey) &&
    (await listAll<Alert>(stage.client(), "/api/v1/alerts", "&status=resolved")).some(({ series }) => series!.metricKey === metricKey);
  await untilNone(async () => {
    const untold = incidents.untold();
    const over = await Promise.all(untold.map(isOver));
    return untold.filter((_, place) => !over[place]);
  });
  await load.stop();
  const firing = async () => (await listAll<Alert>(stage.client(), "/api/v1/alerts", "&status=firing")).map(({ ruleName }) => ruleName);
  await untilNone(firing);
  await incidents.stop();
  await untilNone(() => leftOver(store, org));
  // What was resolved is told when its group is due again.
  await stage.restart((system) => system.kill(), LATER_MS);
  await untilNone(() => leftOver(store, org));

  await expectNothingLost(load, stage.client());
  expect(load.repeated()).toBeGreaterThan(0);
  expect(incidents.surprises).toEqual([]);
  const alerts = await listAll<Alert>(stage.client(), "/api/v1/alerts");
  expect(unnoticed(incidents, alerts)).toEqual([]);
  const told = (type: "alert.firing" | "alert.resolved") =>
    [...messagesOf(receiver, type).values()].flatMap((of) => of.map(({ id }) => id!)).toSorted((a, b) => (a < b ? -1 : 1));
  const [firings, resolves] = [told("alert.firing"), told("alert.resolved")];
  expect({ resolves, repeated: firings.filter((id, place) => firings.indexOf(id) !== place) }).toEqual({ resolves: firings, repeated: [] });
  const anomalies = { alerts: 0, untold: 0 };
  for (const [metricKey, rounds] of incidents.rounds()) {
    const own = alerts.filter(({ series }) => series!.metricKey === metricKey);
    const untold = own.filter(({ id }) => !firings.includes(id!));
    // A threshold is crossed or not. What was an anomaly may be one a second time, and be over before its group is due: that is not told.
    if (THRESHOLD_PROBES.includes(metricKey))
      expect({ metricKey, alerts: own.length, untold }).toEqual({ metricKey, alerts: rounds, untold: [] });
    else {
      anomalies.alerts += own.length;
      anomalies.untold += untold.length;
      expect(untold.filter(({ status }) => status !== "resolved")).toEqual([]);
    }
  }
  expect(anomalies.alerts).toBeGreaterThan(anomalies.untold);
  expect(firings.every((told) => alerts.some(({ id }) => id === told))).toBe(true);
  expect(new Set(receiver.requests().map(({ signature }) => signature))).toEqual(new Set(["valid"]));
  say(
    `${load.sent.filter(({ acknowledged }) => acknowledged).length} of ${load.sent.length} batches acknowledged, ` +
      `${alerts.length} alerts, ${receiver.messages().length} messages, ${receiver.duplicates()} of them sent again with their id.`,
  );
}, 240_000);

test("stopped under load, it ends cleanly and goes on where it was", async () => {
  const stage = await startStage();
  const store = await openStore(stage.system());
  const load = startIngestLoad(CLIENTS, stage.target);
  cleanUps.push(load.stop);
  const stop = async (system: LocalSystem) => {
    const waiting = new AbortController();
    // Platforms wait for some ten seconds before they kill.
    const tooLate = pause(12_000, "still running", { signal: waiting.signal }).catch(() => null);
    expect(await Promise.race([system.stop(), tooLate])).toBe(0);
    waiting.abort();
  };
  for (let round = 0; round < 3; round++) {
    const enough = load.sent.length + 40;
    await untilNone(async () => (load.sent.length < enough ? { sent: load.sent.length } : {}));
    await stage.restart(stop, 0);
  }
  await load.stop();
  await untilNone(() => leftOver(store, stage.system().orgId));
  await expectNothingLost(load, stage.client());
}, 120_000);

test("killed while it starts for the first time, at any moment, it starts all the same", async () => {
  const uniform = uniformFrom(SEED);
  for (let round = 0; round < 3; round++) {
    const dataDir = await mkdtemp(join(tmpdir(), "intentvision-"));
    cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    for (let kill = 0; kill < 2; kill++) await killWhileStarting(dataDir, 100 + 600 * uniform());
    const system = await startLocalSystem({ dataDir });
    const client = createClient(system.url, system.apiKey);
    expect(await client.call("GET", "/api/v1/org")).toMatchObject({ id: system.orgId });
    const channels = await listAll<{ kind: string }>(client, "/api/v1/channels");
    expect(channels.map(({ kind }) => kind).toSorted()).toEqual(["console", "inbox"]);
    await system.kill();
  }
}, 60_000);
