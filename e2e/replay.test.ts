import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";

const TOOL = fileURLToPath(new URL("../tools/replay.ts", import.meta.url));
const FIXTURE = fileURLToPath(new URL("../tools/replay/fixtures/cpu.csv", import.meta.url));
const LABELS = new URL("../tools/replay/fixtures/cpu.labels.json", import.meta.url);

let directory: string;
let system: LocalSystem;
let incident: { from: number; to: number };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "replay-"));
  system = await startLocalSystem();
  const { incidents } = JSON.parse(await readFile(LABELS, "utf8")) as { incidents: { from: string; to: string }[] };
  incident = { from: Date.parse(incidents[0]!.from), to: Date.parse(incidents[0]!.to) };
}, 60_000);
afterAll(async () => {
  await system.remove();
  await rm(directory, { recursive: true });
});

const replay = (args: readonly string[], dataDir = system.dataDir) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env["PATH"], INTENTVISION_DATA_DIR: dataDir };
    const child = execFile(process.execPath, [TOOL, ...args], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
const timesIn = (text: string) =>
  [...text.matchAll(/(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/g)].map(([, day, time]) => Date.parse(`${day}T${time}Z`));
const inIncident = (time: number) => time >= incident.from && time < incident.to;
const ask = async (path: string) => (await fetch(`${system.url}${path}`, { headers: { "X-API-Key": system.apiKey } })).json();

test("a series of old is sent, its labelled incident found and told of, and nothing delivered", async () => {
  const { code, stdout, stderr } = await replay([FIXTURE]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^Sending: 2,016 points in /m);
  const [anomalies, episodes] = stdout.slice(stdout.indexOf("anomalies among 2,016 points")).split("\nThe rule ");
  const rows = anomalies!.split("\n").filter((line) => /^\d{4}-.* (?:high|critical) /.test(line));
  expect(timesIn(rows.join("\n")).filter(inIncident).length).toBeGreaterThan(0);
  const [pendingAt, startedAt, resolvedAt] = timesIn(episodes!.split("\n").find((line) => line.startsWith("1. warning"))!);
  expect([inIncident(pendingAt!), startedAt]).toEqual([true, pendingAt]);
  expect(resolvedAt).toBeGreaterThan(startedAt!);
  expect(episodes).toContain("| Warning: cpu is abnormal on cpu{source=replay, file=cpu.csv}");
  expect(episodes).toContain("| Resolved: cpu is abnormal on cpu{source=replay, file=cpu.csv}");

  expect(await ask("/api/v1/series")).toMatchObject({ items: [{ metricKey: "cpu", dimensions: { source: "replay", file: "cpu.csv" } }] });
  expect([await ask("/api/v1/alerts"), await ask("/api/v1/inbox")]).toMatchObject([{ items: [] }, { items: [] }]);

  const again = await replay([FIXTURE]);
  expect(again.stdout.slice(again.stdout.indexOf("anomalies"))).toBe(stdout.slice(stdout.indexOf("anomalies")));
}, 60_000);

test("a rule of one's own is tried on another metric", async () => {
  const rule = join(directory, "rule.json");
  const condition = { operator: "gt", value: 80, recover: 60 };
  await writeFile(
    rule,
    JSON.stringify({ name: "Busy", kind: "threshold", selector: { metricKey: "host.cpu" }, condition, for: "10m", severity: "critical" }),
  );
  const { code, stdout } = await replay([FIXTURE, "--rule", rule, "--metric", "host.cpu"]);
  expect(code).toBe(0);
  const [pendingAt, startedAt, resolvedAt] = timesIn(stdout.split("\n").find((line) => line.startsWith("1. critical"))!);
  expect({ pendingAt, startedAt, resolvedAt }).toEqual({
    pendingAt: incident.from,
    startedAt: incident.from + 600_000,
    resolvedAt: incident.to,
  });
  expect(stdout).toContain("| Critical: Busy on host.cpu{source=replay, file=cpu.csv}");
}, 60_000);

test("what is wrong is said, and the exit code tells whether the call was", async () => {
  const empty = join(directory, "empty.csv");
  const rule = join(directory, "bad.json");
  await writeFile(empty, "");
  await writeFile(rule, '{"kind": "anomaly"}');
  const cases: [readonly string[], string | undefined, number, string][] = [
    [[FIXTURE], directory, 1, "start it with npm start"],
    [[FIXTURE, "--key", "wrong"], undefined, 1, "The key is refused"],
    [[FIXTURE, "--url", "http://127.0.0.1:1", "--key", "x"], undefined, 1, "start it with npm start"],
    [[join(directory, "none.csv")], undefined, 1, "There is no file"],
    [[empty], undefined, 1, "There is no point in empty.csv"],
    [[FIXTURE, "--rule", rule], undefined, 1, "is no rule: condition:"],
    [[], undefined, 2, "Give one FILE."],
    [[FIXTURE, "--metric", "1"], undefined, 2, "--metric"],
    [[FIXTURE, "--sensitivity", "2"], undefined, 2, "--sensitivity"],
    [[FIXTURE, "--url", system.url], undefined, 2, "--url needs its --key"],
    [[FIXTURE, "--nonsense"], undefined, 2, "--nonsense"],
    [["--help"], undefined, 0, "Usage: npm run replay"],
  ];
  for (const [args, dataDir, code, said] of cases) {
    const result = await replay(args, dataDir);
    expect({ args, code: result.code }).toEqual({ args, code });
    expect(result.stdout + result.stderr).toContain(said);
  }
}, 60_000);
