import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";

// A file is sent by the real importer to the real system, cut short in every way, and read back. SEED repeats a run as far as its random
// moments go.

const TOOL = fileURLToPath(new URL("../tools/import.ts", import.meta.url));
const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const KILLS = 5;
const T0 = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

let directory: string;
let system: LocalSystem;
/** A key that lets points in so slowly that there is time to stop in their midst, on any machine. */
let slowKey: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "import-"));
  system = await startLocalSystem();
  const rateLimit = { requestsPerSecond: 100, burst: 200, pointsPerSecond: 20_000 };
  const client = createClient(system.url, system.apiKey);
  const key = await client.call<{ apiKey: string }>("POST", "/api/v1/keys", { name: "Slow", scopes: ["read", "write"], rateLimit });
  slowKey = key.apiKey;
}, 60_000);
afterAll(async () => {
  await system.remove();
  await rm(directory, { recursive: true });
});

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** The importer in a process of its own, as npm starts it. */
function start(args: readonly string[], input?: Uint8Array, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [TOOL, ...args], {
    env: { PATH: process.env["PATH"], INTENTVISION_DATA_DIR: system.dataDir, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  if (input === undefined) child.stdin.end();
  else child.stdin.end(input);
  const ended = once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, output }));
  return { child, ended };
}
const run = (args: readonly string[], input?: Uint8Array, env?: Readonly<Record<string, string>>) => start(args, input, env).ended;

/** How many rows of a file are acknowledged, as the importer has it written down. */
async function linesDone(name: string, dataDir = system.dataDir): Promise<number> {
  const imports = join(dataDir, "imports");
  const [file] = (await readdir(imports).catch(() => [])).filter((one) => one.startsWith(`${name}-`) && one.endsWith(".json"));
  if (file === undefined) return 0;
  const { position } = JSON.parse(await readFile(join(imports, file), "utf8")) as { position: { offset: number; line: number } };
  return position.offset === 0 ? 0 : position.line;
}

/** Waits until more of a file is done than so many lines, or the importer has ended. */
async function untilPast(line: number, name: string, ended: Promise<unknown>, dataDir?: string): Promise<void> {
  const state = { ended: false };
  void ended.then(() => (state.ended = true));
  while (!state.ended && (await linesDone(name, dataDir)) <= line) await pause(5);
}

