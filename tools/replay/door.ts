import { createHash } from "node:crypto";
import { Detection } from "../../shared/contract/anomaly.ts";
import { MAX_METRICS, metricTime } from "../../shared/contract/ingest.ts";
import type { RejectedMetric } from "../../shared/contract/ingest.ts";
import type { Client, Metric } from "../dev/client.ts";
import { answerOf, ingestAnswer } from "../door/answers.ts";
import { patiently } from "../door/patience.ts";

/** What became of the points that were sent. */
export interface Sent {
  readonly accepted: number;
  readonly rejected: number;
  /** The first of each refused batch's reasons. */
  readonly errors: readonly RejectedMetric[];
}

/** Points that one detection is asked for. */
const POINTS_A_PAGE = 100_000;

/**
 * Sends points in batches. A batch's Idempotency-Key is made of its content: whoever sends a file twice stores it once.
 *
 * @param onBatch - Hears how many points were sent by then.
 */
export async function sendPoints(client: Pick<Client, "ask">, metrics: readonly Metric[], onBatch: (sent: number) => void): Promise<Sent> {
  let [accepted, rejected] = [0, 0];
  const errors: RejectedMetric[] = [];
  for (let start = 0; start < metrics.length; start += MAX_METRICS) {
    const part = metrics.slice(start, start + MAX_METRICS);
    const batch = { metrics: part.map(({ timestamp, ...metric }) => ({ ...metric, timestamp: metricTime(timestamp) })) };
    const key = `replay-${createHash("sha256").update(JSON.stringify(batch)).digest("base64url")}`;
    const answer = await patiently(client, "POST", "/api/v1/ingest", batch, { "Idempotency-Key": key });
    const told = ingestAnswer(answer);
    accepted += told.accepted;
    rejected += told.rejected;
    errors.push(...told.errors.slice(0, 1));
    onBatch(start + part.length);
  }
  return { accepted, rejected, errors };
}

/**
 * Scores the points of a stored series, a page at a time.
 *
 * @param timestamps - Unix ms, ascending, of the points that are known to be there: they part the range into pages.
 * @returns All pages as one, the rows of the anomalies counted through.
 */
export async function detect(
  client: Pick<Client, "ask">,
  request: { readonly metricKey: string; readonly dimensions: Record<string, string>; readonly sensitivity: number },
  timestamps: Float64Array,
): Promise<Detection> {
  const { metricKey, dimensions, sensitivity } = request;
  const pages: Detection[] = [];
  for (let start = 0; start < timestamps.length; start += POINTS_A_PAGE) {
    const page = timestamps.subarray(start, start + POINTS_A_PAGE);
    const body = { series: { metricKey, dimensions }, from: page[0]!, to: page.at(-1)! + 1, sensitivity, context: 0 };
    pages.push(await answerOf(Detection, client, "POST", "/api/v1/detections", body));
  }
  return joined(pages);
}

/** Pages in their order as one answer. */
export function joined(pages: readonly Detection[]): Detection {
  let rows = 0;
  const anomalies: Detection["anomalies"] = [];
  for (const page of pages) {
    for (const anomaly of page.anomalies) anomalies.push({ ...anomaly, index: anomaly.index + rows });
    rows += page.timestamps.length;
  }
  return {
    series: pages[0]?.series,
    timestamps: pages.flatMap(({ timestamps }) => timestamps),
    values: pages.flatMap(({ values }) => values),
    scores: pages.flatMap(({ scores }) => scores),
    expected: pages.flatMap(({ expected }) => expected),
    lo: pages.flatMap(({ lo }) => lo),
    hi: pages.flatMap(({ hi }) => hi),
    late: pages.flatMap(({ late }) => late),
    warmingUp: pages.at(-1)?.warmingUp ?? null,
    anomalies,
  };
}
