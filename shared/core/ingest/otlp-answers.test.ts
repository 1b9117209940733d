import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeOtlp } from "../../testing/otlp.ts";
import { encodeExportResponse, encodeStatus } from "./otlp-answers.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 400 });

test("protobufjs reads an answer of any count and message as JSON has it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), text, (rejectedDataPoints, errorMessage) => {
      const [protobuf, json] = (["protobuf", "json"] as const).map((encoding) =>
        encodeExportResponse(encoding, { rejectedDataPoints, errorMessage }),
      );
      expect(decodeOtlp("ExportMetricsServiceResponse", protobuf!.body as Uint8Array)).toEqual(JSON.parse(json!.body as string));
      expect(JSON.parse(json!.body as string)).toEqual({
        partialSuccess: { rejectedDataPoints: String(rejectedDataPoints), errorMessage },
      });
    }),
  );
});

test("an answer of which nothing was rejected has no members", () => {
  expect(encodeExportResponse("protobuf", null)).toEqual({ contentType: "application/x-protobuf", body: Buffer.alloc(0) });
  expect(encodeExportResponse("json", null)).toEqual({ contentType: "application/json", body: "{}" });
});

test.each([
  [400, 3],
  [401, 16],
  [415, 3],
  [429, 8],
  [500, 13],
  [503, 14],
])("the status %d has gRPC's code %d in both encodings", (status, code) => {
  fc.assert(
    fc.property(text, (message) => {
      expect(decodeOtlp("Status", encodeStatus("protobuf", status, message).body as Uint8Array)).toEqual({ code, message });
      expect(JSON.parse(encodeStatus("json", status, message).body as string)).toEqual({ code, message });
    }),
  );
});
