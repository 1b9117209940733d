import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { FieldType, InfluxDB as InfluxDB1 } from "influx";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";

// The clients of InfluxDB 1 and 2, as their users use them.

const FROM = Date.UTC(2026, 0, 1);

let system: LocalSystem;
beforeAll(async () => {
  system = await startLocalSystem();
}, 60_000);
afterAll(() => system.remove());

async function pointsOf(metricKey: string): Promise<{ dimensions: Record<string, string>; points: [number, number][] }[]> {
  const client = createClient(system.url, system.apiKey);
  const { items } = await client.call<{ items: { id: string; dimensions: Record<string, string> }[] }>(
    "GET",
    `/api/v1/series?metricKey=${metricKey}`,
  );
  return Promise.all(
    items.map(async ({ id, dimensions }) => {
      const { timestamps, values } = await client.call<{ timestamps: number[]; values: number[] }>(
        "GET",
        `/api/v1/series/${id}/points?limit=10000`,
      );
      return { dimensions, points: timestamps.map((timestamp, row): [number, number] => [timestamp, values[row]!]) };
    }),
  );
}

async function until<Value>(ask: () => Promise<Value | null>): Promise<Value> {
  for (const giveUpAt = performance.now() + 20_000; ; await pause(50)) {
    const value = await ask();
    if (value !== null) return value;
    if (performance.now() > giveUpAt) throw new Error("The points did not come");
  }
}

test.each([0, 1_000_000])("the client of InfluxDB 2 writes its points, compressed from %d bytes on", async (gzipThreshold) => {
  const measurement = `v2 ${gzipThreshold}`;
  const writer = new InfluxDB({ url: system.url, token: system.apiKey }).getWriteApi("any org", "any bucket", "ns", {
    gzipThreshold,
    maxRetries: 0,
  });
  const count = 2_000;
  for (let row = 0; row < count; row++) {
    const at = `${FROM + row * 1_000}000001`;
    writer.writePoint(
      new Point(measurement)
        .tag("host name", hostname() || "a")
        .floatField("load", row / 8)
        .intField("n", row)
        .stringField("note", 'a "note", of\nlines')
        .timestamp(at),
    );
  }
  await writer.close();
  // The client does not wait for what it began to send before.
  const [load] = await until(async () => {
    const series = await pointsOf(`v2_${gzipThreshold}.load`);
    return series[0]?.points.length === count ? series : null;
  });
  expect(load!.points).toEqual(Array.from({ length: count }, (_, row) => [FROM + row * 1_000, row / 8]));
  expect(Object.keys(load!.dimensions)).toEqual(["host_name"]);
  const [n] = await pointsOf(`v2_${gzipThreshold}.n`);
  expect(n!.points.at(-1)).toEqual([FROM + (count - 1) * 1_000, count - 1]);
});

test("the client of InfluxDB 1 makes its database and writes its points", async () => {
  const { hostname: host, port } = new URL(system.url);
  const schema = [{ measurement: "v1", fields: { load: FieldType.FLOAT, busy: FieldType.BOOLEAN }, tags: ["host"] }];
  const influx = new InfluxDB1({ host, port: Number(port), database: "telegraf", username: "anybody", password: system.apiKey, schema });
  expect(await influx.ping(5_000)).toMatchObject([{ online: true, version: expect.stringMatching(/^1\.8\./) }]);
  await influx.createDatabase("telegraf");
  await influx.writePoints(
    Array.from({ length: 100 }, (_, row) => ({
      measurement: "v1",
      tags: { host: "a b" },
      fields: { load: row, busy: row % 2 === 0 },
      timestamp: new Date(FROM + row * 60_000),
    })),
  );
  expect(await pointsOf("v1.load")).toEqual([
    { dimensions: { host: "a b" }, points: Array.from({ length: 100 }, (_, row) => [FROM + row * 60_000, row]) },
  ]);
  const [busy] = await pointsOf("v1.busy");
  expect(busy!.points.slice(0, 2).map(([, value]) => value)).toEqual([1, 0]);
  await expect(influx.query("SELECT * FROM v1")).rejects.toThrow("CREATE DATABASE alone");
});

test("a key in the query is taken, and is in nothing that the system prints", async () => {
  const { apiKey } = await createClient(system.url, system.apiKey).call<{ apiKey: string }>("POST", "/api/v1/keys", {
    name: "writer",
    scopes: ["write"],
  });
  const send = (p: string, body: string) => fetch(`${system.url}/write?db=x&u=anybody&p=${p}`, { method: "POST", body });
  expect((await send(apiKey, "p v=1")).status).toBe(204);
  expect((await send(apiKey, "p v=x")).status).toBe(400);
  expect((await send(`${apiKey}x`, "p v=1")).status).toBe(401);
  expect(system.output()).not.toContain(apiKey);
  expect(await pointsOf("p.v")).toMatchObject([{ dimensions: {} }]);
});
