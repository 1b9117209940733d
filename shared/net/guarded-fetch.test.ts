import { afterEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { inspect } from "node:util";
import { Unavailable } from "../contract/problem.ts";
import { checkedLookup, createGuardedFetch, OutgoingCallError } from "./guarded-fetch.ts";
import type { GuardedFetchOptions } from "./guarded-fetch.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

interface Peer {
  readonly port: number;
  readonly host: string;
  /** Connections that came in. */
  readonly sockets: readonly Socket[];
  /** Resolves once all of them have ended. */
  readonly allClosed: () => Promise<unknown>;
}

async function listen(server: Server): Promise<Peer> {
  const sockets: Socket[] = [];
  const ends: Promise<void>[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    ends.push(new Promise((resolve) => void socket.on("close", () => resolve())));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { port, host: `127.0.0.1:${port}`, sockets, allClosed: () => Promise.all(ends) };
}

const serve = (listener: RequestListener) => listen(createHttpServer(listener));

/** The error of a call that has no answer; anything else fails the test. */
async function failureOf(call: Promise<unknown>): Promise<OutgoingCallError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof OutgoingCallError)) throw new Error(`Expected an OutgoingCallError, got ${inspect(outcome)}`);
  return outcome;
}

/** A resolver that knows these addresses for every name, one list a question, the last one for good. */
function resolver(...answers: readonly string[][]) {
  const asked: string[] = [];
  const lookup: NonNullable<GuardedFetchOptions["lookup"]> = (hostname, _options, answer) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(hostname);
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { asked, lookup };
}

const ask = (lookup: ReturnType<typeof checkedLookup>, all: boolean) =>
  new Promise((resolve, reject) => {
    lookup("rebinding.example", { all }, (error, address, family) => (error === null ? resolve([address, family]) : reject(error)));
  });

describe("an allowed host", () => {
  test("gets the method, headers and body, and its status, headers and body come back", async () => {
    let heard = "";
    const { host } = await serve((request, response) => {
      request.setEncoding("utf8").on("data", (chunk: string) => {
        heard += chunk;
      });
      request.on("end", () => {
        response.writeHead(201, {
          "x-saw": `${request.method} ${request.url} ${String(request.headers["webhook-id"])}`,
          "set-cookie": ["a=1", "b=2"],
        });
        response.end("grüezi");
      });
    });
    const fetch = createGuardedFetch({ allow: [host] });

    const answer = await fetch(`http://${host}/in?a=1#part`, { method: "POST", headers: { "webhook-id": "msg_1" }, body: "höi" });

    expect(answer).toMatchObject({ status: 201, headers: { "x-saw": "POST /in?a=1 msg_1", "set-cookie": "a=1, b=2" }, body: "grüezi" });
    expect(heard).toBe("höi");
  });

  test("is found by its name, whatever that resolves to, and the name is resolved once", async () => {
    const { port, sockets } = await serve((request, response) => response.end(request.headers.host));
    const { asked, lookup } = resolver(["127.0.0.1"], ["203.0.113.1"]);
    const fetch = createGuardedFetch({ allow: [`Hooks.Example:${port}`], lookup });

    await expect(fetch(`http://hooks.example:${port}/`, {})).resolves.toMatchObject({ body: `hooks.example:${port}` });
    expect(asked).toEqual(["hooks.example"]);
    expect(sockets).toHaveLength(1);
  });

  test.each(["[::1]:1", "[0:0:0:0:0:0:0:1]:1"])("is found by an IPv6 address, in whatever spelling: %s", async (entry) => {
    const fetch = createGuardedFetch({ allow: [entry] });
    expect(await failureOf(fetch("http://[::1]:1/", {}))).toMatchObject({ kind: "network" });
    expect(await failureOf(fetch("http://[::1]:2/", {}))).toMatchObject({ kind: "refused-address" });
  });

  test("stands for its own port alone", async () => {
    const { host, sockets } = await serve((_request, response) => response.end());
    const fetch = createGuardedFetch({ allow: ["127.0.0.1:1", "127.0.0.1:80"] });
    expect(await failureOf(fetch(`http://${host}/`, {}))).toMatchObject({ kind: "refused-address" });
    expect(sockets).toHaveLength(0);
  });

  test.each(["127.0.0.1", "http://127.0.0.1:80", "127.0.0.1:80/path", "user@127.0.0.1:80", "127.0.0.1:99999", "*:80/", ""])(
    "is written as host:port, not as %j",
    (entry) => {
      expect(() => createGuardedFetch({ allow: [entry] })).toThrow("Not host:port");
    },
  );
});

