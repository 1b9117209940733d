import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { once } from "node:events";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Server } from "node:http";
import { compressSync } from "snappy";
import { BODY_LIMITS } from "./body.ts";
import { frameworkServer } from "./entry.ts";
import type { Close, Handler } from "./entry.ts";

// Two bodies of 100,000 bytes are over the limit together: of each 34,464 bytes count, those beyond the first 64 KiB.
const LIMITS = { ...BODY_LIMITS, heldBytes: 60_000 };
const LARGE = "x".repeat(100_000);
const SMALL = "x".repeat(65_536);

let server: Server;
let close: Close;
let waiting: (() => void)[];
let arrived: (() => void) | undefined;
beforeEach(async () => {
  waiting = [];
  const handler: Handler = async (req, res) => {
    if (req.url === "/slow")
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        arrived?.();
      });
    res.end(String(req.body.length));
  };
  ({ server, close } = frameworkServer("under-test", handler, { limits: LIMITS, onError: () => {} }));
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterEach(() => close(0));

const port = () => (server.address() as AddressInfo).port;
const post = (path: string, body: string) => fetch(`http://127.0.0.1:${port()}${path}`, { method: "POST", body });
const nextArrival = () => new Promise<void>((resolve) => (arrived = resolve));

test("a large body is refused while others hold the memory, small ones are taken, and an answer makes room", async () => {
  const arrival = nextArrival();
  const first = post("/slow", LARGE);
  await arrival;

  const refused = await post("/", LARGE);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("at once") as unknown, retryAfterS: 1 });
  expect((await post("/", SMALL)).status).toBe(200);

  waiting[0]!();
  expect(await (await first).text()).toBe("100000");
  expect((await post("/", LARGE)).status).toBe(200);
});

test("a body that is handed on in Snappy counts for what it will be, and as that until it is answered", async () => {
  const packed = compressSync(Buffer.alloc(1_000_000));
  const options = { method: "POST", body: packed, headers: { "Content-Encoding": "snappy" } };
  expect(packed.length).toBeLessThan(65_536);
  expect((await fetch(`http://127.0.0.1:${port()}/`, options)).status).toBe(503);

  const arrival = nextArrival();
  const first = fetch(`http://127.0.0.1:${port()}/slow`, { ...options, body: compressSync(Buffer.alloc(100_000)) });
  await arrival;
  expect((await post("/", LARGE)).status).toBe(503);
  waiting[0]!();
  expect((await first).status).toBe(200);
  expect((await post("/", LARGE)).status).toBe(200);
});

test("a refused body and one whose client goes away give their memory up", async () => {
  const connected = once(server, "connection") as Promise<[Socket]>;
  const gone = connect(port(), "127.0.0.1").on("error", () => undefined);
  gone.write(`POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n${LARGE}`);
  const [held] = await connected;
  while (held.bytesRead < LARGE.length) await new Promise((resolve) => setImmediate(resolve));
  expect((await post("/", LARGE)).status).toBe(503);

  const closed = once(held, "close");
  gone.destroy();
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect((await post("/", "x".repeat(200_000))).status).toBe(503);
  expect((await post("/", LARGE)).status).toBe(200);
});
