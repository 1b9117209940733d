import { setTimeout as pause } from "node:timers/promises";
import type { Metric } from "../tools/dev/client.ts";

/** Where the system can be reached, and how far its clock is ahead of this process's. */
export interface Target {
  readonly url: string;
  readonly apiKey: string;
  readonly aheadMs: number;
}

/** One request, and whether it was acknowledged. */
export interface SentBatch {
  readonly client: number;
  readonly key: string | null;
  readonly metrics: readonly Metric[];
  acknowledged: boolean;
}

export interface IngestLoad {
  /** Every batch that was sent, whether it arrived or not. */
  readonly sent: readonly SentBatch[];
  /** Answers that a client should never get. */
  readonly surprises: readonly string[];
  /** Acknowledged batches that were sent again with their key after a restart. */
  repeated(): number;
  /** Lets each client end the request that it is at. */
  stop(): Promise<void>;
}

export const LOAD_METRIC = "load.value";
const POINTS_A_BATCH = 20;
const PAUSE_MS = 15;

/**
 * Clients that each send batches of new points of one series, one after another. Every other one uses idempotency keys: it sends a batch
 * again until that is acknowledged, and the last acknowledged one again after each restart. The others go on with the next batch.
 *
 * @param target - The system as it is up at present; while it is down, the promise waits.
 */
export function startIngestLoad(clients: number, target: () => Promise<Target>): IngestLoad {
  const sent: SentBatch[] = [];
  const surprises: string[] = [];
  let [stopped, repeated] = [false, 0];
  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client))).then(() => {});
  return {
    sent,
    surprises,
    repeated: () => repeated,
    stop: () => {
      stopped = true;
      return running;
    },
  };

  async function runClient(client: number): Promise<void> {
    const withKeys = client % 2 === 0;
    let last: { batch: SentBatch; target: Target } | null = null;
    let newest = 0;
    for (let n = 0; !stopped; await pause(PAUSE_MS)) {
      const present = await target();
      if (last !== null && withKeys && last.batch.acknowledged && last.target !== present) await repeat(last.batch, present);
      let batch: SentBatch;
      if (last === null || last.batch.acknowledged || !withKeys) {
        const from = Math.max(newest + 1, Date.now() + present.aheadMs - POINTS_A_BATCH);
        newest = from + POINTS_A_BATCH - 1;
        const key = withKeys ? `client ${client} batch ${n}` : null;
        batch = { client, key, metrics: pointsOf(client, from), acknowledged: false };
        sent.push(batch);
        n += 1;
      } else batch = last.batch;
      last = { batch, target: present };
      const answer = await send(batch, present);
      if (answer === null) continue;
      if (answer.status === 200 && answer.accepted === POINTS_A_BATCH) batch.acknowledged = true;
      else surprises.push(`A batch was answered ${answer.status}: ${answer.text}`);
    }
  }

  async function repeat(batch: SentBatch, present: Target): Promise<void> {
    const answer = await send(batch, present);
    if (answer === null) return;
    repeated += 1;
    if (answer.status !== 200 || !answer.replayed) surprises.push(`An acknowledged batch was taken again: ${answer.status} ${answer.text}`);
  }
}

/** Different values in each batch, so that what is read can only come from there. */
const pointsOf = (client: number, from: number): Metric[] =>
  Array.from({ length: POINTS_A_BATCH }, (_, row) => {
    const timestamp = from + row;
    return { metricKey: LOAD_METRIC, timestamp, value: (timestamp % 1_000_003) + client / 8, dimensions: { client: String(client) } };
  });

/** null where no whole answer came. */
async function send({ key, metrics }: SentBatch, { url, apiKey }: Target) {
  try {
    const response = await fetch(`${url}/api/v1/ingest`, {
      method: "POST",
      headers: { "X-API-Key": apiKey, "Content-Type": "application/json", ...(key === null ? {} : { "Idempotency-Key": `"${key}"` }) },
      body: JSON.stringify({ metrics }),
    });
    const text = await response.text();
    const { accepted } = JSON.parse(text) as { accepted?: number };
    return { status: response.status, text, accepted, replayed: response.headers.get("idempotency-replayed") === "true" };
  } catch (error) {
    if (isBrokenConnection(error)) return null;
    throw error;
  }
}

/** Whether fetch says that it could not connect, or that the answer broke off: by the name, since a test has a TypeError of its own. */
export const isBrokenConnection = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "name" in error && error.name === "TypeError";
