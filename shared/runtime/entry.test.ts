import { afterEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { maxHeaderSize } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";

import { Problem, Unavailable } from "../contract/problem.ts";
import { BODY_LIMITS } from "./body.ts";
import type { BodyLimits } from "./body.ts";
import { frameworkServer } from "./entry.ts";
import type { Close, Handler } from "./entry.ts";

let server: Server;
let close: Close;
let failures: { error: unknown; req: IncomingMessage | undefined }[];

async function start(handler: Handler, limits: BodyLimits = BODY_LIMITS) {
  failures = [];
  ({ server, close } = frameworkServer("under-test", handler, { limits, onError: (error, req) => failures.push({ error, req }) }));
  await once(server.listen(0, "127.0.0.1"), "listening");
}
afterEach(() => close(0));

/** Answers what it was given. */
const echo: Handler = async (req, res) => {
  res.setHeader("Content-Type", "application/octet-stream").setHeader("X-Url", req.url ?? "");
  res.end(req.body);
};
const thrower =
  (thrown: unknown): Handler =>
  async () => {
    throw thrown;
  };

const unreachable = thrower(new Error("The handler was called."));

function open(): Socket {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  return socket.on("error", () => undefined);
}
/** Sends bytes, never closes its side, and reads until the server closes. */
function send(...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = open();
  for (const part of parts) socket.write(part);
  return text(socket).finally(() => socket.destroy());
}
/** Sends bytes, and reads one answer, whether or not the connection closes after it. */
async function exchange(...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = open();
  for (const part of parts) socket.write(part);
  let raw = "";
  for await (const bytes of socket) {
    raw += String(bytes);
    const [head, body] = raw.split("\r\n\r\n", 2);
    if (body !== undefined && body.length === Number(/content-length: (\d+)/i.exec(head!)?.[1])) break;
  }
  return raw;
}
const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const post = (headers: string, ...body: (string | Uint8Array)[]) =>
  exchange(`POST /x?secret=1 HTTP/1.1\r\nHost: t\r\n${headers}\r\n\r\n`, ...body);
const keptAlive = (body: string, more = "") => `POST /${body} HTTP/1.1\r\nHost: t\r\n${more}Content-Length: 3\r\n\r\n${body}`;
/** Status and problem of one raw answer. */
function problemIn(raw: string): Record<string, unknown> {
  const [head, body] = raw.split("\r\n\r\n", 2) as [string, string];
  expect(head).toMatch(/content-type: application\/problem\+json/i);
  expect(head).toMatch(/x-request-id: \S/i);
  return { ...(JSON.parse(body) as object), status: Number(head.split(" ")[1]) };
}

describe("a handler", () => {
  test.each([
    ["application/json", '{"not": json'],
    ["application/json; charset=utf-7", "{}"],
    ["application/cloudevents+json", "]"],
    ["application/x-www-form-urlencoded", "a[b]=1"],
    ["text/plain", "text"],
    ["", "untyped"],
  ])("is given the exact bytes of %p, which no parser of the framework has touched", async (contentType, body) => {
    await start(echo);
    const answer = await fetch(url("/any/path?a=1"), { method: "POST", body, headers: { "Content-Type": contentType } });
    expect(await answer.text()).toBe(body);
    expect(answer.headers.get("x-url")).toBe("/any/path?a=1");
    expect(answer.headers.get("x-powered-by")).toBeNull();
  });

  test("is given a compressed body inflated, and megabytes whole", async () => {
    await start(echo);
    const body = Buffer.from(Array.from({ length: 500_000 }, (_, at) => `${at},`).join(""));
    const answer = await fetch(url("/"), { method: "POST", body: gzipSync(body), headers: { "Content-Encoding": "gzip" } });
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), body)).toBe(0);
  });

  test.each(["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])("is called for %s", async (method) => {
    await start(async (req, res) => void res.writeHead(200, { "X-Method": req.method }).end(method === "HEAD" ? undefined : "ok"));
    const answer = await fetch(url("/"), { method });
    expect([answer.status, answer.headers.get("x-method")]).toEqual([200, method]);
  });

  test.each(["/favicon.ico", "/robots.txt", "//evil.example/x", "/a%20b?x=%zz", "/?x"])(
    "is called for %s, as it was sent",
    async (path) => {
      await start(echo);
      expect(await send(`GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`)).toContain(`X-Url: ${path}\r\n`);
    },
  );

  test.each([
    ["http://proxy.example/a?b", "/a?b"],
    ["http://proxy.example?b", "/?b"],
    ["http://proxy.example", "/"],
  ])("is given %s as %s", async (target, path) => {
    await start(echo);
    expect(await send(`GET ${target} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`)).toContain(`X-Url: ${path}\r\n`);
  });

  test.each([
    ["req-1.a:b_c", "req-1.a:b_c"],
    ["two words", expect.stringMatching(/^[0-9a-f-]{36}$/)],
    ["x".repeat(101), expect.stringMatching(/^[0-9a-f-]{36}$/)],
  ])("sees and answers the request id %p where it is fit for a log", async (given, id) => {
    await start(async (req, res) => void res.end(req.headers["x-request-id"]));
    const answer = await fetch(url("/"), { headers: { "X-Request-Id": given } });
    expect(answer.headers.get("x-request-id")).toEqual(id);
    expect(await answer.text()).toEqual(id);
  });

  test("is called for each request of a connection that is kept alive", async () => {
    await start(echo);
    const raw = await send(keptAlive("one"), keptAlive("two"), keptAlive("end", "Connection: close\r\n"));
    expect(raw.match(/X-Url: \/\w+/g)).toEqual(["X-Url: /one", "X-Url: /two", "X-Url: /end"]);
  });
});

