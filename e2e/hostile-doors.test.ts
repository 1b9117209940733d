import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compressSync } from "snappy";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { encodeOtlp } from "../shared/testing/otlp.ts";
import { encodeMessage, WriteRequest, WriteRequest2 } from "../shared/testing/remote-write.ts";

// Messages of every protocol, broken in all the ways that bytes break. SEED repeats a run, REQUESTS makes it longer: so many a door.

const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const REQUESTS = Number(process.env["REQUESTS"] ?? 400);
const MOST_MIB = 700;
const AT = 1_760_000_000_000;

interface Door {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A message that is right, before it is packed for the wire. */
  readonly message: Uint8Array;
  pack(message: Uint8Array): Uint8Array;
}

const asIs = (message: Uint8Array): Uint8Array => message;
const snappy = (message: Uint8Array): Uint8Array => compressSync(Buffer.from(message));
const labels = [
  { name: "__name__", value: "up" },
  { name: "job", value: "node" },
];
const samples = [1, 2, 3].map((value) => ({ value, timestamp: AT + value }));
const point = { timeUnixNano: String(AT * 1_000_000), asDouble: 1.5, attributes: [{ key: "host", value: { stringValue: "a" } }] };
const histogram = { timeUnixNano: String(AT * 1_000_000), count: 3, sum: 4, bucketCounts: [1, 1, 1], explicitBounds: [1, 2] };
const otlp = {
  resourceMetrics: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeMetrics: [
        {
          metrics: [
            { name: "load", unit: "1", gauge: { dataPoints: [point] } },
            { name: "latency", unit: "s", histogram: { aggregationTemporality: 2, dataPoints: [histogram] } },
          ],
        },
      ],
    },
  ],
};

const DOORS: Readonly<Record<string, Door>> = {
  "remote_write 1.0": {
    path: "/api/v1/write",
    headers: { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" },
    message: encodeMessage(WriteRequest, { timeseries: [{ labels, samples }], metadata: [{ type: 1, metricFamilyName: "up", unit: "1" }] }),
    pack: snappy,
  },
  "remote_write 2.0": {
    path: "/api/v1/write",
    headers: { "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Content-Encoding": "snappy" },
    message: encodeMessage(WriteRequest2, {
      symbols: ["", "__name__", "up", "job", "node"],
      timeseries: [{ labelsRefs: [1, 2, 3, 4], samples, metadata: { type: 2 } }],
    }),
    pack: snappy,
  },
  "OTLP in protobuf": {
    path: "/v1/metrics",
    headers: { "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip" },
    message: encodeOtlp(otlp),
    pack: gzipSync,
  },
  "OTLP in JSON": {
    path: "/v1/metrics",
    headers: { "Content-Type": "application/json" },
    message: Buffer.from(JSON.stringify(otlp)),
    pack: asIs,
  },
  "Influx line protocol": {
    path: "/api/v2/write?precision=ms",
    headers: { "Content-Type": "text/plain; charset=utf-8" },
    message: Buffer.from(`cpu,host=a,zone=b user=1.5,idle=2i,note="a, b" ${AT}\nmem,host=a used=3u ${AT}\n`),
    pack: asIs,
  },
  "our own JSON": {
    path: "/api/v1/ingest",
    headers: { "Content-Type": "application/json" },
    message: Buffer.from(JSON.stringify({ metrics: [{ metricKey: "up", timestamp: AT, value: 1, dimensions: { job: "node" } }] })),
    pack: asIs,
  },
};

let system: LocalSystem;
beforeAll(async () => {
  system = await startLocalSystem();
}, 60_000);
afterAll(() => system.remove());

/** One thing that goes wrong with bytes: some are changed, cut out, put in, or come many times over. */
const damage = fc.record({
  /** Where, of ten thousand parts. */
  at: fc.nat(9_999),
  length: fc.integer({ min: 0, max: 12 }),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constant(new Uint8Array(10).fill(0xff)),
    fc.constant(Buffer.from("\u0000\ud800é💥")),
  ),
  times: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 5_000 }) }),
});
const wrong = fc.record({
  inside: fc.array(damage, { maxLength: 3 }),
  outside: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(damage, { maxLength: 1 }) }),
});

function damaged(bytes: Uint8Array, all: readonly { at: number; length: number; bytes: Uint8Array; times: number }[]): Uint8Array {
  let result = Buffer.from(bytes);
  for (const { at, length, bytes: put, times } of all) {
    const place = Math.floor((at * result.length) / 10_000);
    const again = result.subarray(place, place + length);
    result = Buffer.concat([result.subarray(0, place), put, ...Array<Uint8Array>(times).fill(again), result.subarray(place + length)]);
  }
  return result;
}

