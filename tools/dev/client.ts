/** The local system's own HTTP door, called as any client would. */
export interface Client {
  call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Sends metrics in batches of 1,000; `onBatch` hears of each acknowledged one. */
  ingest(metrics: readonly Metric[], onBatch?: (sent: number) => void): Promise<void>;
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
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { "X-API-Key": apiKey, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return (text === "" ? null : JSON.parse(text)) as Answer;
  };
  return {
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
