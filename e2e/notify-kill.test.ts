import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { AlertId } from "../shared/contract/ids.ts";
import type { Rule } from "../shared/contract/rule.ts";
import { webhookId } from "../shared/core/alert/keys.ts";
import { newWebhookSecret } from "../shared/core/message/webhook-signature.ts";
import type { DeliveryRecord } from "../shared/ports/alerting.ts";
import { openDatabase } from "../shared/store/database.ts";
import { migrate } from "../shared/store/migrate.ts";
import { evaluate, fire, storeRule } from "../shared/testing/alerting.ts";
import { storeChannel } from "../shared/testing/channels.ts";
import { startHarness } from "../shared/testing/harness.ts";
import type { Harness } from "../shared/testing/harness.ts";
import type { Answer } from "../shared/testing/http-receiver.ts";
import { MIGRATIONS } from "../shared/testing/memory-store.ts";
import type { NotifyingOptions } from "../shared/testing/notifying-process.ts";
import { startWebhookReceiver } from "../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../shared/testing/webhook-receiver.ts";

// Tells each channel of each change once, though notifiers are killed with signal 9 while they work, several at a time on one file, every
// event comes many times, and receivers fail, hang, break off and answer nonsense. ROUNDS says how often (6), SEED repeats a run as far
// as its random moments go.

const ROUNDS = Number(process.env["ROUNDS"] ?? 6);
const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const WORKERS = 3;
const ALERTS_A_ROUND = 3;
const TIMEOUT_MS = 1_000;
const MINUTE_MS = 60_000;
const PROCESS = fileURLToPath(new URL("../shared/testing/notifying-process.ts", import.meta.url));

let directory: string;
let harness: Harness;
let receiver: WebhookReceiver;
let aheadMs: number;
let options: () => NotifyingOptions;
const running = new Set<ChildProcess>();
const secret = newWebhookSecret(new Uint8Array(32).fill(7));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "intentvision-"));
  const url = `file:${join(directory, "notified.db")}`;
  const database = await openDatabase({ url });
  await migrate(database, MIGRATIONS, 0);
  aheadMs = 0;
  harness = await startHarness({ database });
  receiver = await startWebhookReceiver({ secret, now: () => Date.now() + aheadMs });
  options = () => ({ url, aheadMs, allow: receiver.host, timeoutMs: TIMEOUT_MS });
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await receiver.stop();
  harness.close();
  await rm(directory, { recursive: true });
});

/** Uniform in [0, 1), the same for the same seed: Park and Miller's generator. */
function uniformFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function startWorker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options())], { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  await once(child.stdout, "data");
  return child;
}

/** Ends a worker once it has finished what it is at. */
async function stopWorker(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.stdin!.end();
  await exited;
}

/** How receivers misbehave. Of those with 2xx the receiver has taken the message, and its sender never hears of it. */
const MISBEHAVIOUR: readonly Answer[] = [
  { status: 500 },
  { status: 503, headers: { "Retry-After": "soon" }, body: "<html>Sorry</html>" },
  { status: 302, headers: { Location: "http://127.0.0.1:1/" } },
  { status: 429, headers: { "Retry-After": "-1" } },
  { status: 500, sender: "hang" },
  { status: 500, sender: "cut" },
  { status: 500, body: "\u0000\uFFFF{".repeat(20_000) },
  { status: 204, sender: "cut" },
  { status: 204, sender: "hang" },
];