describe("an address that is not public is refused before anything connects", () => {
  test.each([
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "0",
    "%31%32%37.0.0.1",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:1]",
    "[::1]",
    "[::]",
    "localhost",
    "LOCALHOST",
  ])("http://%s", async (hostname) => {
    const { port, sockets } = await serve((_request, response) => response.end());
    const fetch = createGuardedFetch({ allow: [] });
    expect(await failureOf(fetch(`http://${hostname}:${port}/`, {}))).toMatchObject({ kind: "refused-address", retryable: false });
    expect(sockets).toHaveLength(0);
  });

  test.each(["http://169.254.169.254/computeMetadata/v1/", "http://10.0.0.1:9/", "https://192.168.0.1/", "http://[fd00:ec2::254]/"])(
    "%s",
    async (url) => {
      expect(await failureOf(createGuardedFetch({ allow: [] })(url, {}))).toMatchObject({ kind: "refused-address" });
    },
  );

  test("over https as well", async () => {
    const { port, sockets } = await listen(createTcpServer());
    expect(await failureOf(createGuardedFetch({ allow: [] })(`https://localhost:${port}/`, {}))).toMatchObject({ kind: "refused-address" });
    expect(sockets).toHaveLength(0);
  });

  test.each([
    ["all of them", ["127.0.0.1"]],
    ["one among public ones", ["8.8.8.8", "127.0.0.1"]],
    ["one of another family", ["8.8.8.8", "::1"]],
    ["mapped into IPv6", ["::ffff:127.0.0.1"]],
  ])("when it is what a name resolves to: %s", async (_what, addresses) => {
    const { port, sockets } = await serve((_request, response) => response.end());
    const { asked, lookup } = resolver(addresses);
    const fetch = createGuardedFetch({ allow: [], lookup });
    expect(await failureOf(fetch(`http://hooks.example.:${port}/`, {}))).toMatchObject({ kind: "refused-address" });
    expect(asked).toEqual(["hooks.example."]);
    expect(sockets).toHaveLength(0);
  });
});

