import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { manifest } from "../functions/manifest.ts";
import type { FunctionDefinition, Route } from "../shared/runtime/route.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";

// Nothing that a client sends ends the process, is answered as our failure, or gets a secret out. SEED repeats a run, REQUESTS makes it longer.

const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const REQUESTS = Number(process.env["REQUESTS"] ?? 1_500);
const MOST_MIB = 700;

let system: LocalSystem;
let routes: Route[];
beforeAll(async () => {
  system = await startLocalSystem();
  const files = Object.values(manifest).filter(({ trigger }) => trigger.kind === "http");
  const definitions = await Promise.all(
    files.map(async ({ file }) => ((await import(`../functions/${file}`)) as { default: FunctionDefinition }).default),
  );
  routes = definitions.flatMap((definition) => (definition.kind === "http" ? definition.routes : []));
}, 60_000);
afterAll(() => system.remove());

const say = (text: string) => process.stderr.write(`${text}\n`);

const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "NaN",
    "1e999",
    "-0",
    "null",
    "__proto__",
    "../../etc/passwd",
    "'; DROP TABLE series; --",
    "\u0000",
    "\ud800",
    "💥",
    "9".repeat(400),
  ),
  fc.constantFrom("2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999Z", "5m", "400d", "99999999999w", "(a+)+$", "http://[::1]/", "ftp://x/"),
);
const oddNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -1, 1e308, 2 ** 53, -(2 ** 63), 8.64e15, 8.64e15 + 1, 0.1));
const { oddValue } = fc.letrec<{ oddValue: unknown }>((tie) => ({
  oddValue: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    oddText,
    oddNumber,
    fc.constantFrom(null, true, false, [], {}),
    fc.array(tie("oddValue"), { maxLength: 4 }),
    fc.dictionary(oddText, tie("oddValue"), { maxKeys: 4 }),
  ),
}));

const MINUTE_MS = 60_000;
/** A right body of each route that takes one; requests are these with a member or two made wrong. */
const RIGHT: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  "/api/v1/ingest": [{ metrics: [{ metricKey: "cpu", timestamp: 0, value: 1, dimensions: { host: "a" } }] }],
  "/api/v1/forecasts": [
    { input: { start: 0, frequency: "1h", values: Array.from({ length: 60 }, (_, row) => row % 7) }, horizon: 3, levels: [80], bounds: {} },
    { series: { metricKey: "cpu", dimensions: { host: "a" } }, horizon: 720, backend: "auto", wait: false },
  ],
  "/api/v1/detections": [
    {
      input: { timestamps: Array.from({ length: 60 }, (_, row) => row * MINUTE_MS), values: Array(60).fill(1) },
      sensitivity: 0.5,
      weights: {},
    },
    { series: { metricKey: "cpu", dimensions: { host: "a" } }, from: 0, to: MINUTE_MS, timezone: "UTC", context: 24, direction: "above" },
  ],
  "/api/v1/rules": [
    {
      name: "Busy",
      kind: "threshold",
      selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "a.*" }] },
      condition: { operator: "gt", value: 90, window: "5m", recover: 80, aggregate: "avg" },
      severity: "critical",
      for: "5m",
      interval: "1m",
      evalDelay: 0,
      labels: { team: "a" },
    },
    {
      name: "Odd",
      kind: "anomaly",
      selector: { metricKey: "cpu" },
      condition: { minSeverity: "high", direction: "above" },
      severity: "warning",
    },
  ],
  "/api/v1/channels": [
    { name: "Receiver", kind: "webhook", config: { url: "https://example.com/" }, enabled: false },
    { name: "Inbox", kind: "inbox", config: {} },
  ],
  "/api/v1/keys": [{ name: "Reader", scopes: ["read"], expiresAt: null, rateLimit: null }],
};
const nearlyRight = (path: string) => {
  const bases = RIGHT[path.replace(/\/\{.*$/, "")] ?? [{}];
  const wrong = fc.constantFrom(...bases.flatMap((base) => Object.keys(base)), "more");
  return fc
    .tuple(fc.constantFrom(...bases), fc.dictionary(wrong, oddValue, { maxKeys: 2 }))
    .map(([base, changes]) => JSON.stringify({ ...base, ...changes }));
};
const body = (path: string) =>
  fc.oneof(
    { weight: 6, arbitrary: nearlyRight(path) },
    { weight: 1, arbitrary: oddValue.map((value) => JSON.stringify(value) ?? "") },
    { weight: 1, arbitrary: oddText },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '{"a":1,"a":2}',
        '{"metrics":[{"value":NaN}]}',
        "[".repeat(5_000),
        `${'{"a":'.repeat(200)}1`,
        "\ufeff{}",
        '{"__proto__":{"x":1}}',
      ),
    },
  );
