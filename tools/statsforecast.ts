import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { STATSFORECAST_DIR, statsForecastPython } from "../shared/testing/statsforecast-service.ts";

// node tools/statsforecast.ts [setup | start | test]: sets up services/statsforecast where it is missing or out of date, and starts or tests it.

const VERSIONS = ["3.11", "3.12", "3.13"];
const VENV = `${STATSFORECAST_DIR}.venv`;
/** Holds the hash of the lock file that the environment was made from; written last. */
const MADE_FROM = `${VENV}/made-from`;
const LOCK = "requirements-test.lock";

const [command = "start"] = process.argv.slice(2);
if (!["setup", "start", "test"].includes(command)) fail("node tools/statsforecast.ts [setup | start | test]");

await setUp();
if (command !== "setup") {
  process.exitCode = await run(statsForecastPython()!, command === "test" ? ["-m", "pytest", "--quiet"] : ["-m", "forecast_service"]);
}

async function setUp(): Promise<void> {
  const wanted = createHash("sha256")
    .update(await readFile(STATSFORECAST_DIR + LOCK))
    .digest("hex");
  if (statsForecastPython() !== null && (await readFile(MADE_FROM, "utf8").catch(() => "")) === wanted) return;

  const python = findPython();
  if (python === null) fail(`Python ${VERSIONS.join(", ")} was not found. PYTHON may name one.`);
  process.stdout.write("Setting up services/statsforecast/.venv, some 600 MB, in half a minute or so.\n");
  await rm(VENV, { recursive: true, force: true });
  if ((await run(python, ["-m", "venv", VENV])) !== 0) fail("The virtual environment could not be made.");
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "-r", LOCK];
  if ((await run(statsForecastPython()!, pip)) !== 0) fail("The packages could not be installed.");
  await writeFile(MADE_FROM, wanted);
}

/** Of those on PATH, the first of a version that the lock file is for. */
function findPython(): string | null {
  const named = process.env["PYTHON"];
  const candidates = named === undefined ? [...VERSIONS.map((version) => `python${version}`), "python3"] : [named];
  const tell = "import sys; print('%d.%d' % sys.version_info[:2])";
  return candidates.find((python) => VERSIONS.includes(spawnSync(python, ["-c", tell], { encoding: "utf8" }).stdout?.trim() ?? "")) ?? null;
}

/** @returns its exit code; signals to this process reach it too. */
async function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { cwd: STATSFORECAST_DIR, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
