import { compressSync } from "snappy";
import { isoTime } from "../../shared/contract/time.ts";
import { encodeMessage, WriteRequest } from "../../shared/testing/remote-write.ts";
import type { Door } from "./sending.ts";
import { SERIES } from "./workload.ts";

const metricNameOf = (metricKey: string): string => metricKey.replaceAll(".", "_");
const HEADS = SERIES.map(
  ({ metricKey, dimensions }) => `{"metricKey":"${metricKey}","dimensions":${JSON.stringify(dimensions)},"timestamp":"`,
);
const LABELS = SERIES.map(({ metricKey, dimensions }) => ({ __name__: metricNameOf(metricKey), ...dimensions }));
const LABEL_LISTS = LABELS.map((labels) => Object.entries(labels).map(([name, value]) => ({ name, value })));

/** Our own JSON. */
export const json = (apiKey: string): Door => ({
  path: "/api/v1/ingest",
  headers: { "X-API-Key": apiKey, "Content-Type": "application/json" },
  bodyOf({ timestamp, values }) {
    const time = isoTime(timestamp);
    return `{"metrics":[${HEADS.map((head, index) => `${head}${time}","value":${values[index]!}}`).join(",")}]}`;
  },
  isTaken: (_status, answer) => (JSON.parse(answer) as { accepted?: number }).accepted === SERIES.length,
});

/** Prometheus remote_write 1.0, as ours and VictoriaMetrics take it. */
export const remoteWrite = (headers: Readonly<Record<string, string>>): Door => ({
  path: "/api/v1/write",
  headers: {
    ...headers,
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
  },
  bodyOf({ timestamp, values }) {
    const timeseries = LABEL_LISTS.map((labels, index) => ({ labels, samples: [{ value: values[index]!, timestamp }] }));
    return compressSync(Buffer.from(encodeMessage(WriteRequest, { timeseries })));
  },
  isTaken: (status) => status === 204,
});

/** The JSON that VictoriaMetrics takes: a line a series. */
export const victoriaJson: Door = {
  path: "/api/v1/import",
  headers: { "Content-Type": "application/json" },
  bodyOf: ({ timestamp, values }) =>
    LABELS.map((metric, index) => JSON.stringify({ metric, values: [values[index]!], timestamps: [timestamp] })).join("\n"),
  isTaken: (status) => status === 204,
};
