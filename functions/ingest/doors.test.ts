import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compressSync } from "snappy";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { encodeMessage, WriteRequest } from "../../shared/testing/remote-write.ts";
import ingestHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["write"]);
});
afterEach(() => harness.close());

interface Point {
  readonly host: string;
  readonly timestamp: number;
  readonly value: number;
}

/** The same points as each protocol writes them, of the metric `cpu.<field>`. */
const DOORS: Readonly<
  Record<string, (field: string, points: readonly Point[]) => { path: string; type: string; bytes: Uint8Array | string; encoding?: string }>
> = {
  json: (field, points) => ({
    path: "/api/v1/ingest",
    type: "application/json",
    bytes: JSON.stringify({
      metrics: points.map(({ host, timestamp, value }) => ({ metricKey: `cpu.${field}`, timestamp, value, dimensions: { host } })),
    }),
  }),
  remoteWrite: (field, points) => ({
    path: "/api/v1/write",
    type: "application/x-protobuf",
    encoding: "snappy",
    bytes: compressSync(
      Buffer.from(
        encodeMessage(WriteRequest, {
          timeseries: points.map(({ host, timestamp, value }) => ({
            labels: [
              { name: "__name__", value: `cpu.${field}` },
              { name: "host", value: host },
            ],
            samples: [{ timestamp, value }],
          })),
        }),
      ),
    ),
  }),
  otlp: (field, points) => ({
    path: "/v1/metrics",
    type: "application/json",
    bytes: JSON.stringify({
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                {
                  name: `cpu.${field}`,
                  gauge: {
                    dataPoints: points.map(({ host, timestamp, value }) => ({
                      attributes: [{ key: "host", value: { stringValue: host } }],
                      timeUnixNano: `${timestamp}000000`,
                      asDouble: value,
                    })),
                  },
                },
              ],
            },
          ],
        },
      ],
    }),
  }),
  influx: (field, points) => ({
    path: "/api/v2/write?precision=ms",
    type: "text/plain",
    bytes: points.map(({ host, timestamp, value }) => `cpu,host=${host} ${field}=${value} ${timestamp}`).join("\n"),
  }),
};

const point = fc.record({
  host: fc.constantFrom("a", "b"),
  timestamp: fc.integer({ min: START, max: START + 12 }),
  value: fc.integer({ min: -1_000, max: 1_000 }),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ door: fc.constantFrom(...Object.keys(DOORS)), points: fc.array(point, { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant("compact" as const) },
);

test("points in any order, duplicated and split in any way, through any doors, with compaction in between, read back as the last that was written", async () => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const field = `load${(run += 1)}`;
      const written = new Map([
        ["a", new Map<number, number>()],
        ["b", new Map<number, number>()],
      ]);
      for (const one of steps) {
        if (one === "compact") {
          await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 1_000, now: harness.clock.now() + 7_200_000 });
          continue;
        }
        const { path, type, bytes, encoding } = DOORS[one.door]!(field, one.points);
        const headers = { "content-type": type, ...(encoding === undefined ? {} : { "content-encoding": encoding }) };
        const { status } = await server.request(ingestHttp, "POST", path, { key, bytes, headers });
        expect(status).toBeLessThan(300);
        for (const { host, timestamp, value } of one.points) written.get(host)!.set(timestamp, value);
        harness.clock.advance(1_000);
      }
      for (const [host, own] of written) {
        const read = await points.read(series.idOf(`cpu.${field}`, { host }), { from: 0, to: START * 2, limit: 100, order: "asc" });
        const pairs = [...read.timestamps].map((timestamp, row) => [timestamp, read.values[row]]);
        expect(pairs).toEqual([...own].toSorted(([one], [other]) => one - other));
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
