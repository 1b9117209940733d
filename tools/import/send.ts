import type { IngestAnswer } from "../../shared/contract/ingest.ts";
import { PROBLEMS } from "../../shared/contract/problem.ts";
import type { Client, DoorAnswer } from "../dev/client.ts";
import { ingestAnswer } from "../door/answers.ts";
import type { Batch } from "./batches.ts";

/** What sending needs beside the door. */
export interface SendDeps {
  readonly client: Pick<Client, "ask">;
  /** The Idempotency-Key of a batch: always the same for the same one. */
  readonly keyOf: (batch: Batch) => string;
  /** Hears of each batch that is done, in the file's order: of none before all earlier ones are done. */
  readonly onDone: (batch: Batch, answer: IngestAnswer) => void;
  /** Hears once that the door does not do it for the moment, until it does again. */
  readonly onTrouble: (what: string) => void;
  /** Once it aborts no batch is begun, nor tried again. */
  readonly stop: AbortSignal;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Ends early, without an error, when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

const REQUESTS_AT_ONCE = 4;
/** Batches that are done, but wait for an earlier one. */
const MOST_WAITING = 64;
/** Where nothing at all was taken for so long it gives up. */
const GIVE_UP_MS = 300_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;

/** Those that a later try may not get. */
const PASSING: ReadonlySet<number> = new Set([
  PROBLEMS["request-timeout"].status,
  PROBLEMS["in-flight"].status,
  PROBLEMS["rate-limited"].status,
  PROBLEMS.internal.status,
  502,
  PROBLEMS.unavailable.status,
  504,
]);

interface Sending {
  readonly batch: Batch;
  answer: IngestAnswer | null;
}

/**
 * Sends batches, several at once; one that has a point of an earlier one waits for it, so that of a time that comes twice the later row
 * counts.
 *
 * @returns Once all are done, or what was in flight when it was stopped.
 * @throws Error that says why a batch was refused, or that nothing answers any more; what was in flight is finished first.
 */
export async function sendBatches(batches: AsyncIterable<Batch>, deps: SendDeps): Promise<void> {
  const { client, keyOf, onDone, onTrouble, stop, now, pause, random } = deps;
  const failed = new AbortController();
  const ending = AbortSignal.any([stop, failed.signal]);
  const iterator = batches[Symbol.asyncIterator]();
  let giveUpWaiting = () => {};
  ending.addEventListener("abort", () => giveUpWaiting(), { once: true });
  /** The next batch; null where there is none, or it is not waited for any longer. A race with a lasting promise would keep all that it lost to. */
  const next = () =>
    new Promise<Batch | null>((resolve, reject) => {
      giveUpWaiting = () => resolve(null);
      iterator.next().then(({ done, value }) => resolve(done === true ? null : value), reject);
    });
  /** All that are not reported yet, in the file's order. */
  const sent: Sending[] = [];
  const running = new Map<Sending, Promise<void>>();
  let failure: unknown = null;
  let takenAt = -Infinity;
  let resumeAt = now();
  let isTroubled = false;

  try {
    while (!ending.aborted) {
      const batch = await next();
      if (batch === null) break;
      while (!ending.aborted && mustWait(batch)) await Promise.race(running.values());
      if (!ending.aborted) start(batch);
    }
  } catch (error) {
    failure ??= error;
  }
  await Promise.all(running.values());
  if (failure !== null) throw failure;

  function mustWait(batch: Batch): boolean {
    if (running.size >= REQUESTS_AT_ONCE || sent.length >= MOST_WAITING) return running.size > 0;
    return [...running.keys()].some((earlier) => clash(earlier.batch, batch));
  }

  function start(batch: Batch): void {
    const sending: Sending = { batch, answer: null };
    sent.push(sending);
    if (batch.points.length === 0) {
      report(sending, { accepted: 0, rejected: 0, errors: [] });
      return;
    }
    const finished = deliver(batch)
      .then((answer) => {
        if (answer !== null) report(sending, answer);
      })
      .catch((error: unknown) => {
        failure ??= error;
        failed.abort();
      })
      .then(() => void running.delete(sending));
    running.set(sending, finished);
  }

  function report(sending: Sending, answer: IngestAnswer): void {
    sending.answer = answer;
    for (let first = sent[0]; first !== undefined && first.answer !== null; first = sent[0]) {
      sent.shift();
      onDone(first.batch, first.answer);
    }
  }

  /** @returns null where it was stopped before the batch was taken. */
  async function deliver(batch: Batch): Promise<IngestAnswer | null> {
    const body = { metrics: batch.points.map(({ metric }) => metric) };
    const headers = { "Idempotency-Key": keyOf(batch) };
    const begunAt = now();
    for (let tries = 0; ; tries += 1) {
      // Who is told to wait lets all wait.
      for (let wait = resumeAt - now(); wait > 0 && !ending.aborted; wait = resumeAt - now()) await pause(wait, ending);
      if (ending.aborted) return null;
      const answer = await client.ask("POST", "/api/v1/ingest", body, headers).catch(() => null);
      if (answer !== null && !PASSING.has(answer.status)) {
        const told = ingestAnswer(answer);
        takenAt = now();
        isTroubled = false;
        return told;
      }
      const wait = waitOf(answer, tries, random);
      if (now() + wait - Math.max(begunAt, takenAt) > GIVE_UP_MS) throw gaveUp(answer);
      tellTrouble(answer);
      resumeAt = Math.max(resumeAt, now() + wait);
    }
  }

  function tellTrouble(answer: DoorAnswer | null): void {
    if (isTroubled || answer?.status === PROBLEMS["rate-limited"].status || answer?.status === PROBLEMS["in-flight"].status) return;
    isTroubled = true;
    onTrouble(answer === null ? "Nothing answers" : `It answers ${answer.status}`);
  }
}

function gaveUp(answer: DoorAnswer | null): Error {
  const what = answer === null ? "Nothing answers there" : `It answered ${answer.status}`;
  const asked = answer?.retryAfterS ?? null;
  return new Error(asked === null ? `${what}, for ${GIVE_UP_MS / 60_000} minutes.` : `${what}, and asks to wait ${asked} s.`);
}

/** What the door asks for, else twice as long each time, at random so that not all come back at once. */
function waitOf(answer: DoorAnswer | null, tries: number, random: () => number): number {
  const asked = answer?.retryAfterS ?? null;
  if (asked !== null && Number.isFinite(asked) && asked >= 0) return asked * 1_000;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + random() / 2);
}

/** Whether two batches have a point of the same series and time. */
function clash(earlier: Batch, later: Batch): boolean {
  const [a, b] = [extentOf(earlier), extentOf(later)];
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
  if (from > to) return false;
  const among = ({ points }: Batch) => points.filter(({ timestamp }) => timestamp >= from && timestamp <= to);
  const keyOf = ({ series, timestamp }: Batch["points"][number]) => `${timestamp} ${series}`;
  const keys = new Set(among(earlier).map(keyOf));
  return among(later).some((point) => keys.has(keyOf(point)));
}

const extents = new WeakMap<Batch, { readonly from: number; readonly to: number }>();

function extentOf(batch: Batch): { readonly from: number; readonly to: number } {
  const known = extents.get(batch);
  if (known !== undefined) return known;
  let [from, to] = [Infinity, -Infinity];
  for (const { timestamp } of batch.points) {
    if (timestamp < from) from = timestamp;
    if (timestamp > to) to = timestamp;
  }
  extents.set(batch, { from, to });
  return { from, to };
}