/** Every point of a metric, value by timestamp, of each series by its dimensions. */
async function readBack(metricKey: string): Promise<Map<string, Map<number, number>>> {
  const client = createClient(system.url, system.apiKey);
  const { items } = await client.call<{ items: { id: string; dimensions: Record<string, string> }[] }>(
    "GET",
    `/api/v1/series?limit=1000&metricKey=${metricKey}`,
  );
  const found = new Map<string, Map<number, number>>();
  for (const { id, dimensions } of items) {
    const own = new Map<number, number>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const path: string = `/api/v1/series/${id}/points?limit=10000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { timestamps: number[]; values: number[]; nextCursor: string | null } = await client.call("GET", path);
      for (const [row, timestamp] of page.timestamps.entries()) own.set(timestamp, page.values[row]!);
      cursor = page.nextCursor;
    }
    found.set(JSON.stringify(dimensions), own);
  }
  return found;
}

/** A wide file of two metrics, and what it comes to. */
function wideFile(rows: number, name: string): { text: string; expected: Map<number, number>[] } {
  const expected = [new Map<number, number>(), new Map<number, number>()];
  let text = `time,${name}.a,${name}.b\n`;
  for (let row = 0; row < rows; row++) {
    text += `${new Date(T0 + row * 1_000).toISOString()},${row},${row / 4}\n`;
    expected[0]!.set(T0 + row * 1_000, row);
    expected[1]!.set(T0 + row * 1_000, row / 4);
  }
  return { text, expected };
}
const expectWide = async (name: string, [a, b]: Map<number, number>[]) =>
  expect([await readBack(`${name}.a`), await readBack(`${name}.b`)]).toEqual([new Map([["{}", a]]), new Map([["{}", b]])]);

test(`killed ${KILLS} times at random moments and called again, it sends each point once: those that come twice count as the last row says`, async () => {
  process.stderr.write(`Killing the importer ${KILLS} times with SEED=${SEED}.\n`);
  let random = (SEED % 2_147_483_646) + 1;
  const uniform = () => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647;
  const expected = new Map<string, Map<number, number>>();
  const wrong = { rejected: 0, unreadable: 0, lines: [] as number[] };
  let rows = 0;
  let text = "timestamp,metric,value,host\n";
  for (let line = 2; line <= 200_000; line++) {
    const host = `h${line % 20}`;
    // One in ten is a point that came up to 2,000 rows before.
    const step = Math.floor(line / 20) - (uniform() < 0.1 ? Math.floor(100 * uniform()) : 0);
    const timestamp = T0 + Math.max(0, step) * 1_000;
    if (line % 8_000 === 0) {
      text += `${Date.now() + 30 * DAY_MS + line},killed,1,${host}\n`;
      wrong.rejected += 1;
      wrong.lines.push(line);
    } else if (line % 9_001 === 0) {
      text += `${timestamp},killed,n/a,${host}\n`;
      wrong.unreadable += 1;
      wrong.lines.push(line);
    } else {
      text += `${timestamp},killed,${line},${host}\n`;
      const own = expected.get(`{"host":"${host}"}`) ?? new Map<number, number>();
      expected.set(`{"host":"${host}"}`, own.set(timestamp, line));
      rows += 1;
    }
  }
  const file = await written("killed.csv", text);

  for (let kill = 0; kill < KILLS; kill++) {
    const { child, ended } = start([file, "--key", slowKey]);
    // Every other one is killed before it has got anywhere, maybe.
    if (kill % 2 === 0) await untilPast(await linesDone("killed.csv"), "killed.csv", ended);
    await Promise.race([pause(400 * uniform()), ended]);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
  }
  const before = await linesDone("killed.csv");
  expect(before).toBeGreaterThan(0);
  const { code, output } = await run([file]);
  expect(code).toBe(2);
  expect(output).toContain(`Going on after line ${(before - 1).toLocaleString("en")}.`);
  expect(output).toContain(`\n${rows.toLocaleString("en")} points taken in.\n${wrong.rejected} points rejected`);
  expect(output).toContain(`\n${wrong.unreadable} rows or cells could not be read`);
  expect([...output.matchAll(/^ {2}line ([\d,]+): /gm)].map(([, line]) => Number(line!.replaceAll(",", "")))).toEqual(
    wrong.lines.slice(0, 10),
  );

  expect(await readBack("killed")).toEqual(expected);
  const letters = await createClient(system.url, system.apiKey).call<{ items: unknown[] }>("GET", "/api/v1/dead-letters?limit=1000");
  expect(letters.items).toHaveLength(wrong.rejected);

  const again = await run([file]);
  expect([again.code, again.output]).toEqual([2, expect.stringMatching(/was imported at .*: nothing is sent/)]);
}, 180_000);

test("Ctrl-C finishes what is in flight and says how to go on; a file that has changed by then is refused until it is restarted", async () => {
  const { text, expected } = wideFile(50_000, "stopped");
  const file = await written("stopped.csv", text);
  const { child, ended } = start([file, "--key", slowKey]);
  await untilPast(1, "stopped.csv", ended);
  child.kill("SIGINT");
  // As npm does, which hands on what the terminal has told of already.
  child.kill("SIGINT");
  const stopped = await ended;
  expect(stopped.code).toBe(130);
  const [, line] = /Stopped\. All up to line ([\d,]+) is done: the same command goes on from there\./.exec(stopped.output)!;
  expect(await linesDone("stopped.csv")).toBe(Number(line!.replaceAll(",", "")) + 1);

  const otherwise = await run([file, "--metric", "other"]);
  expect([otherwise.code, otherwise.output]).toEqual([1, expect.stringContaining("Give the same options")]);

  await appendFile(file, `${new Date(T0 + 50_000_000).toISOString()},7,8\n`);
  expected[0]!.set(T0 + 50_000_000, 7);
  expected[1]!.set(T0 + 50_000_000, 8);
  const refused = await run([file]);
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("--restart sends all of it")]);
  const restarted = await run([file, "--restart"]);
  expect([restarted.code, restarted.output]).toEqual([0, expect.stringContaining("100,002 points taken in.")]);
  await expectWide("stopped", expected);
}, 120_000);

test("a gzipped file goes on where it was cut short, too", async () => {
  const { text, expected } = wideFile(50_000, "zipped");
  const file = await written("zipped.csv.gz", gzipSync(text));
  const { child, ended } = start([file, "--key", slowKey]);
  await untilPast(1, "zipped.csv.gz", ended);
  child.kill("SIGKILL");
  await ended;
  const { code, output } = await run([file]);
  expect([code, output]).toEqual([0, expect.stringContaining("Going on after line")]);
  expect(output).toContain("100,000 points taken in.");
  await expectWide("zipped", expected);
}, 120_000);

test("while the system is away it waits, and goes on by itself", async () => {
  const { text, expected } = wideFile(50_000, "away");
  const file = await written("away.csv", text);
  const { ended } = start([file, "--key", slowKey]);
  await untilPast(1, "away.csv", ended);
  await system.kill();
  const { port } = new URL(system.url);
  system = await startLocalSystem({ dataDir: system.dataDir, env: { PORT: port } });
  const { code, output } = await ended;
  expect([code, output]).toEqual([0, expect.stringContaining("Nothing answers: trying again")]);
  expect(output).toContain("100,000 points taken in.");
  await expectWide("away", expected);
}, 120_000);

test("standard input is taken: JSON Lines, gzipped; with the address and the key of a system in the environment", async () => {
  const lines = [
    { metricKey: "piped", timestamp: T0, value: 1, dimensions: { region: "eu" } },
    { metricKey: "piped", timestamp: new Date(T0 + 1_000).toISOString(), value: 2, dimensions: { region: "eu" } },
    { metricKey: "piped", timestamp: T0, value: "three" },
  ];
  const input = gzipSync(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n{\n`);
  const env = { INTENTVISION_DATA_DIR: join(directory, "none"), INTENTVISION_API_KEY: system.apiKey };
  const { code, output } = await run(["-", "--url", system.url], input, env);
  expect(code).toBe(2);
  expect(output).toContain("\n2 points taken in.\n1 point rejected");
  expect(output).toContain("\n  line 3: value: Expected a finite number\n  line 4: Expected JSON\n");
  expect(await readBack("piped")).toEqual(
    new Map([
      [
        '{"region":"eu"}',
        new Map([
          [T0, 1],
          [T0 + 1_000, 2],
        ]),
      ],
    ]),
  );
}, 60_000);

