import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { BODY_LIMITS } from "../../shared/runtime/body.ts";
import type { BodyLimits } from "../../shared/runtime/body.ts";
import { frameworkServer } from "../../shared/runtime/entry.ts";
import type { Close, Handler } from "../../shared/runtime/entry.ts";
import { handlerOf } from "../../shared/runtime/handlers.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import { decodeOtlp } from "../../shared/testing/otlp.ts";
import { gateway } from "../../tools/dev/gateway.ts";
import { manifest } from "../manifest.ts";
import ingestHttp from "./http.ts";

// What is refused while its body is read, over a real connection: whoever writes to a door reads its protocol's words all the same.

const LIMITS = { ...BODY_LIMITS, wireBytes: 16_000, heldBytes: 2 ** 20 };

let harness: Harness;
let close: Close;
let port: number;
let behind: Handler;
beforeEach(async () => {
  harness = await startHarness();
  const { runtime } = startHttp(harness);
  const { trigger } = manifest["ingest"]!;
  behind = gateway(
    [{ paths: trigger.kind === "http" ? trigger.paths : [], handler: handlerOf("ingest", ingestHttp, runtime) }],
    handlerOf("gateway", { kind: "http", routes: [] }, runtime),
  );
});
afterEach(async () => {
  await close(0);
  harness.close();
});

async function serve(handler: Handler, limits: BodyLimits = LIMITS, onError: (error: unknown) => void = () => {}): Promise<void> {
  const started = frameworkServer("under-test", handler, { limits, onError });
  close = started.close;
  await once(started.server.listen(0, "127.0.0.1"), "listening");
  port = (started.server.address() as AddressInfo).port;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends a request's head and some bytes of its body, never ends, and reads one answer. */
async function exchange(target: string, headers: readonly string[], body: Uint8Array | string): Promise<Answer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
  socket.write([`POST ${target} HTTP/1.1`, "Host: t", ...headers, "", ""].join("\r\n"));
  socket.write(body);
  let raw = Buffer.alloc(0);
  for await (const bytes of socket) {
    raw = Buffer.concat([raw, bytes as Buffer]);
    const end = raw.indexOf("\r\n\r\n");
    if (end === -1) continue;
    const [first, ...lines] = raw.subarray(0, end).toString().split("\r\n");
    const answered = Object.fromEntries(lines.map((line) => [line.split(": ", 1)[0]!.toLowerCase(), line.slice(line.indexOf(": ") + 2)]));
    const rest = raw.subarray(end + 4);
    if (rest.length < Number(answered["content-length"])) continue;
    return { status: Number(first!.split(" ")[1]), headers: answered, body: rest };
  }
  throw new Error(`No whole answer came: ${raw.toString()}`);
}

const zeros = gzipSync(Buffer.alloc(2 ** 20 + 1));
const noise = createHash("shake256", { outputLength: 13_000 }).digest();
const large = gzipSync(Buffer.concat([noise, Buffer.alloc(2 ** 20 + 2 ** 17)]));
/** One more than comes: the client goes on sending. */
const sized = (bytes: Uint8Array) => `Content-Length: ${bytes.length + 1}`;
const chunk = (bytes: string) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;

const LATE = "that does not come";
/** What is wrong with the body, the status by which a client knows whether to send it again, and what it is told. */
const REFUSALS: readonly (readonly [string, readonly string[], Uint8Array | string, number, RegExp])[] = [
  ["declared over the wire's limit", ["Content-Length: 16001"], "", 413, /over 16000 bytes as sent/],
  ["sent over the wire's limit", ["Transfer-Encoding: chunked"], chunk("x".repeat(16_001)), 413, /over 16000 bytes as sent/],
  ["inflating beyond the ratio", ["Content-Encoding: gzip", sized(zeros)], zeros, 413, /more than 100 times/],
  ["for which there is no memory", ["Content-Encoding: gzip", sized(large)], large, 503, /Too many large requests/],
  ["of broken gzip", ["Content-Encoding: gzip", "Content-Length: 90"], "no gzip", 400, /valid gzip/],
  ["of an unknown encoding", ["Content-Encoding: lzma", "Content-Length: 9"], "", 415, /encoding is not taken/],
  [LATE, ["Content-Length: 9"], "half", 408, /longer than 100 ms/],
  ["in chunks that are none", ["Transfer-Encoding: chunked"], "zz\r\n", 400, /not valid HTTP/],
];

interface Door {
  readonly target: string;
  readonly type: string;
  readonly answerType: string;
  /** What the protocol's client reads of the answer, after checking all beside. */
  message(answer: Answer): string;
}

