import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";
import * as v from "valibot";

/** A call that was judged, in the order of their coming. */
export interface TimegptRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Of the body as it came. */
  readonly wireBytes: number;
  /** Parsed; null of a GET. */
  readonly body: ForecastBody | null;
  /** Of a call of /v2/anomaly_detection; null of all others. */
  readonly detection: DetectionBody | null;
  readonly status: number;
}

/** What the server is told to do with a call instead of judging it. */
export type TimegptAnswer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** `hang`: the caller waits until it gives up. `stall`: the same, in the middle of an answer. `cut`: the connection breaks without one. */
  | "hang"
  | "stall"
  | "cut";

export interface TimegptServer {
  readonly url: string;
  readonly requests: readonly TimegptRequest[];
  /** The next calls of a path are answered so, one each. Those after them are judged again. */
  answerNext(path: string, ...answers: readonly TimegptAnswer[]): void;
  stop(): Promise<void>;
}

export interface TimegptServerOptions {
  readonly key: string;
  /** Whether answers of POST lie in `data`. */
  readonly wrapped?: boolean;
  /** Points that the model looks at, and steps ahead that it is made for. */
  readonly inputSize?: number;
  readonly horizon?: number;
  /** Models that the key may not use, although there are such. */
  readonly forbidden?: readonly string[];
  /** Changes what a forecast is answered. */
  readonly spoil?: (answer: ForecastOutput) => unknown;
  /** Changes what is answered of anomalies. */
  readonly spoilDetection?: (answer: DetectionOutput) => unknown;
}

interface ForecastOutput {
  readonly mean: readonly number[];
  readonly intervals: Readonly<Record<string, readonly number[]>> | null;
}

interface DetectionOutput extends ForecastOutput {
  readonly sizes: readonly number[];
  readonly anomaly: readonly boolean[];
}

const MIB = 2 ** 20;
const MODELS = ["timegpt-1", "timegpt-1-long-horizon", "timegpt-2", "timegpt-2-mini", "timegpt-2-pro", "timegpt-2.1"];
/** Offset aliases of pandas 2.2 and later, without the deprecated ones; never with a count of 1, which nobody writes. */
const FREQUENCY = /^(?:[2-9]|[1-9]\d+)?(?:ms|s|min|h|D|B|W-(?:SUN|MON|TUE|WED|THU|FRI|SAT)|MS|ME|QS|QE|YS|YE)$/;

const float = v.pipe(v.number(), v.finite(), v.minValue(-3.402_823_466e38), v.maxValue(3.402_823_466e38));
const ForecastBody = v.strictObject({
  series: v.pipe(
    v.looseObject({
      y: v.pipe(v.array(float), v.minLength(1)),
      sizes: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.minLength(1)),
      X: v.null(),
      X_future: v.null(),
    }),
    v.check(({ y, sizes }) => sizes.reduce((sum, size) => sum + size, 0) === y.length, "sizes do not sum to the length of y"),
  ),
  model: v.string(),
  h: v.pipe(v.number(), v.integer(), v.minValue(1)),
  freq: v.pipe(v.string(), v.regex(FREQUENCY)),
  level: v.nullable(v.pipe(v.array(v.pipe(v.number(), v.gtValue(0), v.ltValue(100))), v.minLength(1))),
  clean_ex_first: v.boolean(),
  finetune_steps: v.pipe(v.number(), v.integer(), v.minValue(0)),
  finetune_depth: v.optional(v.picklist([1, 2, 3, 4, 5])),
  finetune_loss: v.optional(v.picklist(["default", "mae", "mse", "rmse", "mape", "smape", "poisson"])),
  finetuned_model_id: v.optional(v.nullable(v.string())),
  feature_contributions: v.optional(v.boolean()),
  multivariate: v.optional(v.boolean()),
});
export type ForecastBody = v.InferOutput<typeof ForecastBody>;