test("a system that serves ingest alone takes a file for each organisation once, and goes on with what one that serves all began", async () => {
  const file = await written("alone.csv", `time,alone\n${new Date(T0).toISOString()},1\n`);
  const began = await written("began.csv", wideFile(50_000, "began").text);
  let own = await startLocalSystem();
  const { dataDir } = own;
  const env = { INTENTVISION_DATA_DIR: dataDir };
  try {
    const { apiKey: other } = await createClient(own.url, own.platformKey).call<{ apiKey: string }>("POST", "/api/v1/orgs", {
      name: "Other",
    });
    const first = start([began], undefined, env);
    await untilPast(1, "began.csv", first.ended, dataDir);
    first.child.kill("SIGKILL");
    await first.ended;

    await own.stop();
    own = await startLocalSystem({ dataDir, args: ["--only", "ingest"] });
    // On a fast machine it may have come to its end.
    expect(await run([began], undefined, env)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Going on after line|nothing is sent/),
    });
    for (const key of [[], ["--key", other]]) {
      const taken = await run([file, ...key], undefined, env);
      expect([taken.code, taken.output]).toEqual([0, expect.stringContaining("\n1 point taken in.")]);
      const again = await run([file, ...key], undefined, env);
      expect([again.code, again.output]).toEqual([0, expect.stringContaining("nothing is sent")]);
    }
    expect(await run([file, "--key", "wrong"], undefined, env)).toMatchObject({
      code: 1,
      output: expect.stringContaining("The key is refused"),
    });

    await own.stop();
    own = await startLocalSystem({ dataDir });
    expect((await run([file], undefined, env)).output).toContain("nothing is sent");
    for (const key of [own.apiKey, other]) {
      const { items } = await createClient(own.url, key).call<{ items: unknown[] }>("GET", "/api/v1/series?metricKey=alone");
      expect(items).toHaveLength(1);
    }
  } finally {
    await own.remove();
  }
}, 120_000);

test("what is wrong is said", async () => {
  const bad = await written("bad.csv", "time\n");
  const empty = await written("empty.csv", "");
  const good = await written("good.csv", "time,good\n2026-01-01,1\n");
  const cases: [readonly string[], number, string][] = [
    [[], 1, "Give one FILE."],
    [[good, "--format", "xml"], 1, "--format"],
    [[good, "--metric", "1"], 1, "--metric"],
    [[good, "--nonsense"], 1, "--nonsense"],
    [[good, "--url", system.url], 1, "--url needs its --key"],
    [[good, "--key", "wrong"], 1, "The key is refused"],
    [[good, "--url", "http://127.0.0.1:1", "--key", "x"], 1, "start it with npm start"],
    [[join(directory, "none.csv")], 1, "There is no file"],
    [[bad], 1, "single column"],
    [[empty], 1, "There is no point in it."],
    // It was not begun: other options are no other way.
    [[good, "--time", "nope"], 1, 'no column "nope"'],
    [[good], 0, "1 point taken in."],
    [["--help"], 0, "Usage: npm run import"],
  ];
  for (const [args, code, said] of cases) {
    const result = await run(args);
    expect({ args, code: result.code, output: result.output }).toEqual({ args, code, output: expect.stringContaining(said) });
  }
}, 60_000);