describe("a failing handler", () => {
  test.each([
    [new Error("password=hunter2"), 500, "internal"],
    ["a string", 500, "internal"],
    [undefined, 500, "internal"],
    [new Unavailable("turso: hunter2", { retryable: true }), 503, "unavailable"],
    [new Problem("conflict", "Taken."), 409, "conflict"],
  ])("that throws %p is answered %d as a problem, without a stack, and reported", async (thrown, status, kind) => {
    await start(thrower(thrown));
    const answer = await fetch(url("/path?token=1"));
    const body = await answer.text();

    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-request-id")).toMatch(/^\S{36}$/);
    expect(JSON.parse(body)).toMatchObject({ type: `https://intentvision.dev/problems/${kind}`, status, instance: "/path" });
    expect(body).not.toMatch(/hunter2|node_modules|\.ts/);
    expect(failures).toMatchObject([{ error: thrown, req: { url: "/path?token=1" } }]);
  });

  test("that throws before its first await is answered too", async () => {
    await start(() => {
      throw new Error("at once");
    });
    expect((await fetch(url("/"))).status).toBe(500);
  });

  test("loses the headers that it had set", async () => {
    await start(async (_, res) => {
      res.setHeader("Content-Length", 5).setHeader("Set-Cookie", "a=b").setHeader("ETag", '"1"');
      throw new Error("late");
    });
    const answer = await fetch(url("/"));
    expect([answer.status, answer.headers.get("set-cookie"), answer.headers.get("etag")]).toEqual([500, null, null]);
    expect(await answer.json()).toMatchObject({ status: 500 });
  });

  test("that had begun its answer has it cut, so that nobody takes it for whole", async () => {
    await start(async (_, res) => {
      res.write("half");
      throw new Error("late");
    });
    await expect(fetch(url("/")).then((answer) => answer.text())).rejects.toThrow();
    expect(failures).toHaveLength(1);
  });

  test("that returns without an answer is answered internal", async () => {
    await start(async () => undefined);
    expect((await fetch(url("/"))).status).toBe(500);
    expect(failures).toMatchObject([{ error: { message: expect.stringContaining("before it had ended") } }]);
  });

  test("that writes after its end is reported, and the process lives", async () => {
    await start(async (_, res) => {
      res.end("done");
      res.write("more");
    });
    expect(await (await fetch(url("/"))).text()).toBe("done");
    expect(failures).toMatchObject([{ error: { code: "ERR_STREAM_WRITE_AFTER_END" } }]);
  });

  test("to HEAD is answered without a body, and the connection goes on", async () => {
    await start(thrower(new Error("x")));
    const raw = await send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    expect(raw.match(/HTTP\/1.1 500/g)).toHaveLength(2);
    expect(raw).not.toContain("{");
  });
});

