import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { freePort, isExecutable, onPath } from "./programs.ts";

/** Says why a test against the emulator is skipped, and what would let it run. */
export const PUBSUB_EMULATOR_MISSING =
  "Skipped: Google's Pub/Sub emulator was not found. It comes with `gcloud components install pubsub-emulator`, or as the Debian " +
  "package google-cloud-cli-pubsub-emulator, and needs a Java runtime on PATH or in JAVA_HOME. " +
  "PUBSUB_EMULATOR_JAR_DIR may name the directory of its jar.";

export interface PubSubEmulator {
  /** `127.0.0.1:port`, the form of PUBSUB_EMULATOR_HOST. */
  readonly host: string;
  /** Ends the emulator and whatever it started; when this is done, so are they. */
  stop(): Promise<void>;
}

/** Within an SDK's root. */
const COMPONENT = join("platform", "pubsub-emulator");
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
/** The end of its output that an error shows. */
const TAIL_CHARACTERS = 2_000;
/** It lives for a test: start soon, stay small. */
const JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Looks for the emulator of the Google Cloud CLI: at PUBSUB_EMULATOR_JAR_DIR, in the SDK that `gcloud` on PATH belongs to, in
 * /usr/lib/google-cloud-sdk, in ~/google-cloud-sdk.
 *
 * @returns The path of its start script; null when there is none, or no Java to run it.
 */
export function findPubSubEmulator(environment: Environment = process.env): string | null {
  const { PUBSUB_EMULATOR_JAR_DIR: jarDirectory, JAVA_HOME: javaHome } = environment;
  if (javaHome === undefined ? onPath("java", environment) === null : !isExecutable(join(javaHome, "bin", "java"))) return null;

  const gcloud = onPath("gcloud", environment);
  const sdks = [...(gcloud === null ? [] : [dirname(dirname(realpathSync(gcloud)))]), "/usr/lib/google-cloud-sdk"];
  sdks.push(join(environment["HOME"] ?? homedir(), "google-cloud-sdk"));
  const components = [...(jarDirectory ? [dirname(jarDirectory)] : []), ...sdks.map((sdk) => join(sdk, COMPONENT))];
  return components.map((component) => join(component, "bin", "cloud-pubsub-emulator")).find(isExecutable) ?? null;
}

/**
 * Starts the emulator on a free port and waits until it answers. It holds nothing on disk: each start is empty.
 *
 * @throws When there is none (see findPubSubEmulator), or with the end of its output when it does not come up within 30 s.
 */
export async function startPubSubEmulator(): Promise<PubSubEmulator> {
  const script = findPubSubEmulator();
  if (script === null) throw new Error(PUBSUB_EMULATOR_MISSING);
  const host = `127.0.0.1:${await freePort()}`;
  // Detached: the leader of a process group, since the script may start Java as a child rather than become it.
  const child = spawn(script, ["--host=127.0.0.1", `--port=${host.split(":")[1]}`], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, JAVA_OPTS: JAVA_OPTIONS },
  });
  let tail = "";
  const keep = (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => (tail += String(error)));
  const killGroup = () => signalGroup(child, "SIGKILL");
  process.once("exit", killGroup);

  async function stop(): Promise<void> {
    process.removeListener("exit", killGroup);
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    signalGroup(child, "SIGTERM");
    const impatience = setTimeout(killGroup, STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(impatience);
  }

  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(host))) {
    if (child.pid === undefined || child.exitCode !== null || performance.now() > giveUpAt) {
      await stop();
      throw new Error(`The Pub/Sub emulator did not come up:\n${tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { host, stop };
}

async function answers(host: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}/`);
    return (await response.text()).trim() === "Ok";
  } catch {
    return false;
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
