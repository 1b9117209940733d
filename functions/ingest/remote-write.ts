import { Problem, PROBLEMS } from "../../shared/contract/problem.ts";
import { nameSeries } from "../../shared/core/ingest/names.ts";
import type { SeriesName } from "../../shared/core/ingest/names.ts";
import { keptOf, openIntake } from "../../shared/core/ingest/intake.ts";
import type { Intake } from "../../shared/core/ingest/intake.ts";
import { kindOf, namesOfFamily, readLabels, readWriteRequest, readWriteRequest2 } from "../../shared/core/ingest/remote-write.ts";
import type { Labels, Samples } from "../../shared/core/ingest/remote-write.ts";
import { MAX_DECODED_BYTES, uncompress } from "../../shared/core/ingest/snappy.ts";
import { MalformedWire, TooManyParts } from "../../shared/core/ingest/wire.ts";
import type { Result } from "../../shared/core/result.ts";
import type { NamedSeries } from "../../shared/core/series/batch.ts";
import type { SeriesStore } from "../../shared/ports/points.ts";
import { door } from "../../shared/runtime/route.ts";
import type { DoorRequest } from "../../shared/runtime/route.ts";
import { takeIn, tellRejected } from "./take-in.ts";

const VERSION_1 = "prometheus.WriteRequest";
const VERSION_2 = "io.prometheus.write.v2.Request";

export const remoteWrite = door({
  method: "POST",
  path: "/api/v1/write",
  summary: "Prometheus remote_write, 1.0 and 2.0",
  scope: "write",
  takes: [`application/x-protobuf;proto=${VERSION_1}`, `application/x-protobuf;proto=${VERSION_2}`],
  answers: { 204: "All samples are taken in" },
  problems: [],

  async handle(request, context, deps) {
    const version = versionOf(request);
    const message = await uncompressed(request);
    const { series } = deps.store.forOrg(context.org);
    const now = deps.clock.now();

    const brought = version === VERSION_1 ? await readVersion1(message, series, now) : readVersion2(message, series, now);
    const intake = await takeIn("remote_write", brought, context, deps);
    const headers = version === VERSION_1 ? {} : written(intake.points.timestamps.length);
    if (intake.rejections === 0) return { status: 204, headers, body: null };
    // Never a success on a part: 400 has the sender count the rest as lost, and not send it again.
    return { status: 400, headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" }, body: `${tellRejected(intake)}\n` };
  },

  refuse: ({ kind, detail }, { headers }) => ({
    status: PROBLEMS[kind].status,
    headers: { "Content-Type": "text/plain; charset=utf-8", ...(headers["content-type"]?.includes(VERSION_2) ? written(0) : {}) },
    body: `${detail}\n`,
  }),
});

const written = (samples: number): Readonly<Record<string, string>> => ({
  "X-Prometheus-Remote-Write-Samples-Written": String(samples),
  "X-Prometheus-Remote-Write-Histograms-Written": "0",
  "X-Prometheus-Remote-Write-Exemplars-Written": "0",
});

/** The message that the content type names; without a name it is that of 1.0. */
function versionOf({ headers }: DoorRequest): typeof VERSION_1 | typeof VERSION_2 {
  const [type, ...parameters] = (headers["content-type"] ?? "").split(";").map((part) => part.trim());
  const message = parameters.find((parameter) => parameter.startsWith("proto="))?.slice("proto=".length) ?? VERSION_1;
  if (type !== "application/x-protobuf" || (message !== VERSION_1 && message !== VERSION_2)) {
    throw new Problem("unsupported-media-type", `Send application/x-protobuf, of ${VERSION_1} or ${VERSION_2}.`);
  }
  return message;
}

async function uncompressed({ headers, body }: DoorRequest): Promise<Uint8Array> {
  if (headers["content-encoding"] !== "snappy") return body;
  const message = await uncompress(body);
  if (message.ok) return message.value;
  throw message.error === "too-large"
    ? new Problem("too-large", `The body is over ${MAX_DECODED_BYTES} bytes when it is uncompressed.`)
    : new Problem("malformed-request", "The body is not a block of snappy.");
}

async function readVersion1(message: Uint8Array, store: SeriesStore, now: number): Promise<Intake> {
  const request = readOrRefuse(() => readWriteRequest(message));
  const { intake, ...gather } = openIntake(now);
  gatherSamples(
    request,
    gather,
    (place) => store.resolveEncoded(request.labels[place]!, nameEncoded),
    (place) => readableLabels(request.labels[place]!),
  );
  // A family's metadata comes on its own, every minute: it is for all series that the family has.
  const described = new Map<string, Parameters<SeriesStore["describe"]>[0][number]>();
  for (const metadata of request.metadata) {
    for (const { name, kind } of namesOfFamily(metadata)) {
      const named = nameSeries(name, []);
      if (!named.ok) continue;
      const { metricKey } = named.value;
      described.set(metricKey, { metricKey, kind, unit: metadata.unit === "" ? null : metadata.unit });
    }
  }
  await store.describe([...described.values()]);
  return intake;
}

function readVersion2(message: Uint8Array, store: SeriesStore, now: number): Intake {
  const request = readOrRefuse(() => readWriteRequest2(message));
  const { intake, ...gather } = openIntake(now);
  const resolve = (place: number): Result<NamedSeries, string> => {
    const named = nameLabels(request.labels[place]!);
    if (!named.ok) return named;
    const series = store.resolve(named.value.metricKey, named.value.dimensions);
    const { type, unit } = request.metadata[place]!;
    gather.describe(series, kindOf(type, named.value.metricKey), unit);
    return { ok: true, value: series };
  };
  gatherSamples(request, gather, resolve, (place) => request.labels[place]!);
  return intake;
}

function gatherSamples(
  { counts, timestamps, values, histograms }: Samples,
  { add, reject }: Omit<ReturnType<typeof openIntake>, "intake">,
  resolve: (place: number) => Result<NamedSeries, string>,
  labelsOf: (place: number) => Labels,
): void {
  let row = 0;
  for (let place = 0; place < counts.length; place++) {
    const end = row + counts[place]!;
    const series = resolve(place);
    if (series.ok) for (; row < end; row++) add(series.value, timestamps[row]!, values[row]!);
    else if (row < end) {
      const labels = keptOf(labelsOf(place));
      for (; row < end; row++) reject(series.error, { labels, timestamp: timestamps[row], value: values[row] });
    }
    if (histograms[place]! > 0) reject("Native histograms are not taken in: send classic ones too", { labels: keptOf(labelsOf(place)) });
  }
}

function readOrRefuse<Request>(read: () => Request): Request {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedWire) throw new Problem("malformed-request", `The body cannot be read: ${error.message}.`);
    if (error instanceof TooManyParts) throw new Problem("too-large", `The body is not read: ${error.message}.`);
    throw error;
  }
}

function nameEncoded(labels: Uint8Array): Result<SeriesName, string> {
  try {
    return nameLabels(readLabels(labels));
  } catch (error) {
    if (error instanceof MalformedWire) return { ok: false, error: error.message };
    throw error;
  }
}

/** The labels, or, where they cannot be read, their bytes as one text. */
function readableLabels(labels: Uint8Array): Labels {
  try {
    return readLabels(labels);
  } catch (error) {
    if (error instanceof MalformedWire) return [["", Buffer.from(labels).toString("latin1")]];
    throw error;
  }
}

function nameLabels(labels: Labels): Result<SeriesName, string> {
  const metric = labels.find(([name]) => name === "__name__")?.[1] ?? "";
  return nameSeries(
    metric,
    labels.filter(([name]) => name !== "__name__"),
  );
}