const json = ({ body }: Answer) => JSON.parse(body.toString()) as Record<string, unknown>;
const GRPC: Readonly<Record<number, number>> = { 400: 3, 413: 8, 415: 3, 503: 14 };
const plain = ({ body }: Answer) => {
  expect(body.toString().split("\n")).toHaveLength(2);
  return body.toString();
};

const DOORS: Readonly<Record<string, Door>> = {
  "remote_write 1.0": { target: "/api/v1/write", type: "application/x-protobuf", answerType: "text/plain; charset=utf-8", message: plain },
  "remote_write 2.0": {
    target: "/api/v1/write",
    type: "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    answerType: "text/plain; charset=utf-8",
    message(answer) {
      expect(answer.headers).toMatchObject({ "x-prometheus-remote-write-samples-written": "0" });
      return plain(answer);
    },
  },
  "OTLP in protobuf": {
    target: "/v1/metrics",
    type: "application/x-protobuf",
    answerType: "application/x-protobuf",
    message({ status, body }) {
      const { code, message } = decodeOtlp("Status", body) as { code: number; message: string };
      expect(code).toBe(GRPC[status]);
      return message;
    },
  },
  "OTLP in JSON, below our base": {
    target: "/api/v1/otlp/v1/metrics",
    type: "application/json; charset=utf-8",
    answerType: "application/json",
    message(answer) {
      expect(json(answer)["code"]).toBe(GRPC[answer.status]);
      return String(json(answer)["message"]);
    },
  },
  "InfluxDB 1": {
    target: "/write?db=x",
    type: "text/plain",
    answerType: "application/json; charset=utf-8",
    message(answer) {
      expect(Object.keys(json(answer))).toEqual(["error"]);
      expect(answer.headers["x-influxdb-error"]).toBe(json(answer)["error"]);
      return String(json(answer)["error"]);
    },
  },
  "InfluxDB 2, by a proxy": {
    target: "http://proxy.example/api/v2/write?bucket=x",
    type: "text/plain",
    answerType: "application/json; charset=utf-8",
    message(answer) {
      const codes: Readonly<Record<number, string>> = {
        400: "invalid",
        413: "request too large",
        415: "invalid",
        503: "unavailable",
      };
      expect(json(answer)).toEqual({ code: codes[answer.status], message: expect.any(String) });
      return String(json(answer)["message"]);
    },
  },
  "our own JSON": {
    target: "/api/v1/ingest",
    type: "application/json",
    answerType: "application/problem+json",
    message(answer) {
      expect(json(answer)).toMatchObject({ status: answer.status, instance: "/api/v1/ingest" });
      return String(json(answer)["detail"]);
    },
  },
};

describe.each(Object.entries(DOORS))("%s", (_name, { target, type, answerType, message }) => {
  test.each(REFUSALS)("a body %s is refused in the protocol's words", async (what, headers, body, unlessDoor, told) => {
    const isLate = what === LATE;
    await serve(behind, isLate ? { ...LIMITS, timeoutMs: 100 } : LIMITS);
    // A 408 makes the protocols' clients throw their points away.
    const status = isLate && target !== "/api/v1/ingest" ? 503 : unlessDoor;
    const answer = await exchange(target, [`Content-Type: ${type}`, "X-Request-Id: req-1", ...headers], body);
    expect(answer).toMatchObject({ status, headers: { "content-type": answerType, "x-request-id": "req-1", connection: "close" } });
    expect(answer.headers["accept-encoding"]).toEqual(status === 415 ? expect.stringContaining("gzip") : undefined);
    expect(answer.headers["retry-after"]).toEqual(status === 503 ? "1" : undefined);
    expect(message(answer)).toMatch(told);
  });
});

test("a path that no function takes is answered as a problem, and so is a door's path with another method", async () => {
  await serve(behind);
  expect(await exchange("/nowhere", ["Content-Length: 16001"], "")).toMatchObject({
    status: 413,
    headers: { "content-type": "application/problem+json" },
  });
  expect(await exchange("/ping", ["Content-Length: 16001"], "")).toMatchObject({
    status: 413,
    headers: { "content-type": "application/problem+json" },
  });
});

test("a handler that fails at its own words is told of, and a problem is answered", async () => {
  const told: unknown[] = [];
  const failing = Object.assign(async () => undefined, {
    refuse() {
      throw new Error("no words");
    },
  });
  await serve(failing, LIMITS, (error) => told.push(error));
  const answer = await exchange("/x", ["Content-Length: 16001"], "");
  expect([answer.status, json(answer)["detail"]]).toEqual([413, expect.stringContaining("over 16000 bytes")]);
  expect(told).toMatchObject([{ message: "no words" }, { kind: "too-large" }]);
});