async function allDeliveries(): Promise<readonly DeliveryRecord[]> {
  const { deliveries } = harness.deps.store.forOrg(harness.org);
  const all: DeliveryRecord[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: Awaited<ReturnType<typeof deliveries.list>> = await deliveries.list(
      {},
      { limit: 100, ...(cursor === "" ? {} : { cursor }) },
    );
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

test(`notifiers that are killed ${ROUNDS} times over tell each channel of each change once, and lose nothing`, async () => {
  process.stderr.write(`Killing notifiers in ${ROUNDS} rounds with SEED=${SEED}.\n`);
  const uniform = uniformFrom(SEED);
  const hook = await storeChannel(harness, { kind: "webhook", config: { url: receiver.url, secret } });
  const inbox = await storeChannel(harness, { kind: "inbox" });
  const firing = new Map<AlertId, Rule>();
  const ended = new Set<AlertId>();
  let kills = 0;

  /** Some alerts begin, and some that are being told end. */
  const change = async () => {
    harness.clock.set(Date.now() + aheadMs);
    // What ends before its group is flushed is told of by nobody.
    const told = new Set((await allDeliveries()).flatMap(({ alerts }) => alerts));
    const old = [...firing].filter(([alert]) => told.has(alert) && uniform() < 0.7).slice(0, 2);
    for (const [alert, rule] of old) {
      await evaluate(harness, rule, { outcome: "false", value: 1 });
      firing.delete(alert);
      ended.add(alert);
    }
    for (let n = 0; n < ALERTS_A_ROUND; n++) {
      const rule = await storeRule(harness, { name: `Rule ${firing.size + ended.size}`, severity: "critical", repeatInterval: "90d" });
      firing.set(await fire(harness, rule, { severity: "critical" }), rule);
    }
  };
  const settled = async () => {
    const told = new Set((await allDeliveries()).flatMap(({ alerts }) => alerts));
    return [...firing.keys(), ...ended].every((alert) => told.has(alert));
  };

  for (let round = 0; round < ROUNDS; round++) {
    await change();
    for (let n = 0; n < 4; n++)
      receiver.answerNext(uniform() < 0.5 ? MISBEHAVIOUR[Math.floor(uniform() * MISBEHAVIOUR.length)]! : { status: 204 });
    receiver.answerNext({ status: 204, delayMs: 300 }, 4);
    const before = receiver.requests().length;
    const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
    // One is killed at any moment, the others, perhaps, while a message is on its way.
    for (const worker of workers.slice(0, 1 + Math.floor(uniform() * WORKERS))) {
      await Promise.race([receiver.received(before + 1 + Math.floor(6 * uniform())), pause(1_500)]);
      await pause(300 * uniform());
      worker.kill("SIGKILL");
      kills += 1;
    }
    await pause(500 * uniform());
    await Promise.all(workers.map(stopWorker));
    // Every lease has run out by then, and every group's time has come.
    aheadMs += (6 + Math.floor(6 * uniform())) * MINUTE_MS;
  }

  // Nobody is killed any more, and receivers are well: whatever was left is done.
  const unsent = async () => (await allDeliveries()).filter(({ status }) => status === "waiting" || status === "sending").length;
  for (let pass = 0; pass < 20 && (pass < 3 || (await unsent()) > 0 || !(await settled())); pass++) {
    const worker = await startWorker();
    await pause(1_000);
    await stopWorker(worker);
    aheadMs += 11 * 3_600_000;
  }
  expect({ unsent: await unsent(), settled: await settled() }).toEqual({ unsent: 0, settled: true });

  const deliveries = await allDeliveries();
  const { deliveries: store, inbox: messages } = harness.deps.store.forOrg(harness.org);
  const isSuperseded = ({ kind, status, lastError }: DeliveryRecord) =>
    kind === "firing" && status === "dead" && lastError === "Resolved before it got through: the resolve tells both";
  expect(deliveries.filter((one) => one.status === "dead" && !isSuperseded(one))).toEqual([]);

  // One delivery a channel and a change, whoever flushed it how often.
  const wanted = [...firing.keys()].map((alert) => `${alert} firing`);
  for (const alert of ended) wanted.push(`${alert} firing`, `${alert} resolved`);
  const inOrder = (names: readonly string[]) => names.toSorted((a, b) => (a < b ? -1 : 1));
  for (const channel of [hook.id, inbox.id]) {
    const made = deliveries
      .filter((one) => one.channel === channel)
      .flatMap(({ kind, alerts }) => alerts.map((alert) => `${alert} ${kind}`));
    expect(inOrder(made)).toEqual(inOrder(wanted));
  }

  // One effect of each at a receiver that honours the webhook-id: no more requests than attempts of which nobody knows how they ended.
  const own = deliveries.filter(({ channel }) => channel === hook.id);
  const effects = receiver.messages();
  // A firing that its resolve took in may have got through, unheard: its receiver then has both.
  const superseded = new Set(own.filter(isSuperseded).map(({ id }) => webhookId(id)));
  expect(inOrder(effects.map(({ id }) => id!).filter((id) => !superseded.has(id)))).toEqual(
    inOrder(own.map(({ id }) => webhookId(id)).filter((id) => !superseded.has(id))),
  );
  expect(effects.filter(({ id }) => !own.some((one) => webhookId(one.id) === id))).toEqual([]);
  const counts = { neverEnded: 0, unheard: 0, again: 0 };
  for (const { id } of own) {
    const attempts = await store.attempts(id);
    const neverEnded = attempts.filter(({ durationMs }) => durationMs === null).length;
    const unheard = attempts.filter(({ durationMs, status }) => durationMs !== null && status === null).length;
    const again = receiver.requests().filter((request) => request.taken && request.id === webhookId(id)).length - 1;
    expect({ id, ok: again <= neverEnded + unheard }).toEqual({ id, ok: true });
    counts.neverEnded += neverEnded;
    counts.unheard += unheard;
    counts.again += Math.max(0, again);
  }
  expect(new Set(receiver.requests().map(({ signature }) => signature))).toEqual(new Set(["valid"]));
  const got = (await messages.list({ limit: 1_000 })).items;
  expect(got).toHaveLength(deliveries.filter((one) => one.channel === inbox.id && !isSuperseded(one)).length);

  process.stderr.write(
    `${kills} notifiers killed; ${firing.size + ended.size} alerts, ${ended.size} of them ended; ${own.length} messages for the receiver, ` +
      `${receiver.requests().length} requests, ${effects.length} effects; ${counts.neverEnded} attempts died, ${counts.unheard} were not answered, ` +
      `${counts.again} messages came again with their id.\n`,
  );
}, 240_000);
