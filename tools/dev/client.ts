/** The local system's own HTTP door, called as any client would. */
export interface Client {
  call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** As call(), but tells of a refusal too. @throws TypeError when nothing answers. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<DoorAnswer>;
  /** Sends metrics in batches of 1,000; `onBatch` hears of each acknowledged one. */
  ingest(metrics: readonly Metric[], onBatch?: (sent: number) => void): Promise<void>;
}

/** What the door said, whether it did what it was asked to or not. */
export interface DoorAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
  /** What a refused caller is asked to wait, in seconds; null where it is not. */
  readonly retryAfterS: number | null;
  /** What the resource is known by as it was answered; null where it has none. */
  readonly etag: string | null;
}

export interface Metric {
  readonly metricKey: string;
  readonly timestamp: number;
  readonly value: number;
  readonly dimensions?: Readonly<Record<string, string>>;
}

const BATCH = 1_000;

/** @throws Error with the problem's words when an answer is none of success. */
export function createClient(url: string, apiKey: string): Client {
  const ask: Client["ask"] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { "X-API-Key": apiKey, ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const wait = response.headers.get("Retry-After");
    return {
      status: response.status,
      ok: response.ok,
      text: await response.text(),
      retryAfterS: wait === null ? null : Number(wait),
      etag: response.headers.get("ETag"),
    };
  };
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const { ok, status, text } = await ask(method, path, body);
    if (!ok) throw new Error(`${method} ${path} was answered ${status}: ${text}`);
    return (text === "" ? null : JSON.parse(text)) as Answer;
  };
  return {
    ask,
    call,
    async ingest(metrics, onBatch) {
      for (let start = 0; start < metrics.length; start += BATCH) {
        const batch = metrics.slice(start, start + BATCH);
        await call("POST", "/api/v1/ingest", { metrics: batch });
        onBatch?.(start + batch.length);
      }
    },
  };
}
