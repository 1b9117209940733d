import { once } from "node:events";
import { open, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { manifest } from "../functions/manifest.ts";
import type { ManifestEntry } from "../functions/manifest.ts";
import { createInProcessBus } from "../shared/bus/in-process.ts";
import type { InProcessBus } from "../shared/bus/in-process.ts";
import type { Topic } from "../shared/contract/events.ts";
import { Unavailable } from "../shared/contract/problem.ts";
import { configWith, readLocalConfig } from "../shared/runtime/config.ts";
import { createRuntime } from "../shared/runtime/deps.ts";
import { frameworkServer } from "../shared/runtime/entry.ts";
import { handlerOf, logRefusal } from "../shared/runtime/handlers.ts";
import { errorFields } from "../shared/runtime/log.ts";
import type { EventFunction, FunctionDefinition } from "../shared/runtime/route.ts";
import { serveEvent } from "../shared/runtime/serve-event.ts";
import { openInvocation } from "../shared/runtime/runtime.ts";
import { migrate } from "../shared/store/migrate.ts";
import { createLocalAlarm } from "./dev/alarm.ts";
import { createClient } from "./dev/client.ts";
import { holdDataDir, localFileOf, runningUrl } from "./dev/data-dir.ts";
import { fillDemo, startDemo } from "./dev/demo.ts";
import { gateway, rootToReference } from "./dev/gateway.ts";
import type { Backend } from "./dev/gateway.ts";
import { startHostSampler } from "./dev/host-sampler.ts";
import { ensureLocalOrg } from "./dev/local-org.ts";
import { startScheduler } from "./dev/scheduler.ts";
import { loadSecrets, writeWhole } from "./dev/secrets.ts";
import { createTerminal, greeting, greetingAlone } from "./dev/terminal.ts";
/** Looked at first thing: whoever it was may have ended before the system is up. */
const STARTED_BY = process.ppid;

const LEAST_NODE = 24;
const ORPHANED_AFTER_MS = 500;
const MIGRATIONS = new URL("../migrations/", import.meta.url);

const terminal = createTerminal(process.stdout);

interface Loaded {
  readonly name: string;
  readonly entry: ManifestEntry;
  readonly definition: FunctionDefinition;
}

/** The whole system in one process, on one port, with the embedded defaults; or one capability of it alone. */
async function main(): Promise<void> {
  if (Number(process.versions.node.split(".")[0]) < LEAST_NODE) {
    throw new Error(`This needs Node ${LEAST_NODE}, and is ${process.versions.node}. "npm start" brings its own: run "npm ci" first.`);
  }
  const { values: options } = parseArgs({ options: { empty: { type: "boolean", default: false }, only: { type: "string" } } });
  const { port, dataDir: folder, underNpm } = readLocalConfig();
  const dataDir = resolve(folder);
  const functions = await loadFunctions(options.only);
  // Before anything is touched: what is listening there may be this very system.
  await requireFree(port, dataDir);

  const held = await holdDataDir(dataDir);
  const localFile = localFileOf(dataDir);
  await rm(localFile, { force: true });
  const secrets = await loadSecrets(dataDir);
  const config = configWith({
    INTENTVISION_TURSO_URL: `file:${join(dataDir, "intentvision.db")}`,
    INTENTVISION_TURSO_TOKEN: undefined,
    INTENTVISION_API_KEY_SALT: secrets.salt,
    INTENTVISION_CHANNEL_KEY: secrets.channelKey,
  });

  const logFile = await open(join(dataDir, "intentvision.log"), "a", 0o600);
  const logStream = logFile.createWriteStream();
  const unlimitedKeys = new Set<string>();
  const clock = { now: () => Date.now() };
  // The bus delivers to functions, which need the runtime, which needs the bus: it is set right after.
  let bus: InProcessBus | null = null;
  const alarm = createLocalAlarm(clock, ringNotify);
  const runtime = await createRuntime(config, {
    bus: { publish: async (events) => bus?.publish(events), redeliver: async (failed) => bus?.redeliver(failed) },
    alarm,
    print: (text) => terminal.say(text),
    logTo: logStream,
    unlimitedKeys,
  });
  const onError = (error: unknown) => runtime.log.error("The local system stumbled", errorFields(error));
  const onRefusal = (error: unknown) => logRefusal(runtime.log, error);
  await migrate(runtime.database, MIGRATIONS, clock.now());
  const { platform } = openInvocation(runtime, null).deps.store;
  const org = await ensureLocalOrg(platform, secrets, runtime, clock.now());
  unlimitedKeys.add(org.keyId);

  const alone = options.only !== undefined;
  const backends = backendsOf(functions, alone);
  const unknownPath = handlerOf("gateway", { kind: "http", routes: [] }, runtime);
  const { server, close } = frameworkServer("intentvision", gateway(backends, alone ? unknownPath : rootToReference(unknownPath)), {
    onError: onRefusal,
  });
  await new Promise<void>((ready, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", ready);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient(url, secrets.apiKey);

  const started: { stop(): void }[] = [alarm];
  let stopping = false;
  if (!alone) {
    bus = createInProcessBus({ events: platform.events, subscribers: subscribersOf(functions), clock, onError });
    bus.start();
    started.push(startScheduler({ clock, events: platform.events, bus, onError }));
    // What fell due while nothing ran is not left to the next tick.
    await alarm.wakeAt(clock.now());
    await ensureDefaultChannels();
  }
  await writeWhole(localFile, JSON.stringify({ url, orgId: org.id, apiKey: secrets.apiKey, platformKey: secrets.platformKey }, null, 2));
  process.once("SIGINT", () => void stop());
  process.once("SIGTERM", () => void stop());
  if (underNpm) started.push(onOrphaned(() => void stop()));

  const address = () => ({ url, apiKey: secrets.apiKey, dataDir, now: clock.now() });
  if (alone)
    terminal.say(greetingAlone({ ...address(), serves: backends.flatMap(({ paths }) => paths.filter((path) => !path.endsWith("/**"))) }));
  else if (options.empty) terminal.say(greeting({ ...address(), incidentAt: null }));
  else await startWithDemo();

  async function startWithDemo(): Promise<void> {
    try {
      await fillDemo(client, terminal, clock.now());
    } catch (error) {
      if (stopping) return;
      throw error;
    }
    if (stopping) return;
    const demo = startDemo(client, terminal, clock.now, onError);
    started.push(demo, startHostSampler(client, clock.now, onError));
    terminal.say(greeting({ ...address(), incidentAt: demo.incidentAt }));
  }

  /** The local organisation always has an inbox. It comes last: a start that was cut short before it is made good by the next one. */
  async function ensureDefaultChannels(): Promise<void> {
    const { items } = await client.call<{ items: readonly { kind: string }[] }>("GET", "/api/v1/channels?limit=1000");
    const has = (kind: string) => items.some((channel) => channel.kind === kind);
    if (has("inbox")) return;
    if (!has("console")) await client.call("POST", "/api/v1/channels", { name: "This terminal", kind: "console" });
    await client.call("POST", "/api/v1/channels", { name: "Inbox", kind: "inbox" });
  }

  async function ringNotify(): Promise<void> {
    const due = functions.find(({ name }) => name === "notify-due");
    if (due === undefined || due.definition.kind !== "event") return;
    const at = clock.now();
    const event = { id: runtime.newId("evt"), type: "tick.minute", org: null, at, traceparent: null, data: {} } as const;
    await serveEvent("notify-due", due.definition, event as never, runtime).catch(onError);
  }

  function backendsOf(loaded: readonly Loaded[], withEvents: boolean): Backend[] {
    return loaded.flatMap(({ name, entry, definition }): Backend[] => {
      if (entry.trigger.kind === "http") return [{ paths: entry.trigger.paths, handler: handlerOf(name, definition, runtime) }];
      // Alone, an event function has its push door: whoever runs it so brings the bus.
      return withEvents ? [{ paths: [`/events/${name}`], handler: handlerOf(name, definition, runtime) }] : [];
    });
  }

  function subscribersOf(loaded: readonly Loaded[]) {
    return loaded.flatMap(({ name, entry, definition }) => {
      if (definition.kind !== "event") return [];
      const consumer: EventFunction = definition;
      return [
        {
          consumer: consumer.consumer,
          topics: topicsOf(entry),
          deliver: (event: Parameters<typeof serveEvent>[2]) => serveEvent(name, consumer, event, runtime),
        },
      ];
    });
  }

  async function stop(): Promise<void> {
    if (stopping) return;
    stopping = true;
    terminal.say("\nStopping: requests and events in work are finished first.");
    process.once("SIGINT", () => process.exit(130));
    for (const part of started) part.stop();
    await close();
    await bus?.stop();
    await alarm.settled();
    runtime.database.close();
    await rm(localFile, { force: true });
    held.release();
    logStream.end();
    process.exit(0);
  }
}

/** @throws Error when somebody listens on the port already. */
async function requireFree(port: number, dataDir: string): Promise<void> {
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    const running = await runningUrl(dataDir);
    if (running !== null && new URL(running).port === String(port)) {
      throw new Error(`IntentVision runs already at ${running} on ${dataDir}. Use that one, or stop it first.`, { cause: error });
    }
    throw new Error(`Port ${port} is in use by something else. To take any that is free: PORT=0 npm start`, { cause: error });
  }
  probe.close();
  await once(probe, "close");
}

/** npm ends at a signal without telling what it started, of which nobody would know any more: `then` is called when that has come to pass. */
function onOrphaned(then: () => void): { stop(): void } {
  const timer = setInterval(() => {
    if (process.ppid !== STARTED_BY) then();
  }, ORPHANED_AFTER_MS);
  return { stop: () => clearInterval(timer) };
}

function topicsOf({ trigger }: ManifestEntry): readonly Topic[] {
  if (trigger.kind === "tick") return ["ticks"];
  return trigger.kind === "event" ? trigger.topics : [];
}

/** Loads every function, or those of one folder. */
async function loadFunctions(only: string | undefined): Promise<Loaded[]> {
  const wanted = Object.entries(manifest).filter(([, { file }]) => only === undefined || file.startsWith(`${only}/`));
  if (wanted.length === 0) {
    const folders = new Set(Object.values(manifest).map(({ file }) => file.split("/")[0]));
    throw new Error(`There is no function ${only}. There are ${[...folders].join(", ")}.`);
  }
  return Promise.all(
    wanted.map(async ([name, entry]) => {
      const { default: definition } = (await import(`../functions/${entry.file}`)) as { default: FunctionDefinition };
      return { name, entry, definition };
    }),
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Unavailable && error.cause instanceof Error ? `${error.message}: ${error.cause.message}.` : error.message;
}

await main().catch((error: unknown) => {
  terminal.say(wordsOf(error));
  process.exit(1);
});