describe("a name cannot change its meaning after the check", () => {
  test("what is connected to is the answer that was checked, and a second answer is checked again", async () => {
    const { asked, lookup } = resolver(["8.8.8.8", "2606:4700:4700::1111"], ["127.0.0.1"]);
    const checked = checkedLookup(lookup);

    await expect(ask(checked, true)).resolves.toEqual([
      [
        { address: "8.8.8.8", family: 4 },
        { address: "2606:4700:4700::1111", family: 6 },
      ],
      undefined,
    ]);
    expect(asked).toHaveLength(1);
    await expect(ask(checked, true)).rejects.toMatchObject({ kind: "refused-address" });
  });

  test("who asks for a single address is refused for any other that stands beside it", async () => {
    await expect(ask(checkedLookup(resolver(["8.8.8.8"]).lookup), false)).resolves.toEqual(["8.8.8.8", 4]);
    await expect(ask(checkedLookup(resolver(["8.8.8.8", "10.0.0.1"]).lookup), false)).rejects.toMatchObject({ kind: "refused-address" });
  });

  test("no address at all is no permission", async () => {
    await expect(ask(checkedLookup(resolver([]).lookup), true)).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});

describe("an address is refused for its form", () => {
  test.each([
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "data:text/plain,hunter2",
    "javascript:alert(1)",
    "unix:/run/docker.sock",
    "http://user:hunter2@8.8.8.8/",
    "http://hunter2@8.8.8.8/",
    "http://[fe80::1%25eth0]/",
    "http://256.0.0.1/",
    "http:///",
    "//8.8.8.8/hunter2",
    "",
  ])("%j", async (url) => {
    const error = await failureOf(createGuardedFetch({ allow: [] })(url, {}));
    expect(error).toMatchObject({ kind: "refused-address", retryable: false });
    expect(inspect(error)).not.toContain("hunter2");
  });
});

describe("an exchange is bounded", () => {
  test("a redirect is answered as it is, and not followed", async () => {
    const inside = await serve((_request, response) => response.end("secret"));
    const { host } = await serve((_request, response) => response.writeHead(307, { location: `http://${inside.host}/` }).end());
    const fetch = createGuardedFetch({ allow: [host, inside.host] });
    const answer = await fetch(`http://${host}/`, { method: "POST", body: "{}" });
    expect(answer).toMatchObject({ status: 307, headers: { location: `http://${inside.host}/` }, body: "" });
    expect(inside.sockets).toHaveLength(0);
  });

  test("a body is cut at the limit, between characters, and the rest is not waited for", async () => {
    const { host, allClosed } = await serve((_request, response) => {
      response.write("é".repeat(100_000));
    });
    const fetch = createGuardedFetch({ allow: [host], maxResponseBytes: 1_001 });
    await expect(fetch(`http://${host}/`, {})).resolves.toMatchObject({ status: 200, body: "é".repeat(500) });
    await allClosed();
  });

  test("a body at the limit is whole", async () => {
    const { host } = await serve((_request, response) => response.end("x".repeat(65_536)));
    const { body } = await createGuardedFetch({ allow: [host] })(`http://${host}/`, {});
    expect(body).toHaveLength(65_536);
  });

  test("a compressed body is not inflated", async () => {
    const { host } = await serve((request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(String(request.headers["accept-encoding"]));
    });
    await expect(createGuardedFetch({ allow: [host] })(`http://${host}/`, {})).resolves.toMatchObject({ body: "undefined" });
  });

  test.each([
    ["does not answer", () => {}],
    ["stops within the body", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok")],
    ["sends interim answers only", (socket: Socket) => socket.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(3))],
    ["stops within the headers", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\nx: ")],
  ])("a server that %s ends in a timeout", async (_what, act) => {
    const { host } = await listen(createTcpServer((socket) => void act(socket)));
    const fetch = createGuardedFetch({ allow: [host], timeoutMs: 50 });
    expect(await failureOf(fetch(`http://${host}/`, {}))).toMatchObject({
      kind: "timeout",
      retryable: true,
      message: `${host} did not answer within 50 ms`,
    });
  });

  test("a resolver that does not answer ends in a timeout, which a request may set itself", async () => {
    const fetch = createGuardedFetch({ allow: [], lookup: () => {}, timeoutMs: 60_000 });
    expect(await failureOf(fetch("https://hooks.example/", { timeoutMs: 50 }))).toMatchObject({ kind: "timeout" });
  });

  test("a TLS handshake that does not end ends in a timeout", async () => {
    const { port, sockets } = await listen(createTcpServer());
    const fetch = createGuardedFetch({ allow: [`127.0.0.1:${port}`], timeoutMs: 50 });
    expect(await failureOf(fetch(`https://127.0.0.1:${port}/`, {}))).toMatchObject({ kind: "timeout" });
    expect(sockets).toHaveLength(1);
  });

  test("every call has a connection of its own, which ends with it", async () => {
    const { host, sockets, allClosed } = await serve((_request, response) => response.end());
    const fetch = createGuardedFetch({ allow: [host] });
    await fetch(`http://${host}/`, {});
    await fetch(`http://${host}/`, {});
    expect(sockets).toHaveLength(2);
    await allClosed();
  });
});

describe("what breaks is a network error that tells the host and nothing else of the URL", () => {
  const SECRET = "/services/T0/B0/hunter2?token=hunter2";

  test.each([
    ["closes without an answer", (socket: Socket) => socket.destroy()],
    ["does not speak HTTP", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.9 hunter2\r\n")],
    ["breaks off within the body", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhunter2")],
    ["sends endless headers", (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${"hunter2".repeat(10_000)}\r\n\r\n`)],
  ])("a server that %s", async (_what, act) => {
    const { host } = await listen(createTcpServer((socket) => void act(socket)));
    const error = await failureOf(createGuardedFetch({ allow: [host] })(`http://${host}${SECRET}`, { method: "POST", body: "hunter2" }));
    expect(error).toMatchObject({ kind: "network", retryable: true });
    expect(error.message).toContain(host);
    expect(inspect(error)).not.toContain("hunter2");
  });

  test("a server without TLS, called by https", async () => {
    const { port } = await listen(createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")));
    const fetch = createGuardedFetch({ allow: [`127.0.0.1:${port}`] });
    const error = await failureOf(fetch(`https://127.0.0.1:${port}${SECRET}`, {}));
    expect(error).toMatchObject({ kind: "network" });
    expect(inspect(error)).not.toContain("hunter2");
  });

  test("a closed port, and a name that does not exist", async () => {
    const { host } = await listen(createTcpServer());
    await Promise.all(stops.splice(0).map((stop) => stop()));
    const closed = await failureOf(createGuardedFetch({ allow: [host] })(`http://${host}${SECRET}`, {}));
    expect(closed).toMatchObject({ kind: "network", message: `${host} cannot be reached: ECONNREFUSED` });

    const fetch = createGuardedFetch({ allow: [], lookup: resolver([]).lookup });
    const unknown = await failureOf(fetch(`https://nowhere.example${SECRET}`, {}));
    expect(unknown).toMatchObject({ kind: "network", message: "nowhere.example cannot be reached: ENOTFOUND" });
  });

  test("a header that would split the request is not sent", async () => {
    const { host, sockets } = await serve((_request, response) => response.end());
    const error = await failureOf(createGuardedFetch({ allow: [host] })(`http://${host}/`, { headers: { x: "1\r\nhost: hunter2" } }));
    expect(inspect(error)).not.toContain("hunter2");
    expect(sockets).toHaveLength(0);
  });

  test("it is broken I/O to whoever does not know this fetch", async () => {
    expect(await failureOf(createGuardedFetch({ allow: [] })("http://127.0.0.1/", {}))).toBeInstanceOf(Unavailable);
  });
});
