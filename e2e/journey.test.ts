import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Anomaly } from "../shared/contract/anomaly.ts";
import { endItsShell, startInVain, startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";
import type { Client } from "../tools/dev/client.ts";

// What somebody new goes through: the first start with its demo, what the terminal says, an alert in the inbox, starting again, mistakes.

const MINUTE_MS = 60_000;
/** The demo's incident begins with a full minute: the system is started so long before one, by its own clock. */
const BEFORE_INCIDENT_MS = 12_000;
/** Longer than a minute: a start that took too long for it has its incident a minute later. */
const PATIENCE_MS = 90_000;

interface Items<Item> {
  readonly items: readonly Item[];
}

async function until<Value>(ask: () => Promise<Value | null>): Promise<Value> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ; await pause(100)) {
    const value = await ask();
    if (value !== null) return value;
    if (performance.now() > giveUpAt) throw new Error(`It did not come: ${ask.toString()}`);
  }
}

/**
 * Sends a `curl` line of the terminal as curl would: by fetch, because a machine that passes the tests needs no curl.
 * @throws Error at what it would not understand as curl does.
 */
async function sendLine(line: string): Promise<{ status: number; body: unknown }> {
  const [command, ...words] = line.match(/'[^']*'|[^\s\\']+/g)!.map((word) => word.replace(/^'(.*)'$/, "$1"));
  const [headers, bodies, urls]: [[string, string][], string[], string[]] = [[], [], []];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-H") headers.push(/^([^:]+): (.*)$/.exec(words.shift()!)!.slice(1) as [string, string]);
    else if (word === "-d") bodies.push(words.shift()!);
    else urls.push(word);
  }
  if (command !== "curl" || bodies.length > 1 || urls.length !== 1) throw new Error(`That is no line for curl: ${line}`);
  const [body] = bodies;
  const response = await fetch(urls[0]!, { method: body === undefined ? "GET" : "POST", headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: await response.json() };
}

/** The `curl` lines that the system has printed, each with what follows on the next one where it goes on there. */
const linesToTry = ({ output }: LocalSystem): string[] =>
  [...output().matchAll(/^ {2}(curl (?:[^\n]*\\\n)*[^\n]*)$/gm)].map(([, line]) => line!);

const clientOf = ({ url, apiKey }: LocalSystem): Client => createClient(url, apiKey);