const DetectionBody = v.strictObject({
  series: v.pipe(
    v.looseObject({
      y: v.pipe(v.array(float), v.minLength(1)),
      sizes: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.minLength(1)),
      X: v.nullish(v.null()),
    }),
    v.check(({ y, sizes }) => sizes.reduce((sum, size) => sum + size, 0) === y.length, "sizes do not sum to the length of y"),
  ),
  model: v.string(),
  freq: v.pipe(v.string(), v.regex(FREQUENCY)),
  level: v.pipe(v.number(), v.gtValue(0), v.ltValue(100)),
  clean_ex_first: v.optional(v.boolean()),
  finetuned_model_id: v.optional(v.nullable(v.string())),
});
type DetectionBody = v.InferOutput<typeof DetectionBody>;

/** A refusal, before it is answered as TimeGPT words them. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: string;

  constructor(status: number, code: string, message: string, details: string) {
    super(message);
    [this.status, this.code, this.details] = [status, code, details];
  }
}

/** An error as TimeGPT answers it. */
export const timegptError = (message: string, details: string, code: string) => ({
  data: null,
  message,
  details,
  code,
  requestID: "F58XQJWLVW",
  support: "If you have questions or need support, please email ops@nixtla.io",
});

/**
 * A server on 127.0.0.1 that speaks TimeGPT's contract, and refuses what does not keep to it.
 *
 * Its forecast repeats each series' last value, plus the step; the interval of a level reaches as many percent of one to each side. Of anomalies it
 * expects each value to be the one before, as near as the level in percent of one; it leaves out the first.
 * @see Nixtla's Python client, 0.9.0, whose calls it takes.
 */
