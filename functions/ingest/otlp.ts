import { Problem, PROBLEMS } from "../../shared/contract/problem.ts";
import { openIntake } from "../../shared/core/ingest/intake.ts";
import { readOtlpJson, readOtlpProtobuf } from "../../shared/core/ingest/otlp.ts";
import { encodeExportResponse, encodeStatus } from "../../shared/core/ingest/otlp-answers.ts";
import type { EncodedAnswer, OtlpEncoding } from "../../shared/core/ingest/otlp-answers.ts";
import { gatherOtlp } from "../../shared/core/ingest/otlp-points.ts";
import { door } from "../../shared/runtime/route.ts";
import type { DoorAnswer, DoorRequest } from "../../shared/runtime/route.ts";
import { takeIn, tellRejected } from "./take-in.ts";

const ENCODINGS: Readonly<Record<string, OtlpEncoding>> = { "application/x-protobuf": "protobuf", "application/json": "json" };

const otlp = (path: string) =>
  door({
    method: "POST",
    path,
    summary: "OpenTelemetry metrics: OTLP over HTTP, in protobuf or JSON",
    scope: "write",
    takes: Object.keys(ENCODINGS),
    answers: { 200: "What could be taken in is; partialSuccess says what could not" },
    problems: [],

    async handle(request, context, deps) {
      const encoding = encodingOf(request);
      if (encoding === undefined) {
        throw new Problem("unsupported-media-type", `Send ${Object.keys(ENCODINGS).join(" or ")}, plain or compressed.`);
      }
      const read = encoding === "json" ? readOtlpJson(request.json()) : readOtlpProtobuf(request.body);
      if (!read.ok) {
        const { reason, message } = read.error;
        throw new Problem(reason === "too-large" ? "too-large" : "malformed-request", `The body is not read: ${message}.`);
      }
      const gather = openIntake(deps.clock.now());
      const refused = gatherOtlp(read.value, gather, deps.store.forOrg(context.org).series.resolve);
      const intake = await takeIn("otlp", gather.intake, context, deps);
      const rejectedDataPoints = refused + intake.rejections - gather.intake.rejections;
      const partial = rejectedDataPoints === 0 ? null : { rejectedDataPoints, errorMessage: tellRejected(intake) };
      return answer(200, encodeExportResponse(encoding, partial));
    },

    refuse({ kind, detail }, request) {
      const { status } = PROBLEMS[kind];
      return answer(status, encodeStatus(typeOf(request) ?? "json", status, detail));
    },
  });

/** Where exporters of OpenTelemetry send to by default, and where Prometheus takes OTLP, below our own base. */
export const otlpMetrics = otlp("/v1/metrics");
export const otlpMetricsBelowApi = otlp("/api/v1/otlp/v1/metrics");

/** How the body is to be read. One whose encoding is left as it came is none that is read here. */
const encodingOf = (request: DoorRequest): OtlpEncoding | undefined =>
  request.headers["content-encoding"] === "snappy" ? undefined : typeOf(request);

/** What the content type names, without its parameters. */
const typeOf = ({ headers }: DoorRequest): OtlpEncoding | undefined =>
  ENCODINGS[(headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()];

const answer = (status: number, { contentType, body }: EncodedAnswer): DoorAnswer => ({
  status,
  headers: { "Content-Type": contentType },
  body,
});