describe("a first start", () => {
  let system: LocalSystem;
  let aheadMs: number;
  beforeAll(async () => {
    aheadMs = MINUTE_MS - BEFORE_INCIDENT_MS - (Date.now() % MINUTE_MS) + MINUTE_MS;
    system = await startLocalSystem({ args: [], aheadMs });
    await until(async () => (system.output().includes("Ctrl-C") ? true : null));
  }, 60_000);
  afterAll(() => system.remove());

  test("writes where it is and its keys into a file that only its owner reads", async () => {
    const file = join(system.dataDir, "local.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { url, orgId, apiKey } = system;
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ url, orgId, apiKey, platformKey: expect.stringMatching(/^iv_/) as unknown });
  });

  test("prints what to try, and each of it is answered", async () => {
    const lines = linesToTry(system);
    expect(lines).toHaveLength(4);
    const [series, anomalies, inbox, ingested] = await Promise.all(lines.map(sendLine));
    expect([series, anomalies, inbox, ingested].map((answer) => answer!.status)).toEqual([200, 200, 200, 200]);
    expect((series!.body as Items<unknown>).items.length).toBeGreaterThan(2);
    expect((anomalies!.body as Items<unknown>).items.length).toBeGreaterThan(0);
    expect(ingested!.body).toEqual({ accepted: 1, rejected: 0, errors: [] });
  });

  test("has forecast, and finds the incident that it said would begin, and tells of it in the inbox and the terminal, with the evidence", async () => {
    const client = clientOf(system);
    const forecasts = await client.call<Items<{ status: string }>>("GET", "/api/v1/forecasts");
    expect(forecasts.items.map(({ status }) => status)).toEqual(["completed"]);
    expect(system.output()).toMatch(/At \d\d:\d\d UTC, in \d+ s, an incident begins/);

    const [message] = await until(async () => {
      const { items } = await client.call<Items<{ title: string; text: string; alerts: { ruleName: string }[] }>>("GET", "/api/v1/inbox");
      return items.length === 0 ? null : items;
    });
    expect(message!.alerts.map(({ ruleName }) => ruleName)).toEqual(["Demo: checkout latency is abnormal"]);
    const since = Date.now() + aheadMs - 2 * MINUTE_MS;
    const anomalies = await client.call<Items<Anomaly>>("GET", `/api/v1/anomalies?from=${since}&minSeverity=high`);
    expect(anomalies.items.length).toBeGreaterThan(0);
    await until(async () => (system.output().includes(message!.title) ? true : null));
    expect(message!.text).toMatch(/expected/i);
  }, 200_000);

  test("opens the reference to whoever opens its address in a browser", async () => {
    const page = await fetch(system.url);
    expect([page.status, page.url, await page.text()]).toEqual([200, `${system.url}/docs`, expect.stringContaining("<title>IntentVision")]);
    expect((await fetch(system.url, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${system.url}/nothing`)).status).toBe(404);
  });

  test("and a second one go on with the same keys, rules and series", async () => {
    const rulesOf = async (of: LocalSystem) =>
      (await clientOf(of).call<Items<{ id: string }>>("GET", "/api/v1/rules")).items.map(({ id }) => id);
    const rules = await rulesOf(system);
    expect(rules.length).toBeGreaterThan(0);
    const { dataDir, apiKey, platformKey, orgId } = system;
    expect(await system.stop()).toBe(0);
    // What is not there any more does not say that it is.
    expect(existsSync(join(dataDir, "local.json"))).toBe(false);

    system = await startLocalSystem({ args: [], aheadMs, dataDir });
    await until(async () => (system.output().includes("Ctrl-C") ? true : null));
    expect([system.apiKey, system.platformKey, system.orgId]).toEqual([apiKey, platformKey, orgId]);
    expect(await rulesOf(system)).toEqual(rules);
    expect(system.output()).toContain("goes on where it was");
  }, 60_000);
});

test("when npm ends without a word, what it started stops too", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "intentvision-"));
  try {
    expect(await endItsShell(dataDir)).toContain("\nStopping: ");
    expect(await readdir(dataDir)).not.toContain("local.json");
  } finally {
    await rm(dataDir, { recursive: true });
  }
}, 60_000);

describe("one capability alone", () => {
  test("takes points in, and the next whole start does what follows from them", async () => {
    const alone = await startLocalSystem({ args: ["--only", "ingest"] });
    const { dataDir } = alone;
    const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const metrics = Array.from({ length: 400 }, (_, row) => {
      const value = 10 + Math.sin(row / 3) + (row === 399 ? 500 : 0);
      return { metricKey: "requests", timestamp: end - (399 - row) * MINUTE_MS, value };
    });
    await clientOf(alone).ingest(metrics);
    expect((await clientOf(alone).ask("GET", "/api/v1/series")).status).toBe(404);
    await alone.stop();

    const whole = await startLocalSystem({ dataDir });
    try {
      const client = clientOf(whole);
      const [anomaly] = await until(async () => {
        const { items } = await client.call<Items<Anomaly>>("GET", "/api/v1/anomalies?minSeverity=high");
        return items.length === 0 ? null : items;
      });
      expect(anomaly).toMatchObject({ value: metrics.at(-1)!.value });
    } finally {
      await whole.remove();
    }
  }, 60_000);
});

describe("a start that cannot be", () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "intentvision-"));
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  test("of a capability that is not there names those that are, and touches nothing", async () => {
    const { exitCode, output } = await startInVain(dataDir, { args: ["--only", "nonsense"] });
    expect(exitCode).toBe(1);
    expect(output).toContain("ingest");
    expect(await readdir(dataDir)).toEqual([]);
  });

  test("on a port, or a data directory, that a running system has says so, and leaves it alone", async () => {
    const running = await startLocalSystem();
    try {
      const onPort = await startInVain(dataDir, { env: { PORT: new URL(running.url).port } });
      expect(onPort).toMatchObject({ exitCode: 1, output: expect.stringMatching(/^Port \d+ is in use by something else/) as unknown });
      expect(await readdir(dataDir)).toEqual([]);

      const said = expect.stringContaining(`IntentVision runs already at ${running.url} on ${running.dataDir}`) as unknown;
      for (const options of [{}, { args: ["--only", "ingest"] }, { env: { PORT: new URL(running.url).port } }])
        expect(await startInVain(running.dataDir, options)).toMatchObject({ exitCode: 1, output: said });
      expect(await clientOf(running).call("GET", "/api/v1/org")).toMatchObject({ id: running.orgId });
      expect(existsSync(join(running.dataDir, "local.json"))).toBe(true);
    } finally {
      await running.remove();
    }
  }, 60_000);

  test("with secrets that cannot be read names their file, and keeps it", async () => {
    const file = join(dataDir, "secrets.json");
    await writeFile(file, '{"salt": ');
    const { exitCode, output } = await startInVain(dataDir, {});
    expect([exitCode, output]).toEqual([1, expect.stringContaining(file) as unknown]);
    expect(await readFile(file, "utf8")).toBe('{"salt": ');
  });

  test("without the secrets that its data need makes no new ones", async () => {
    const first = await startLocalSystem();
    try {
      await first.stop();
      const file = join(first.dataDir, "secrets.json");
      const secrets = await readFile(file, "utf8");
      await rm(file);
      const { exitCode, output } = await startInVain(first.dataDir, {});
      expect([exitCode, output]).toEqual([1, expect.stringContaining(`${file} is missing`) as unknown]);
      await writeFile(file, secrets);
      const again = await startLocalSystem({ dataDir: first.dataDir });
      expect([again.orgId, again.apiKey]).toEqual([first.orgId, first.apiKey]);
      await again.stop();
    } finally {
      await first.remove();
    }
  }, 60_000);
});
