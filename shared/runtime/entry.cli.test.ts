import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";

const FRAMEWORK = import.meta.resolve("@google-cloud/functions-framework").replace(/index\.js$/, "main.js");

/** A deployed bundle as the framework's command line loads it: it prints where it listens, what fails, and when `/slow` begins. */
const BUNDLE = `
import { executionAsyncId } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import { serve } from ${JSON.stringify(import.meta.resolve("./entry.ts"))};

const print = (line) => console.log(JSON.stringify(line));
subscribe("tracing:net.server.listen:asyncEnd", ({ server }) => print({ port: server.address().port }));
let release;
process.on("SIGUSR2", () => release());
serve("fixture", async (req, res) => {
  switch (req.url) {
    case "/throw": throw new Error("hunter2");
    case "/stray-throw": setTimeout(() => { throw new Error("stray throw"); }); break;
    case "/stray-rejection": void Promise.reject(new Error("stray rejection")); break;
    case "/async-id": await null; return void res.end(String(executionAsyncId()));
    case "/slow": print({ began: true }); await new Promise((resolve) => (release = resolve)); break;
  }
  res.end(req.body);
}, { onError: (error, req) => { print({ failed: error.message, url: req?.url ?? null }); if (error.message === "stray throw") release?.(); } });
createServer(() => undefined);
try { serve("another", async () => undefined, { onError: () => undefined }); } catch (error) { print({ refused: error.message }); }
`;

interface Line {
  readonly port?: number;
  readonly began?: boolean;
  readonly failed?: string;
  readonly url?: string | null;
  readonly refused?: string;
}

let folder: string;
let children: ChildProcessWithoutNullStreams[];

/** Starts the framework's command line on the bundle; `line` gives the next thing printed that has a member of that name. */
async function start() {
  const child = spawn(process.execPath, [new URL(FRAMEWORK).pathname, "--target=fixture", `--source=${join(folder, "bundle.mjs")}`], {
    env: { PORT: "0", NODE_ENV: "development" },
  });
  children.push(child);
  child.stderr.pipe(process.stderr);
  const lines: Line[] = [];
  const waiting: { member: keyof Line; resolve: (line: Line) => void }[] = [];
  createInterface(child.stdout).on("line", (text) => {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as Line;
    const first = waiting.findIndex(({ member }) => member in line);
    if (first === -1) lines.push(line);
    else waiting.splice(first, 1)[0]!.resolve(line);
  });
  const line = (member: keyof Line): Promise<Line> => {
    const first = lines.findIndex((printed) => member in printed);
    if (first !== -1) return Promise.resolve(lines.splice(first, 1)[0]!);
    return new Promise((resolve) => waiting.push({ member, resolve }));
  };
  const { port } = await line("port");
  const post = (path: string, body: string | Uint8Array = "", headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
  return { child, line, post, port: port! };
}

describe("under the framework's command line", () => {
  let running: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    children = [];
    folder = await mkdtemp(join(tmpdir(), "entry-"));
    await writeFile(join(folder, "bundle.mjs"), BUNDLE);
    running = await start();
  }, 30_000);
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  test("a bundle serves one function, and is told so when it registers another", async () => {
    expect(await running.line("refused")).toEqual({ refused: expect.stringContaining("serves fixture already") });
  });

  test("a handler is given the exact bytes, of bad JSON too", async () => {
    const answer = await running.post("/", '{"not": json');
    expect([answer.status, await answer.text()]).toEqual([200, '{"not": json']);
  });

  test.each([
    ["an unknown encoding", Buffer.from("x"), "lzma", 415],
    ["broken gzip", Buffer.from("no gzip"), "gzip", 400],
    ["a gzip bomb", gzipSync(Buffer.alloc(4 * 2 ** 20)), "gzip", 413],
    ["more than 20 MiB", Buffer.alloc(20 * 2 ** 20 + 1), "identity", 413],
  ])("%s is answered as a problem", async (_, body, encoding, status) => {
    const answer = await running.post("/path", body, { "Content-Encoding": encoding });

    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    expect(await answer.json()).toMatchObject({ status, instance: "/path" });
    expect(await running.line("failed")).toMatchObject({ url: "/path" });
  });

  test("the framework leaves no hooks on that every promise would have to go through", async () => {
    // Only hooks give promises an id.
    expect(await (await running.post("/async-id")).text()).toBe("0");
  });

  test("what is no HTTP is answered as a problem", async () => {
    const socket = connect(running.port, "127.0.0.1");
    socket.end("nonsense\r\n\r\n");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    expect(bytes.toString()).toMatch(/^HTTP\/1.1 400 [^]*application\/problem\+json/);
  });

  test("a throwing handler is answered internal, without a stack", async () => {
    const answer = await running.post("/throw");
    const body = await answer.text();

    expect([answer.status, answer.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(body).not.toMatch(/hunter2|bundle\.mjs/);
    expect(await running.line("failed")).toEqual({ failed: "hunter2", url: "/throw" });
  });

  test.each(["/stray-throw", "/stray-rejection"])(
    "a stray error of %s is reported, and ends neither its request nor the process",
    async (path) => {
      const answer = await running.post(path, "answered");
      expect([answer.status, await answer.text()]).toEqual([200, "answered"]);
      expect(await running.line("failed")).toEqual({ failed: path.slice(1).replace("-", " "), url: null });
      expect((await running.post("/")).status).toBe(200);
    },
  );

  test("a stray throw while its request still runs does not make the framework answer for it", async () => {
    const slow = running.post("/slow", "slow");
    await running.line("began");
    await running.post("/stray-throw");
    await running.line("failed");
    const answer = await slow;
    expect([answer.status, await answer.text()]).toEqual([200, "slow"]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s lets a running request finish, then the process exits with 0",
    async (signal) => {
      const { child, line, post, port } = await start();
      const exited = once(child, "exit");
      const kept = connect(port, "127.0.0.1");
      kept.write("POST / HTTP/1.1\r\nHost: t\r\n\r\n");
      await once(kept, "data");
      const slow = post("/slow", "finished");
      await line("began");

      child.kill(signal);
      // Idle connections go first: when this one has, the signal was taken.
      await once(kept, "close");
      await expect(post("/")).rejects.toThrow();
      expect(child.exitCode).toBeNull();
      process.kill(child.pid!, "SIGUSR2");

      expect(await (await slow).text()).toBe("finished");
      expect(await exited).toEqual([0, null]);
    },
    30_000,
  );
});
