import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { OrgId } from "../contract/ids.ts";

const DEV = fileURLToPath(new URL("../../tools/dev.ts", import.meta.url));
const ENDS_WITHIN_MS = 20_000;
const LOCAL_FILE = "local.json";
const STARTS_WITHIN_MS = 60_000;

/** What the system writes down about itself once it listens. */
interface LocalFile {
  readonly url: string;
  readonly apiKey: string;
  readonly platformKey: string;
  readonly orgId: OrgId;
}

/** The real system in a process of its own, as `npm start` starts it. */
export interface LocalSystem extends LocalFile {
  readonly dataDir: string;
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  /** Asks it to end, and waits until it has. @returns Its exit code; null where the signal ended it. */
  stop(signal?: "SIGTERM" | "SIGINT"): Promise<number | null>;
  /** Ends it at whatever instruction it is at; its data stay. */
  kill(): Promise<void>;
  /** Ends it, and removes its data. */
  remove(): Promise<void>;
}

export interface LocalSystemOptions {
  /** Of tools/dev.ts; by default it starts without the demo. */
  readonly args?: readonly string[];
  /** Beside PATH, port 0 and the data directory. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of an earlier one, to start it again; by default a new one. */
  readonly dataDir?: string;
  /** How far its clock is ahead of this machine's: as if so long had passed. */
  readonly aheadMs?: number;
}

/**
 * Starts the real system on a free port of this machine, and waits until it listens.
 * @throws Error with what it printed, where it ended first or did not listen within a minute.
 */
export async function startLocalSystem(options: LocalSystemOptions = {}): Promise<LocalSystem> {
  const { dataDir: known } = options;
  const dataDir = known ?? (await mkdtemp(join(tmpdir(), "intentvision-")));
  const localFile = join(dataDir, LOCAL_FILE);
  await rm(localFile, { force: true });

  const written = whenWritten(localFile);
  const { child, output, closed } = spawnSystem(dataDir, options);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return closed;
  };

  const limit = setTimeout(written.giveUp, STARTS_WITHIN_MS);
  void closed.then(written.giveUp);
  const local = await written.found.finally(() => clearTimeout(limit));
  if (local === null) {
    await end("SIGKILL");
    if (known === undefined) await rm(dataDir, { recursive: true, force: true });
    throw new Error(`The local system did not start. It printed:\n${output()}`);
  }
  return {
    ...local,
    dataDir,
    pid: child.pid!,
    output,
    stop: (signal = "SIGTERM") => end(signal),
    async kill() {
      await end("SIGKILL");
    },
    async remove() {
      await end("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts the real system, and ends it so soon, wherever it is then: maybe before it listens. @returns All that it printed. */
export async function killWhileStarting(dataDir: string, afterMs: number): Promise<string> {
  const { child, output, closed } = spawnSystem(dataDir, {});
  await Promise.race([pause(afterMs), closed]);
  child.kill("SIGKILL");
  await closed;
  return output();
}

/** Starts the real system as npm does, and ends npm's shell alone as soon as it listens. @returns All that it printed until it had ended too. */
export async function endItsShell(dataDir: string): Promise<string> {
  const written = whenWritten(join(dataDir, LOCAL_FILE));
  const script = `"${process.execPath}" "${DEV}" --empty; exit`;
  const shell = spawn("sh", ["-c", script], {
    env: { ...envOf(dataDir), npm_lifecycle_event: "start" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const closed = once(shell, "close").then(written.giveUp);
  await written.found;
  shell.kill("SIGTERM");
  // Its pipe is the system's too: it closes when both have ended. A system that does not is ended with all of its group.
  const impatience = setTimeout(() => process.kill(-shell.pid!, "SIGKILL"), ENDS_WITHIN_MS);
  await closed;
  clearTimeout(impatience);
  return output;
}

/** Starts the real system where it is to refuse, and waits until it has ended. */
export async function startInVain(dataDir: string, options: LocalSystemOptions): Promise<{ exitCode: number | null; output: string }> {
  const { output, closed } = spawnSystem(dataDir, options);
  return { exitCode: await closed, output: output() };
}

const envOf = (dataDir: string) => ({ PATH: process.env["PATH"], PORT: "0", INTENTVISION_DATA_DIR: dataDir });

function spawnSystem(dataDir: string, { args = ["--empty"], env = {}, aheadMs = 0 }: LocalSystemOptions) {
  const clock = `data:text/javascript,const{now}=Date;Date.now=()=>now()+${aheadMs}`;
  const child = spawn(process.execPath, [...(aheadMs === 0 ? [] : ["--import", clock]), DEV, ...args], {
    env: { ...envOf(dataDir), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  // The pipes are read to their end by then: nothing of what it printed is missing.
  const closed = once(child, "close").then(([code]) => code as number | null);
  return { child, output: () => output, closed };
}

/** Watches for the local file: `found` is what it says once it is there, whole, or null once it was given up. */
function whenWritten(file: string): { readonly found: Promise<LocalFile | null>; giveUp(): void } {
  const { promise, resolve } = Promise.withResolvers<LocalFile | null>();
  const giveUp = () => resolve(null);
  const watcher = watch(dirname(file), () => {
    // Its writer renames it into place, so that it is never there in part.
    readFile(file, "utf8").then(
      (text) => resolve(JSON.parse(text) as LocalFile),
      () => undefined,
    );
  });
  watcher.on("error", giveUp);
  return { found: promise.finally(() => watcher.close()), giveUp };
}
