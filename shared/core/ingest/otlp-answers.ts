/** How a request came, and so how its answer goes. */
export type OtlpEncoding = "protobuf" | "json";

export interface EncodedAnswer {
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

/**
 * Encodes an ExportMetricsServiceResponse.
 *
 * @param partial - What was rejected; null: nothing, and then the message has no member.
 * @see https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
export function encodeExportResponse(
  encoding: OtlpEncoding,
  partial: { readonly rejectedDataPoints: number; readonly errorMessage: string } | null,
): EncodedAnswer {
  if (encoding === "json") {
    // An int64 is a text in JSON.
    const partialSuccess = partial && { ...partial, rejectedDataPoints: String(partial.rejectedDataPoints) };
    return asJson(partialSuccess === null ? {} : { partialSuccess });
  }
  if (partial === null) return asProtobuf(Buffer.alloc(0));
  return asProtobuf(bytesField(1, Buffer.concat([integerField(1, partial.rejectedDataPoints), textField(2, partial.errorMessage)])));
}

/** The codes of gRPC that are told with an HTTP status; others of 4xx are INVALID_ARGUMENT, others of 5xx INTERNAL. */
const CODES: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 5, 409: 10, 413: 8, 429: 8, 503: 14 };
const [INVALID_ARGUMENT, INTERNAL] = [3, 13];

/**
 * Encodes a google.rpc.Status: what a refusal says in OTLP.
 * @see https://opentelemetry.io/docs/specs/otlp/#failures-1
 */
export function encodeStatus(encoding: OtlpEncoding, httpStatus: number, text: string): EncodedAnswer {
  const code = CODES[httpStatus] ?? (httpStatus < 500 ? INVALID_ARGUMENT : INTERNAL);
  return encoding === "json" ? asJson({ code, message: text }) : asProtobuf(Buffer.concat([integerField(1, code), textField(2, text)]));
}

const asJson = (value: object): EncodedAnswer => ({ contentType: "application/json", body: JSON.stringify(value) });
const asProtobuf = (body: Uint8Array): EncodedAnswer => ({ contentType: "application/x-protobuf", body });

const integerField = (number: number, value: number): Uint8Array => Buffer.of(number << 3, ...varint(value));
const textField = (number: number, text: string): Uint8Array => bytesField(number, Buffer.from(text));
const bytesField = (number: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of((number << 3) | 2, ...varint(bytes.length)), bytes]);

/** @param value - An integer of 0 to 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}