test.each(Object.entries(DOORS))(
  "%s: whatever is sent is taken in or refused, within bounds of memory, and the process lives",
  async (name, { path, headers, message, pack }) => {
    const counts = new Map<number, number>();
    const bad: unknown[] = [];
    const send = async (body: Uint8Array) => {
      const response = await fetch(system.url + path, {
        method: "POST",
        headers: { ...headers, "X-API-Key": system.apiKey },
        body: Buffer.from(body),
      });
      const answer = await response.text();
      counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
      if (response.status >= 500 || (response.status >= 400 && answer === ""))
        bad.push({ status: response.status, answer, body: Buffer.from(body).toString("base64").slice(0, 2_000) });
      return response.status;
    };
    expect(await send(pack(message))).toBeLessThan(300);
    for (const { inside, outside } of fc.sample(wrong, { seed: SEED, numRuns: REQUESTS }))
      await send(damaged(pack(damaged(message, inside)), outside));
    expect(bad).toEqual([]);
    const told = [...counts].toSorted(([a], [b]) => a - b).map(([status, n]) => `${n} × ${status}`);
    process.stderr.write(`${name}: ${REQUESTS} damaged messages with SEED=${SEED} were answered ${told.join(", ")}.\n`);
    expect(await send(pack(message))).toBeLessThan(300);
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${system.pid}/status`, "utf8").catch(() => "VmRSS: 0 kB"))!;
    expect(Number(kilobytes) / 1_024).toBeLessThan(MOST_MIB);
  },
  60_000,
);

const VERSION_2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const long = "x".repeat(16 * 2 ** 20);
const symbols = ["", "__name__", "up", "job", long];
const timeseries = (labelsRefs: readonly number[]) =>
  Array.from({ length: 40_000 }, () => ({ labelsRefs, samples: [{ value: 1, timestamp: AT }] }));
const quantileValues = Array.from({ length: 1_000 }, (_, place) => ({ quantile: place / 1_000, value: 1 }));
const many = Array.from({ length: 100_000 }, (_, place) => ({ key: `a${place}`, value: { stringValue: "" } }));

// What is short on the wire, and would take minutes or gigabytes if each part of it were looked at whole.
test.each([
  [
    "a symbol of 16 MiB is the label of 40,000 series",
    "/api/v1/write",
    VERSION_2,
    () => snappy(encodeMessage(WriteRequest2, { symbols, timeseries: timeseries([1, 2, 3, 4]) })),
  ],
  [
    "a symbol of 16 MiB is the name of 40,000 series",
    "/api/v1/write",
    VERSION_2,
    () => snappy(encodeMessage(WriteRequest2, { symbols, timeseries: timeseries([1, 4]) })),
  ],
  [
    "there is the metadata of ten million metrics",
    "/api/v1/write",
    "application/x-protobuf",
    () => snappy(Buffer.alloc(20 * 2 ** 20, Buffer.of(0x1a, 0))),
  ],
  ["there are ten million labels", "/api/v1/write", "application/x-protobuf", () => snappy(Buffer.alloc(20 * 2 ** 20, Buffer.of(0x0a, 0)))],
  [
    "1,000 quantiles have 100,000 empty attributes each",
    "/v1/metrics",
    "application/x-protobuf",
    () =>
      encodeOtlp({
        resourceMetrics: [
          {
            scopeMetrics: [
              {
                metrics: [
                  { name: "m", summary: { dataPoints: [{ timeUnixNano: String(AT * 1_000_000), attributes: many, quantileValues }] } },
                ],
              },
            ],
          },
        ],
      }),
  ],
  [
    "480,000 fields have a measurement of 60,000 characters",
    "/api/v2/write",
    "text/plain",
    () =>
      Buffer.from(
        Array.from(
          { length: 60 },
          (_, line) => `${"m".repeat(60_000)},t=${line} ${Array.from({ length: 8_000 }, (_, field) => `f${field}=1`).join(",")}`,
        ).join("\n"),
      ),
  ],
])(
  "%s: it is answered within bounds of memory",
  async (_, path, type, body) => {
    const headers = {
      "X-API-Key": system.apiKey,
      "Content-Type": type,
      ...(path === "/api/v1/write" ? { "Content-Encoding": "snappy" } : {}),
    };
    const response = await fetch(system.url + path, {
      method: "POST",
      headers,
      body: Buffer.from(body()),
      signal: AbortSignal.timeout(30_000),
    });
    await response.text();
    expect(response.status).toBeLessThan(500);
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${system.pid}/status`, "utf8").catch(() => "VmRSS: 0 kB"))!;
    expect(Number(kilobytes) / 1_024).toBeLessThan(MOST_MIB);
  },
  60_000,
);