describe("a body that is refused", () => {
  const small = { ...BODY_LIMITS, wireBytes: 1_000, decodedBytes: 2_000 };

  test.each([
    ["a declared length", "Content-Length: 1001", "", 413, "over 1000 bytes as sent"],
    ["an undeclared length", "Transfer-Encoding: chunked", `400\r\n${"x".repeat(1_024)}\r\n`, 413, "over 1000 bytes as sent"],
    ["an inflated size", "Content-Length: 90\r\nContent-Encoding: gzip", gzipSync(Buffer.alloc(2_001)), 413, "decoded body is over 2000"],
    ["an unknown encoding", "Content-Length: 9\r\nContent-Encoding: lzma", "", 415, "gzip, deflate, br, zstd"],
    ["a broken encoding", "Content-Length: 90\r\nContent-Encoding: gzip", "no gzip", 400, "valid gzip"],
  ])("for %s is answered at once on a client that goes on sending, and the connection closes", async (_, headers, body, status, detail) => {
    await start(unreachable, small);
    const raw = await post(headers, body);

    expect(problemIn(raw)).toMatchObject({ status, detail: expect.stringContaining(detail), instance: "/x" });
    expect(raw).toMatch(/connection: close/i);
    expect(failures).toMatchObject([{ error: { name: "Problem" } }]);
  });

  test("ends the connection even of a client that never stops sending", async () => {
    await start(unreachable, small);
    expect(problemIn(await send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n"))).toMatchObject({ status: 413 });
  });

  test("for its encoding names in a header those that are taken", async () => {
    await start(unreachable);
    const answer = await fetch(url("/"), { method: "POST", body: "x", headers: { "Content-Encoding": "lzma" } });
    expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, "gzip, deflate, br, zstd, snappy"]);
  });

  test("reaches a client that sends megabytes more before it reads", async () => {
    await start(unreachable, small);
    const socket = open();
    socket.pause();
    socket.write("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 8000000\r\n\r\n");
    for (let part = 0; part < 8; part++) {
      await new Promise((resolve) => socket.write(Buffer.alloc(1_000_000), resolve));
    }
    expect(problemIn(await text(socket))).toMatchObject({ status: 413 });
  });

  test("when it came whole leaves the connection open", async () => {
    await start(echo, small);
    const gzip = gzipSync(Buffer.alloc(2_001));
    const raw = await send(
      Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`), gzip]),
      "GET /next HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    );
    expect(raw).toContain("HTTP/1.1 413");
    expect(raw).toContain("X-Url: /next");
  });

  test("for its slowness is answered 408", async () => {
    await start(unreachable, { ...BODY_LIMITS, timeoutMs: 50 });
    expect(problemIn(await post("Content-Length: 10", "half"))).toMatchObject({ status: 408, detail: expect.stringContaining("50 ms") });
  });

  test("is never asked for by 100 Continue", async () => {
    await start(unreachable, small);
    const raw = await post("Content-Length: 1001\r\nExpect: 100-continue");
    expect(raw).not.toContain("100 Continue");
    expect(problemIn(raw)).toMatchObject({ status: 413 });
  });

  test("because the client went away is nobody's error, and the server serves on", async () => {
    await start(echo);
    const socket = open();
    socket.write("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nhalf");
    const [, res] = (await once(server, "request")) as [IncomingMessage, NodeJS.EventEmitter];
    socket.destroy();
    await once(res, "close");

    expect(await (await fetch(url("/"), { method: "POST", body: "still here" })).text()).toBe("still here");
    expect(failures).toEqual([]);
  });
});

describe("a request at the edge of HTTP", () => {
  test("that expects 100 Continue is told to go on, then served", async () => {
    await start(echo);
    const socket = open();
    socket.write("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    const [first] = (await once(socket, "data")) as [Buffer];
    socket.write("body");

    expect(first.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK[^]*body$/);
  });

  test("that expects something else is served all the same", async () => {
    await start(echo);
    expect(await post("Content-Length: 4\r\nExpect: miracles\r\nConnection: close", "body")).toMatch(/^HTTP\/1.1 200/);
  });

  test("that asks for an upgrade is served as plain HTTP", async () => {
    await start(echo);
    const raw = await post("Connection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 4", "body");
    expect(raw).toMatch(/^HTTP\/1.1 200 OK[^]*body$/);
  });

  test.each([
    ["a path with broken percent-encoding", "GET /%zz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"],
    ["a path in Latin-1", "GET /%e9 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"],
    ["a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"],
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    ["a broken chunk", "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["two lengths", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    ["a length and chunks", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("with %s is malformed, answered as a problem", async (_, raw) => {
    await start(echo);
    expect(problemIn(await send(raw))).toMatchObject({ status: 400, type: expect.stringContaining("malformed-request") });
  });

  test("with headers past the limit is too large", async () => {
    await start(echo);
    const raw = await send(`GET / HTTP/1.1\r\nHost: t\r\nX: ${"x".repeat(maxHeaderSize)}\r\n\r\n`);
    expect(problemIn(raw)).toMatchObject({ status: 413, detail: expect.stringContaining(String(maxHeaderSize)) });
  });

  test("whose client closes its side in the middle of the body is malformed", async () => {
    await start(echo);
    const socket = open();
    socket.end("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nhalf");
    expect(problemIn(await text(socket))).toMatchObject({ status: 400, instance: "/" });
  });

  test("followed by garbage still gets its own answer first", async () => {
    const release = Promise.withResolvers<void>();
    await start(async (_, res) => {
      await release.promise;
      res.end("whole");
    });
    const answer = send("GET / HTTP/1.1\r\nHost: t\r\n\r\n", "\x00garbage\r\n\r\n");
    await once(server, "clientError");
    release.resolve();
    expect(await answer).toMatch(/^HTTP\/1.1 200 OK[^]*whole/);
  });
});

describe("close", () => {
  test("lets running requests finish, tells them to close, and takes no new ones", async () => {
    const release = Promise.withResolvers<void>();
    await start(async (_, res) => {
      await release.promise;
      res.end("finished");
    });
    const address = url("/");
    const running = fetch(address);
    await once(server, "request");
    const closed = close();
    await expect(fetch(address)).rejects.toThrow();
    release.resolve();

    const answer = await running;
    expect([await answer.text(), answer.headers.get("connection")]).toEqual(["finished", "close"]);
    await closed;
    expect(server.listening).toBe(false);
  });

  test("waits for what a handler does after its answer", async () => {
    const release = Promise.withResolvers<void>();
    const steps: string[] = [];
    await start(async (_, res) => {
      res.end("answered");
      await release.promise;
      steps.push("worked");
    });
    await (await fetch(url("/"))).text();
    const closed = close().then(() => steps.push("closed"));
    release.resolve();
    await closed;
    expect(steps).toEqual(["worked", "closed"]);
  });

  test("cuts what outlasts the grace", async () => {
    await start(() => new Promise(() => undefined));
    const cut = fetch(url("/")).catch(() => "cut");
    await once(server, "request");
    await close(10);
    expect(await cut).toBe("cut");
  });

  test("does not wait for idle connections, half-sent headers, or a second call", async () => {
    await start(echo);
    const idle = open();
    await once(idle, "connect");
    const half = open();
    half.write("GET / HTTP/1.1\r\nHo");
    await once(half, "connect");
    await Promise.all([close(), close()]);
    expect(server.listening).toBe(false);
    for (const socket of [idle, half]) socket.destroy();
  });
});