const parameter = fc.oneof(
  oddText.map(encodeURIComponentSafely),
  fc.constantFrom("%2e%2e", "%00", "%ff", "ser_00000000000000000000000000", "a".repeat(5_000)),
);
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom("limit", "cursor", "from", "to", "step", "agg", "match", "metricKey", "status", "x"), oddText), {
        maxLength: 4,
      })
      .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponentSafely(value)}`).join("&")}`),
  },
);
const header = fc.dictionary(
  fc.constantFrom(
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Content-Type",
    "traceparent",
    "X-Request-Id",
    "X-HTTP-Method-Override",
    "X-Org-Id",
  ),
  fc.oneof(fc.constantFrom("application/json", "text/plain", '"k"', "*", "DELETE", "00-0-0-00"), fc.string({ maxLength: 300 })),
  { maxKeys: 2 },
);

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Header values as they may go over the wire. */
const printable = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, "?")]));

test(`${REQUESTS} requests of any kind to every route are each answered well, and the system lives`, async () => {
  say(`Sending ${REQUESTS} hostile requests with SEED=${SEED}.`);
  const counts = new Map<number, number>();
  const request = fc
    .constantFrom(...routes)
    .chain((route) => fc.record({ route: fc.constant(route), parameter, query, body: body(route.path), header }));
  const bad: unknown[] = [];
  for (const { route, parameter: text, query: search, body: sent, header: headers } of fc.sample(request, {
    seed: SEED,
    numRuns: REQUESTS,
  })) {
    const url = `${system.url}${route.path.replaceAll(/\{\w+\}/g, () => text)}${search}`;
    const response = await fetch(url, {
      method: route.method,
      headers: { "X-API-Key": system.apiKey, "Content-Type": "application/json", ...printable(headers) },
      ...(route.method === "GET" || route.method === "DELETE" ? {} : { body: sent }),
    });
    const answer = await response.text();
    counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    const said = isProblem ? (JSON.parse(answer) as { status: number; detail: string; title: string }) : null;
    // A door refuses in its protocol's own words.
    const isSaid = route.kind === "door" && !isProblem ? answer !== "" : said?.status === response.status && said.title.length > 0;
    const isWell = response.status < 400 || (response.status < 500 && isSaid);
    if (!isWell) bad.push({ method: route.method, url: url.slice(0, 300), sent: sent.slice(0, 500), status: response.status, answer });
  }
  expect(bad).toEqual([]);
  say(
    `Answered: ${[...counts]
      .toSorted(([a], [b]) => a - b)
      .map(([status, n]) => `${n} × ${status}`)
      .join(", ")}.`,
  );
  expect(await isAlive()).toBe(true);
}, 120_000);

