import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { manifest } from "../../functions/manifest.ts";
import { startHttpReceiver } from "../../shared/testing/http-receiver.ts";
import { loadFunctions } from "../../tools/generate/functions.ts";
import type { LoadedFunction } from "../../tools/generate/functions.ts";
import { median } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { makeTenant } from "./tenant.ts";
import type { Keys } from "./tenant.ts";
import { start } from "./start.ts";
import type { ColdStart, Question } from "./start.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROUNDS = 5;
const BARE = "bare";
const MEASURED_FIRST = "ingest";
/** Has nothing that can be read. */
const BACKTEST = "rule-backtest";
const JSON_BODY = { "Content-Type": "application/json" } as const;

export const coldStart: Benchmark = {
  name: "cold-start",
  about: `From the start command of each function's bundle to its first answer, median of ${ROUNDS}; beside it a bare function of the framework`,

  async run(say) {
    say("The bundles are made.");
    await promisify(execFile)(process.execPath, [join(ROOT, "tools/build.ts")]);
    const folder = await mkdtemp(join(tmpdir(), "intentvision-bundles-"));
    const pubsub = await startHttpReceiver(() => ({ body: '{"messageIds":["1"]}' }), "/");
    try {
      await deployBundles(folder);
      await deployBare(join(folder, BARE));
      const { env, ...keys } = await makeTenant(join(folder, "intentvision.db"), pubsub.host);
      const questions = new Map([[BARE, HELLO], ...(await loadFunctions()).map((one) => [one.name, questionFor(one, keys)] as const)]);
      const starts = new Map<string, ColdStart[]>([...questions.keys()].map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round++) {
        say(`Round ${round + 1} of ${ROUNDS}: ${questions.size} starts.`);
        for (const [name, question] of questions) starts.get(name)!.push(await start(join(folder, name), env, question));
      }
      return rowsOf(starts);
    } finally {
      await pubsub.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function rowsOf(starts: ReadonlyMap<string, readonly ColdStart[]>): Row[] {
  const of = (name: string, measure: keyof ColdStart) => median(starts.get(name)!.map((one) => one[measure]));
  const measured = (name: string, words: string, measure: keyof ColdStart, unit: string, bar?: number) =>
    row(`${name}: ${words}`, of(name, measure), unit, {
      anchor: { name: "a bare function", value: of(BARE, measure) },
      ...(bar === undefined ? {} : { bar }),
    });
  return [
    measured(MEASURED_FIRST, "CPU to the first point taken in", "cpuMs", "ms", 160),
    measured(MEASURED_FIRST, "time to the first point taken in", "wallMs", "ms"),
    measured(MEASURED_FIRST, "peak memory", "peakMiB", "MiB"),
    ...Object.keys(manifest)
      .filter((name) => name !== MEASURED_FIRST)
      .flatMap((name) => [
        measured(name, "CPU to the first answer", "cpuMs", "ms"),
        measured(name, "time to the first answer", "wallMs", "ms"),
        measured(name, "peak memory", "peakMiB", "MiB"),
      ]),
  ];
}

const HELLO: Question = { method: "GET", path: "/", headers: {}, body: null };

/** Something that a function can answer at once: a first point, the first list that it has, or a tick. */
function questionFor({ name, trigger, routes }: LoadedFunction, { apiKey, platformKey }: Keys): Question {
  if (trigger.kind !== "http") {
    const data = Buffer.from(JSON.stringify({ type: "tick.minute" })).toString("base64");
    return { ...HELLO, method: "POST", headers: JSON_BODY, body: JSON.stringify({ message: { data, messageId: "1" } }) };
  }
  if (name === MEASURED_FIRST) {
    const body = JSON.stringify({ metrics: [{ metricKey: "first.point", timestamp: Date.now(), value: 1 }] });
    return { method: "POST", path: "/api/v1/ingest", headers: { "X-API-Key": apiKey, ...JSON_BODY }, body };
  }
  if (name === BACKTEST) {
    const rule = { name: "Nothing", kind: "threshold", selector: { metricKey: "nothing" }, condition: { operator: "gt", value: 0 } };
    const body = JSON.stringify({ rule, from: Date.now() - 60_000 });
    return { method: "POST", path: "/api/v1/rules/backtest", headers: { "X-API-Key": apiKey, ...JSON_BODY }, body };
  }
  const route = routes.find(({ method, path }) => method === "GET" && !path.includes("{"));
  if (route === undefined) throw new Error(`${name} has nothing that can be read at once`);
  return { ...HELLO, path: route.path, headers: { "X-API-Key": route.scope === "platform" ? platformKey : apiKey } };
}

/** Copies each bundle to a folder of its own, outside the tree, with the packages beside it that its deployment installs. */
async function deployBundles(folder: string): Promise<void> {
  await cp(join(ROOT, "dist"), folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const description = JSON.parse(await readFile(join(folder, name, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    await install(join(folder, name), description.dependencies);
  }
}

async function deployBare(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "index.js"), 'export const hello = (req, res) => res.send("ok");\n');
  const scripts = { start: "functions-framework --target=hello --signature-type=http" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", main: "index.js", scripts }));
  await install(folder, { "@google-cloud/functions-framework": "*" });
}

/** Links packages to where npm would put them: those of a `file:` in the folder, and ours. */
async function install(folder: string, dependencies: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, version] of Object.entries(dependencies)) {
    const path = join(folder, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(version.startsWith("file:") ? join(folder, version.slice("file:".length)) : join(ROOT, "node_modules", name), path);
  }
}
