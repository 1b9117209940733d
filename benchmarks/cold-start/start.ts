import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, realpath } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../shared/testing/programs.ts";
import { cpuSecondsOf, peakMemoryMiBOf } from "../measure.ts";

/** From the start command to the first answer. */
export interface ColdStart {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakMiB: number;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const STARTS_WITHIN_MS = 20_000;
const ASK_AGAIN_MS = 2;

/**
 * Starts what is deployed in a folder as its package.json says, asks it one question, and ends it.
 * @throws Error with what it printed, where it ended first, did not answer in time, or refused to answer.
 */
export async function start(folder: string, env: Readonly<Record<string, string>>, { path, ...init }: Question): Promise<ColdStart> {
  const { scripts } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { scripts: { start: string } };
  const [command, ...args] = scripts.start.split(" ");
  if (command !== "functions-framework") throw new Error(`Do not know how to start ${scripts.start}`);
  const framework = await realpath(join(folder, "node_modules/@google-cloud/functions-framework"));
  const { bin } = JSON.parse(await readFile(join(framework, "package.json"), "utf8")) as { bin: Record<string, string> };
  const port = await freePort();

  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(framework, bin[command]!), ...args], { cwd: folder, env: { ...env, PORT: String(port) } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const ended = once(child, "exit");
  try {
    while (!(await listens(port))) {
      if (child.exitCode !== null || performance.now() - startedAt > STARTS_WITHIN_MS) throw new Error("It does not listen.");
      await pause(ASK_AGAIN_MS);
    }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const answer = await response.text();
    const wallMs = performance.now() - startedAt;
    if (!response.ok) throw new Error(`It answered ${response.status}: ${answer}`);
    return { wallMs, cpuMs: 1_000 * (await cpuSecondsOf(child.pid!)), peakMiB: await peakMemoryMiBOf(child.pid!) };
  } catch (cause) {
    throw new Error(`${folder} did not start. It printed:\n${output}`, { cause });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
  const connected = await promise;
  socket.destroy();
  return connected;
}
