import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { Detection } from "../../shared/contract/anomaly.ts";
import { IngestAnswer, MAX_METRICS } from "../../shared/contract/ingest.ts";
import type { RejectedMetric } from "../../shared/contract/ingest.ts";
import { Org } from "../../shared/contract/org.ts";
import { ProblemBody, PROBLEMS } from "../../shared/contract/problem.ts";
import type { Client, DoorAnswer, Metric } from "../dev/client.ts";

/** What became of the points that were sent. */
export interface Sent {
  readonly accepted: number;
  readonly rejected: number;
  /** The first of each refused batch's reasons. */
  readonly errors: readonly RejectedMetric[];
}

/** Points that one detection is asked for. */
const POINTS_A_PAGE = 100_000;
/** A refusal that asks for patience is tried again so often. */
const MOST_TRIES = 20;

/** The organisation of the key. @throws Error that says what to do, where nothing answers or the key is refused. */
export async function readOrg(client: Pick<Client, "ask">): Promise<Org> {
  return answerOf(Org, client, "GET", "/api/v1/org");
}

/**
 * Sends points in batches. A batch's Idempotency-Key is made of its content: whoever sends a file twice stores it once.
 *
 * @param onBatch - Hears how many points were sent by then.
 */
export async function sendPoints(client: Pick<Client, "ask">, metrics: readonly Metric[], onBatch: (sent: number) => void): Promise<Sent> {
  let [accepted, rejected] = [0, 0];
  const errors: RejectedMetric[] = [];
  for (let start = 0; start < metrics.length; start += MAX_METRICS) {
    const batch = { metrics: metrics.slice(start, start + MAX_METRICS) };
    const key = `replay-${createHash("sha256").update(JSON.stringify(batch)).digest("base64url")}`;
    const answer = await patiently(client, "POST", "/api/v1/ingest", batch, { "Idempotency-Key": key });
    // Where nothing of a batch is accepted the problem has the members of an answer.
    const told = parsed(answer.ok ? IngestAnswer : Refused, answer);
    if (told === null) throw refusal(answer);
    accepted += told.accepted;
    rejected += told.rejected;
    errors.push(...told.errors.slice(0, 1));
    onBatch(start + batch.metrics.length);
  }
  return { accepted, rejected, errors };
}
const Refused = v.object({ status: v.literal(PROBLEMS["nothing-accepted"].status), ...IngestAnswer.entries });

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
    anomalies,
  };
}

async function answerOf<Schema extends v.GenericSchema>(
  schema: Schema,
  client: Pick<Client, "ask">,
  ...request: Parameters<Client["ask"]>
): Promise<v.InferOutput<Schema>> {
  const answer = await patiently(client, ...request);
  const found = answer.ok ? parsed(schema, answer) : null;
  if (found === null) throw refusal(answer);
  return found;
}

/** What an answer says; null where it is not of that shape. */
function parsed<Schema extends v.GenericSchema>(schema: Schema, { text }: DoorAnswer): v.InferOutput<Schema> | null {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return null;
  }
}

/** Asks, and asks again for as long as the answer is to wait. */
async function patiently(client: Pick<Client, "ask">, ...request: Parameters<Client["ask"]>): Promise<DoorAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await client.ask(...request).catch((error: unknown) => {
      throw new Error("Nothing answers there: start it with npm start.", { cause: error });
    });
    if (answer.ok || answer.retryAfterS === null || !Number.isFinite(answer.retryAfterS) || tries === MOST_TRIES) return answer;
    await pause(answer.retryAfterS * 1_000);
  }
}

/** A refusal in words for the person who asked. */
function refusal(answer: DoorAnswer): Error {
  const { status } = answer;
  if (status === PROBLEMS["unauthenticated"].status) return new Error("The key is refused: give one that is valid there with --key.");
  const problem = parsed(ProblemBody, answer);
  if (problem === null) return new Error(`It answered ${status}, and not as IntentVision does: is this its address?`);
  const { title, detail, errors = [] } = problem;
  const fields = errors.map(({ path, message }) => ` ${path}: ${message}.`);
  return new Error(`It answered ${status}: ${title}.${detail === undefined ? "" : ` ${detail}`}${fields.join("")}`);
}