export async function startTimegptServer(options: TimegptServerOptions): Promise<TimegptServer> {
  const { key, wrapped = false, inputSize = 48, horizon = 24, forbidden = [] } = options;
  const { spoil = (answer) => answer, spoilDetection = (answer) => answer } = options;
  const requests: TimegptRequest[] = [];
  const told = new Map<string, TimegptAnswer[]>();

  function judge(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    bytes: Buffer,
  ): { body: ForecastBody | null; detection?: DetectionBody; answer: unknown } {
    const { headers, method } = request;
    if (headers.authorization !== `Bearer ${key}`) {
      throw new Refusal(401, "A12", "Invalid API key", "Key not found, please check your API key and try again");
    }
    const route = `${method!} ${path}`;
    if (route === "GET /validate_api_key") return { body: null, answer: { detail: "Forecasting! :)" } };
    if (route === "GET /model_params") {
      usable(query.get("model"));
      if (!FREQUENCY.test(query.get("freq") ?? "")) throw new Refusal(422, "A45", "Invalid frequency", String(query.get("freq")));
      return { body: null, answer: { detail: { input_size: inputSize, horizon } } };
    }
    if (route === "POST /v2/anomaly_detection") {
      const detection = postedBody(DetectionBody, headers, bytes);
      checkModel(detection.model, headers);
      return { body: null, detection, answer: wrap(spoilDetection(detectionOf(detection))) };
    }
    if (route !== "POST /v2/forecast") throw new Refusal(404, "A04", "Not found", route);

    const body = postedBody(ForecastBody, headers, bytes);
    checkModel(body.model, headers);
    return { body, answer: wrap(spoil(forecastOf(body))) };
  }

  function wrap(answer: unknown): unknown {
    return wrapped ? { data: answer, message: "Success", details: "OK", code: "B10", requestID: "G48XQJWLVW" } : answer;
  }

  function checkModel(model: string, headers: IncomingMessage["headers"]): void {
    usable(model);
    if (headers["nixtla-model"] !== model) throw new Refusal(422, "A22", "Validation error", "nixtla-model is not the body's model");
  }

  function usable(model: string | null): void {
    if (!MODELS.includes(model ?? "")) throw new Refusal(400, "A40", "Invalid model", String(model));
    if (forbidden.includes(model!)) throw new Refusal(403, "A13", "Forbidden", `Your plan does not include ${model!}`);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const { pathname: path, searchParams } = new URL(request.url!, "http://localhost");
    const note = (status: number, body: ForecastBody | null, detection: DetectionBody | null = null) =>
      requests.push({ path, headers: request.headers, wireBytes: bytes.byteLength, body, detection, status });
    const answer = told.get(path)?.shift();
    if (answer !== undefined) {
      note(typeof answer === "object" ? answer.status : 0, null);
      if (answer === "cut") response.destroy();
      if (answer === "stall") response.writeHead(200).write('{"detail"');
      if (typeof answer === "object") send(response, answer.status, answer.body, answer.headers);
      return;
    }
    try {
      const judged = judge(path, searchParams, request, bytes);
      note(200, judged.body, judged.detection);
      send(response, 200, judged.answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      note(error.status, null);
      send(response, error.status, timegptError(error.message, error.details, error.code));
    }
  }

  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerNext: (path, ...answers) => void told.set(path, [...(told.get(path) ?? []), ...answers]),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A text is sent as it is. */
function send(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function postedBody<const Schema extends v.GenericSchema>(
  schema: Schema,
  headers: IncomingMessage["headers"],
  bytes: Buffer,
): v.InferOutput<Schema> {
  const encoding = headers["content-encoding"];
  if (headers["content-type"] !== "application/json") throw new Refusal(415, "A15", "Unsupported media type", "Expected application/json");
  if (encoding !== undefined && encoding !== "zstd") throw new Refusal(415, "A16", "Unsupported encoding", encoding);
  const json = encoding === "zstd" ? zstdDecompressSync(bytes) : bytes;
  if (json.byteLength > 200 * MIB) throw new Refusal(413, "A17", "Payload too large", "The limit is 200 MB");
  if (encoding === undefined && json.byteLength > MIB) throw new Refusal(413, "A18", "Payload too large", "Compress bodies over 1 MB");
  const parsed = v.safeParse(schema, JSON.parse(json.toString()));
  if (!parsed.success)
    throw new Refusal(422, "A22", "Validation error", `${v.getDotPath(parsed.issues[0]) ?? "body"}: ${parsed.issues[0].message}`);
  return parsed.output;
}

function detectionOf({ series: { y, sizes }, level }: DetectionBody): DetectionOutput & Readonly<Record<string, unknown>> {
  let end = 0;
  const rows = sizes.flatMap((size) => {
    end += size;
    return Array.from({ length: size - 1 }, (_, row) => end - size + 1 + row);
  });
  const mean = rows.map((row) => y[row - 1]!);
  const shifted = (by: number) => mean.map((value) => value + by);
  return {
    mean,
    sizes: sizes.map((size) => size - 1),
    anomaly: rows.map((row) => Math.abs(y[row]! - y[row - 1]!) > level / 100),
    intervals: { [`lo-${level}`]: shifted(-level / 100), [`hi-${level}`]: shifted(level / 100) },
    weights_x: null,
    feature_contributions: null,
    input_tokens: y.length,
    output_tokens: mean.length,
    finetune_tokens: 0,
  };
}

function forecastOf({ series: { y, sizes }, h, level }: ForecastBody): ForecastOutput & Readonly<Record<string, unknown>> {
  let end = 0;
  const mean = sizes.flatMap((size) => {
    end += size;
    return Array.from({ length: h }, (_, step) => y[end - 1]! + step + 1);
  });
  const shifted = (by: number) => mean.map((value) => value + by);
  const intervals =
    level === null
      ? null
      : Object.fromEntries(
          level.flatMap((one) => [[`lo-${one}`, shifted(-one / 100)] as const, [`hi-${one}`, shifted(one / 100)] as const]),
        );
  return {
    mean,
    intervals,
    weights_x: null,
    feature_contributions: null,
    input_tokens: y.length,
    output_tokens: mean.length,
    finetune_tokens: 0,
  };
}
