import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { Unavailable } from "../contract/problem.ts";

/** Why TimeGPT gave nothing, in words for whoever asked: what it answered is quoted, the key never is. */
export class TimegptFailure extends Unavailable {
  /** What is at fault: while it is the service or the key, another request fares no better. */
  readonly fault: "request" | "key" | "service";

  constructor(message: string, fault: TimegptFailure["fault"], more: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, { retryable: more.retryable ?? false, cause: more.cause });
    this.name = "TimegptFailure";
    this.fault = fault;
  }
}

export interface TimegptCallOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Unix ms. */
  readonly now: () => number;
  /** Uniform in [0, 1): for jitter. */
  readonly uniform: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** For one answer. Default 60 s. */
  readonly timeoutMs?: number;
  /** Of a body before it is compressed. Default 200 MiB. */
  readonly largestBody?: number;
}

export interface TimegptCall {
  readonly path: string;
  /** Sent as a query. */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON by POST. */
  readonly body?: { readonly model: string };
  /** Unix ms: from then on nothing is tried again. */
  readonly until: number;
}

/** Calls TimeGPT, again where that may help, and returns its JSON out of the `data` that may be around it. @throws TimegptFailure. */
export type CallTimegpt = (call: TimegptCall) => Promise<unknown>;

const MIB = 2 ** 20;
const TIMEOUT_MS = 60_000;
const LARGEST_BODY = 200 * MIB;
/** Larger bodies are compressed. */
const COMPRESSED_FROM = MIB;
const LARGEST_ANSWER = 200 * MIB;
const RETRIED: ReadonlySet<number> = new Set([408, 409, 429, 502, 503, 504]);
const ATTEMPTS = 4;
const BACKOFF_MS = 1_000;
const MOST_QUOTED = 200;
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,60}$/;

const compress = promisify(zstdCompress);

/** What one attempt came to. */
type Outcome =
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: unknown }
  | { readonly failure: TimegptFailure };

/**
 * The HTTP side of TimeGPT.
 *
 * Connections that break and 408, 409, 429, 502, 503 and 504 are tried again, four times in all, after a second, two and four (with jitter)
 * or what Retry-After says; nothing is waited for past the call's end. A time that is up is not tried again.
 * @see Nixtla's own client, whose statuses, compression and limits these are.
 */
export function createTimegptCall({ timeoutMs = TIMEOUT_MS, largestBody = LARGEST_BODY, ...options }: TimegptCallOptions): CallTimegpt {
  const { apiKey, baseUrl, now, uniform, pause } = options;
  let loaded: ReturnType<typeof load> | undefined;
  return call;

  async function call({ path, query, body, until }: TimegptCall): Promise<unknown> {
    const content = body === undefined ? null : await encode(JSON.stringify(body), largestBody);
    const request = {
      url: `${baseUrl}${path}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`,
      method: content === null ? "GET" : "POST",
      headers: { Authorization: `Bearer ${apiKey}`, ...content?.headers, ...(body === undefined ? {} : { "nixtla-model": body.model }) },
      content: content?.bytes ?? null,
    } as const;
    for (let attempt = 1; ; attempt++) {
      const outcome = await once(request, Math.min(timeoutMs, Math.max(1, until - now())));
      const failure = "failure" in outcome ? outcome.failure : failureOf(outcome, apiKey);
      if (failure === null && !("failure" in outcome)) return unwrap(outcome.body);
      const waitMs = Math.max(backoff(attempt), "failure" in outcome ? 0 : retryAfterMs(outcome.headers["retry-after"]));
      if (!failure!.retryable || attempt === ATTEMPTS || now() + waitMs >= until) throw failure!;
      await pause(waitMs);
    }
  }

  async function once(
    { url, method, headers, content }: { url: string; method: "GET" | "POST"; headers: Record<string, string>; content: Uint8Array | null },
    limitMs: number,
  ): Promise<Outcome> {
    loaded ??= load();
    const { request, agent } = await loaded;
    const signal = AbortSignal.timeout(limitMs);
    try {
      const answer = await request(url, { method, headers, body: content, signal, dispatcher: agent });
      const text = await readText(answer.body);
      return { status: answer.statusCode, headers: answer.headers, body: parseJson(text) };
    } catch (error) {
      if (error instanceof TimegptFailure) return { failure: error };
      if (signal.aborted) {
        return {
          failure: new TimegptFailure(`TimeGPT did not answer within ${Number((limitMs / 1_000).toPrecision(2))} s.`, "service", {
            cause: error,
          }),
        };
      }
      return { failure: new TimegptFailure(`TimeGPT cannot be reached (${codeOf(error)}).`, "service", { retryable: true, cause: error }) };
    }
  }

  function backoff(attempt: number): number {
    return BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + uniform() / 2);
  }

  /** Of seconds or a date; 0 when it is neither. */
  function retryAfterMs(header: unknown): number {
    if (typeof header !== "string") return 0;
    const ms = /^\d{1,9}(\.\d+)?$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now();
    return Number.isNaN(ms) ? 0 : Math.max(0, ms);
  }
}