test("bodies that are not what they say they are, are refused, and leave nothing behind", async () => {
  const send = async (bytes: Uint8Array, headers: Record<string, string>) => {
    const response = await fetch(`${system.url}/api/v1/ingest`, {
      method: "POST",
      headers: { "X-API-Key": system.apiKey, "Content-Type": "application/json", ...headers },
      body: bytes,
    });
    await response.arrayBuffer();
    return response.status;
  };
  const bomb = gzipSync(Buffer.alloc(256 * 2 ** 20, 0x20), { level: 9 });
  expect(await send(bomb, { "Content-Encoding": "gzip" })).toBe(413);
  expect(await send(bomb.subarray(0, 1_000), { "Content-Encoding": "gzip" })).toBe(400);
  expect(await send(Buffer.from("{}"), { "Content-Encoding": "gzip" })).toBe(400);
  expect(await send(Buffer.from("{}"), { "Content-Encoding": "rot13" })).toBe(415);
  expect(await send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {})).toBe(400);
  expect(await send(Buffer.from("[".repeat(2_000_000)), {})).toBe(400);
  expect(await send(Buffer.alloc(21 * 2 ** 20, 0x20), {}).catch(() => 413)).toBe(413);
  const wide = {
    metrics: [
      { metricKey: "a", timestamp: 0, value: 1, dimensions: Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`d${n}`, "x"])) },
    ],
  };
  expect(await send(Buffer.from(JSON.stringify(wide)), {})).toBe(422);
  expect(await isAlive()).toBe(true);
}, 60_000);

test("bodies of millions of wrong members, and a hundred large ones without a key, take no memory that grows with them", async () => {
  const wrong = gzipSync(JSON.stringify({ input: { timestamps: Array.from({ length: 5_000_000 }, (_, n) => (n % 7 === 0 ? "a" : "b")) } }));
  const ask = await fetch(`${system.url}/api/v1/detections`, {
    method: "POST",
    headers: { "X-API-Key": system.apiKey, "Content-Type": "application/json", "Content-Encoding": "gzip" },
    body: wrong,
  });
  expect([ask.status, (await ask.text()).length < 10_000]).toEqual([413, true]);

  const { hostname, port } = new URL(system.url);
  const part = Buffer.alloc(9 * 2 ** 20, 0x20);
  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(Number(port), hostname).on("error", () => {});
    socket.write(`POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: ${part.length + 1}\r\n\r\n`);
    socket.write(part);
    return socket;
  });
  try {
    // Each is read to its end, or refused.
    await Promise.allSettled(sockets.map((socket) => Promise.race([once(socket, "data"), once(socket, "drain")])));
    expect(await isAlive()).toBe(true);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}, 60_000);

test("what is no HTTP, lies about its length, or never ends does not hold up others", async () => {
  const { hostname, port } = new URL(system.url);
  const raw = (text: string) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on("error", () => {});
    return socket;
  };
  const head = `POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nX-API-Key: ${system.apiKey}\r\nContent-Type: application/json\r\n`;
  const sockets = [
    ...Array.from({ length: 50 }, () => raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"met`)),
    ...Array.from({ length: 20 }, () => raw(`${head}Content-Length: 99\r\n\r\n{`)),
    raw(`${head}Content-Length: 99999999999999999999\r\n\r\n{}`),
    raw(`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`),
    raw("GET / HTTP/9.9\r\n\r\n"),
    raw("\u0016\u0003\u0001\u0002\u0000\u0001"),
    raw(`GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  ];
  try {
    expect(await isAlive()).toBe(true);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test("no key, salt or secret is in its log or on its terminal, beyond the key that the terminal shows its owner", async () => {
  const secrets = JSON.parse(await readFile(join(system.dataDir, "secrets.json"), "utf8")) as Record<string, string>;
  const log = await readFile(join(system.dataDir, "intentvision.log"), "utf8");
  expect(log.length).toBeGreaterThan(0);
  for (const secret of Object.values(secrets)) expect(log.includes(secret)).toBe(false);
  for (const name of ["salt", "channelKey", "platformKey"]) expect(system.output().includes(secrets[name]!)).toBe(false);
  expect(log).not.toMatch(/whsec_|iv_[A-Za-z0-9_-]{32}/);
});

async function isAlive(): Promise<boolean> {
  const response = await fetch(`${system.url}/api/v1/org`, { headers: { "X-API-Key": system.apiKey } });
  const { id } = (await response.json()) as { id: string };
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${system.pid}/status`, "utf8").catch(() => "VmRSS: 0 kB"))!;
  expect(Number(kilobytes) / 1_024).toBeLessThan(MOST_MIB);
  return response.status === 200 && id === system.orgId;
}
