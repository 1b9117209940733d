import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { Series } from "../shared/contract/series.ts";
import { startLocalSystem } from "../shared/testing/local-system.ts";
import type { LocalSystem } from "../shared/testing/local-system.ts";
import { createClient } from "../tools/dev/client.ts";

// OpenTelemetry's own SDK measures a small shop and exports what it has, twice, with each of its exporters over HTTP.

const HOUR_MS = 3_600_000;

/** Measures and exports. @throws Error when an export fails. */
async function measure(service: string, exporter: PushMetricExporter): Promise<void> {
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.instance.id": "one", "host.name": "here" }),
    readers: [
      new PeriodicExportingMetricReader({ exporter: failing(exporter), exportIntervalMillis: HOUR_MS, exportTimeoutMillis: 10_000 }),
    ],
    views: [{ instrumentName: "shop.size", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter("shop");
  const orders = meter.createCounter("shop.orders", { unit: "{order}" });
  const queue = meter.createUpDownCounter("shop.queue");
  const latency = meter.createHistogram("shop.latency", { unit: "ms", advice: { explicitBucketBoundaries: [10, 20, 40] } });
  const size = meter.createHistogram("shop.size", { unit: "By" });
  const temperature = meter.createGauge("shop.temperature", { unit: "Cel" });
  for (const round of [1, 2]) {
    orders.add(3 * round, { region: "eu", paid: true });
    queue.add(round === 1 ? 5 : -2);
    for (const ms of [4, 12, 12, 30]) latency.record(ms);
    for (const bytes of [1, 2, 4, 64]) size.record(bytes);
    temperature.record(20.5 + round);
    // Both export.
    await (round === 1 ? provider.forceFlush() : provider.shutdown());
  }
}

const failures: unknown[] = [];
/** Remembers what an exporter says: the SDK logs it, and goes on. */
function failing(exporter: PushMetricExporter): PushMetricExporter {
  const exportMetrics = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    exportMetrics(metrics, (result) => {
      if (result.error !== undefined) failures.push(result.error);
      done(result);
    });
  return exporter;
}

let system: LocalSystem;
const client = () => createClient(system.url, system.apiKey);
/** The values of a service's series, by their times. */
async function valuesOf(service: string, metricKey: string, more: Readonly<Record<string, string>> = {}) {
  const { items } = await client().call<{ items: Series[] }>("GET", `/api/v1/series?metricKey=${metricKey}&limit=1000`);
  const dimensions = { "service.name": service, "service.instance.id": "one", ...more };
  const series = items.find((one) => JSON.stringify(sorted(one.dimensions)) === JSON.stringify(sorted(dimensions)));
  if (series === undefined)
    throw new Error(`${metricKey} of ${service} is not among ${JSON.stringify(items.map((one) => one.dimensions))}`);
  const { values } = await client().call<{ values: number[] }>("GET", `/api/v1/series/${series.id}/points`);
  return { kind: series.kind, unit: series.unit, values };
}
const sorted = (dimensions: Readonly<Record<string, string>>) => Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));

beforeAll(async () => {
  system = await startLocalSystem({ args: ["--only", "ingest"] });
  const { url, apiKey, dataDir } = system;
  const headers = { "X-API-Key": apiKey };
  const compression = CompressionAlgorithm.GZIP;
  const temporalityPreference = AggregationTemporality.DELTA;

  process.env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = `${url}/v1/metrics`;
  process.env["OTEL_EXPORTER_OTLP_METRICS_HEADERS"] = `X-API-Key=${apiKey}`;
  await measure("by-environment", new ProtobufExporter());
  delete process.env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
  delete process.env["OTEL_EXPORTER_OTLP_METRICS_HEADERS"];

  const below = `${url}/api/v1/otlp/v1/metrics`;
  await measure("protobuf", new ProtobufExporter({ url: below, headers, compression, temporalityPreference }));
  await measure("json", new JsonExporter({ url: `${url}/v1/metrics`, headers }));
  await measure("json-gzip", new JsonExporter({ url: below, headers, compression, temporalityPreference }));

  await system.stop();
  system = await startLocalSystem({ dataDir });
}, 120_000);
afterAll(() => system.remove());

test("no export fails, and nothing is rejected", async () => {
  expect(failures).toEqual([]);
  expect((await client().call<{ items: unknown[] }>("GET", "/api/v1/dead-letters")).items).toEqual([]);
});

describe.each([
  ["by-environment", "counter", "protobuf, set up by environment variables alone"],
  ["json", "counter", "JSON"],
  ["protobuf", "delta", "protobuf, gzip, deltas"],
  ["json-gzip", "delta", "JSON, gzip, deltas"],
])("%s (%s): %s", (service, kind) => {
  const soFar = (first: number, second: number) => (kind === "counter" ? [first, first + second] : [first, second]);

  test("a counter counts on or comes in parts, under its attributes", async () => {
    expect(await valuesOf(service, "shop.orders", { region: "eu", paid: "true" })).toEqual({ kind, unit: "{order}", values: soFar(3, 6) });
  });

  test("what goes up and down is a gauge, and so is a gauge", async () => {
    // The SDK sends what goes up and down as its level, also where it sends deltas of counters.
    expect(await valuesOf(service, "shop.queue")).toEqual({ kind: "gauge", unit: null, values: [5, 3] });
    expect(await valuesOf(service, "shop.temperature")).toEqual({ kind: "gauge", unit: "Cel", values: [21.5, 22.5] });
  });

  test("a histogram is count, sum, extremes and quantiles", async () => {
    expect(await valuesOf(service, "shop.latency.count")).toEqual({ kind, unit: null, values: soFar(4, 4) });
    expect(await valuesOf(service, "shop.latency.sum")).toEqual({ kind, unit: "ms", values: soFar(58, 58) });
    expect((await valuesOf(service, "shop.latency.min")).values).toEqual([4, 4]);
    expect((await valuesOf(service, "shop.latency.max")).values).toEqual([30, 30]);
    expect(await valuesOf(service, "shop.latency", { quantile: "0.5" })).toEqual({ kind: "gauge", unit: "ms", values: [15, 15] });
  });

  test("so is an exponential one, its quantiles within a bucket of the values", async () => {
    expect((await valuesOf(service, "shop.size.sum")).values).toEqual(soFar(71, 71));
    const [median] = (await valuesOf(service, "shop.size", { quantile: "0.5" })).values;
    expect(Math.abs(median! / 2 - 1)).toBeLessThan(0.05);
    const [most] = (await valuesOf(service, "shop.size", { quantile: "0.99" })).values;
    expect(Math.abs(most! / 64 - 1)).toBeLessThan(0.05);
  });
});