/** The client and its connections: loaded at the first call, for it is a good part of a cold start. */
async function load() {
  const { Agent, request } = await import("undici");
  return { request, agent: new Agent({ allowH2: false, connect: { timeout: 10_000 } }) };
}

async function encode(json: string, largest: number): Promise<{ bytes: Uint8Array; headers: Record<string, string> }> {
  const bytes = Buffer.from(json);
  const headers = { "Content-Type": "application/json" };
  if (bytes.byteLength > largest) {
    const [size, limit] = [bytes.byteLength / MIB, largest / MIB].map((mib) => `${Number(mib.toPrecision(3))} MiB`);
    throw new TimegptFailure(`The request would take ${size!}, and TimeGPT takes ${limit!}.`, "request");
  }
  if (bytes.byteLength <= COMPRESSED_FROM) return { bytes, headers };
  const compressed = await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return { bytes: compressed, headers: { ...headers, "Content-Encoding": "zstd" } };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_ANSWER) throw nonsense("more than 200 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Something that TimeGPT should not have answered. */
export const nonsense = (what: string) => new TimegptFailure(`TimeGPT answered something that is no forecast (${what}).`, "request");

const NOT_JSON = Symbol("not JSON");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

function unwrap(body: unknown): unknown {
  return isObject(body) && isObject(body["data"]) ? body["data"] : body;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What an answer's status means; null when it is an answer indeed. */
function failureOf({ status, body }: { status: number; body: unknown }, apiKey: string): TimegptFailure | null {
  if (status === 200) return body === NOT_JSON ? nonsense("not JSON") : null;
  const said = quoted(status, body, apiKey);
  const retryable = RETRIED.has(status);
  if (status === 401 || status === 403)
    return new TimegptFailure(`TimeGPT refuses the API key that is configured here (${said}).`, "key", { retryable });
  if (status === 402 || status === 429) {
    return new TimegptFailure(
      `TimeGPT takes no more requests for the API key that is configured here: its quota is used up (${said}).`,
      "service",
      { retryable },
    );
  }
  if (status >= 400 && status < 500 && !retryable) {
    return new TimegptFailure(`TimeGPT refuses the request (${said}).`, "request");
  }
  return new TimegptFailure(`TimeGPT failed (${said}).`, "service", { retryable });
}

/** The status, with what the answer's `{message, details, code, requestID}` says, shortened, never the key. */
function quoted(status: number, body: unknown, apiKey: string): string {
  const { message, details, code, requestID } = isObject(body) ? body : {};
  const text = (value: unknown) =>
    typeof value === "string" && value !== "" ? value.replaceAll(apiKey, "...").slice(0, MOST_QUOTED) : null;
  const head = [String(status), text(code)].filter((part) => part !== null).join(" ");
  const request = text(requestID);
  return [head, text(message), text(details), request === null ? null : `request ${request}`].filter((part) => part !== null).join(", ");
}

/** What the system calls an error: a message may quote what was sent. */
function codeOf(error: unknown): string {
  const code = isObject(error) || error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && SYSTEM_CODE.test(code) ? code : "the connection broke";
}
