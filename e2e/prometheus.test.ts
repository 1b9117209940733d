import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Series } from "../shared/contract/series.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { freePort } from "../shared/testing/programs.ts";
import { hasPrometheus, PROMETHEUS_MISSING, startPrometheus } from "../shared/testing/prometheus.ts";
import type { Prometheus } from "../shared/testing/prometheus.ts";
import { createClient } from "../tools/dev/client.ts";

// Prometheus itself scrapes a small exporter and writes what it finds to us, while we are killed and started again.

const PATIENCE_MS = 30_000;

/** An exporter that counts its scrapes, so that each value says which scrape it came from. */
async function startExporter(): Promise<{ target: string; scrapes(): number; goAway(): void; stop(): Promise<void> }> {
  let [scrapes, gone] = [0, false];
  const server: Server = createServer((_request, response) => {
    if (gone) {
      response.writeHead(503).end();
      return;
    }
    scrapes += 1;
    response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4" }).end(`
# TYPE shop_orders_total counter
shop_orders_total{region="eu"} ${scrapes}
# TYPE shop_queue_length gauge
shop_queue_length ${100 - scrapes}
# TYPE shop_latency_seconds histogram
shop_latency_seconds_bucket{le="0.1"} ${scrapes}
shop_latency_seconds_bucket{le="+Inf"} ${2 * scrapes}
shop_latency_seconds_sum ${scrapes / 8}
shop_latency_seconds_count ${2 * scrapes}
`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    scrapes: () => scrapes,
    goAway: () => void (gone = true),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

if (!hasPrometheus()) process.stdout.write(`${PROMETHEUS_MISSING}\n`);

(hasPrometheus() ? describe : describe.skip)("Prometheus", () => {
  let exporter: Awaited<ReturnType<typeof startExporter>>;
  let prometheus: Prometheus;
  let system: LocalSystem;
  beforeAll(async () => {
    exporter = await startExporter();
    const env = { PORT: String(await freePort()) };
    system = await startLocalSystem({ env });
    const { url, apiKey, dataDir } = system;
    prometheus = await startPrometheus({ target: exporter.target, url: `${url}/api/v1/write`, apiKey });
    await until(async () => (await valuesOf("shop_orders_total")).length >= 3);
    await system.kill();
    await until(async () => exporter.scrapes() >= 6);
    system = await startLocalSystem({ env, dataDir });
    await until(async () => exporter.scrapes() >= 9);
    exporter.goAway();
    await until(async () => (await valuesOf("shop_orders_total")).length >= exporter.scrapes());
    await until(async () => (await seriesOf("shop_latency_seconds_count"))[0]?.kind === "counter");
  }, 120_000);
  afterAll(async () => {
    await prometheus.stop();
    await system.remove();
    await exporter.stop();
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (const giveUpAt = performance.now() + PATIENCE_MS; !(await holds()); await pause(100))
      if (performance.now() > giveUpAt) throw new Error(`It did not come: ${holds.toString()}\n${prometheus.log()}`);
  }
  const client = () => createClient(system.url, system.apiKey);
  const seriesOf = async (metricKey: string) =>
    (await client().call<{ items: Series[] }>("GET", `/api/v1/series?metricKey=${metricKey}`)).items;
  const valuesOf = async (metricKey: string, place = 0) => {
    const series = (await seriesOf(metricKey))[place];
    return series === undefined ? [] : (await client().call<{ values: number[] }>("GET", `/api/v1/series/${series.id}/points`)).values;
  };

  test("brings every scrape, in order and once, also those that it made while we were away", async () => {
    const every = Array.from({ length: exporter.scrapes() }, (_, scrape) => scrape + 1);
    expect(await valuesOf("shop_orders_total")).toEqual(every);
    expect(await valuesOf("shop_queue_length")).toEqual(every.map((scrape) => 100 - scrape));
    expect(await valuesOf("shop_latency_seconds_sum")).toEqual(every.map((scrape) => scrape / 8));
  });

  test("says what kind its series are, and ends a series with a marker that is no point", async () => {
    expect(await seriesOf("shop_orders_total")).toMatchObject([
      { kind: "counter", dimensions: { job: "shop", instance: exporter.target, region: "eu" } },
    ]);
    expect(await seriesOf("shop_queue_length")).toMatchObject([{ kind: "gauge" }]);
    const bounds = (await seriesOf("shop_latency_seconds_bucket")).map(({ dimensions }) => dimensions["le"]);
    expect(new Set(bounds)).toEqual(new Set(["+Inf", "0.1"]));
    expect((await client().call<{ items: unknown[] }>("GET", "/api/v1/dead-letters")).items).toEqual([]);
  });
});
