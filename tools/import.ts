import { createHash } from "node:crypto";
import { constants } from "node:os";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { MetricKey } from "../shared/contract/series.ts";
import { oneLine } from "../shared/core/message/plain-text.ts";
import { readLocalConfig } from "../shared/runtime/config.ts";
import { createClient } from "./dev/client.ts";
import { count, createTerminal } from "./dev/terminal.ts";
import { readAddress, wrongAddress } from "./door/address.ts";
import { readOrgIfTold } from "./door/answers.ts";
import { planBatches } from "./import/batches.ts";
import type { Batch } from "./import/batches.ts";
import { journalPath, openJournal, ownerOfKey, readJournal } from "./import/journal.ts";
import type { ImportState, Owner } from "./import/journal.ts";
import { FORMATS, layoutOf } from "./import/layout.ts";
import type { AskedLayout } from "./import/layout.ts";
import { readLines } from "./import/lines.ts";
import type { Line } from "./import/lines.ts";
import { advanced, BEGINNING } from "./import/progress.ts";
import type { Progress } from "./import/progress.ts";
import { progressLines } from "./import/report.ts";
import { sendBatches } from "./import/send.ts";
import { isSameFile, openSource } from "./import/source.ts";
import type { Source } from "./import/source.ts";

// Sends the points of a file through the HTTP door, in batches, and can go on after it was cut short anywhere.
// Ends with 0 where all was taken, with 2 where some was not, with 1 where it failed, and as a signal does where one stopped it.

const USAGE = `Usage: npm run import -- FILE [options]

FILE holds points as CSV or JSON Lines, and may be gzipped; - is standard input.

  wide   CSV of a column of times and columns of values, each a metric of its name. An empty cell is no point
  long   CSV of the columns timestamp, metric and value; the others are dimensions
  jsonl  JSON Lines: one metric a line, as POST /api/v1/ingest takes it

  --format FORMAT      wide, long or jsonl; by default as the first line looks
  --metric KEY         wide: one metric, whose dimension is the column. long: the metric, where no column names it
  --dimension NAME     wide: what that dimension is called; column by default
  --time NAME          the column of times; by default one named timestamp, time, datetime, date or ds, else the first
  --restart            begins again with a file that has changed, or is to be sent again
  --url URL --key KEY  the system to send it to; by default the one of npm start. The key may be in INTENTVISION_API_KEY instead

Times are ISO 8601 (without a zone UTC), or epochs in seconds or milliseconds. The same command goes on where an import ended before its
end, however it did; how far each has come is kept in the data directory, under imports.`;

const OPTIONS = {
  format: { type: "string" },
  metric: { type: "string" },
  dimension: { type: "string" },
  time: { type: "string" },
  restart: { type: "boolean", default: false },
  url: { type: "string" },
  key: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const FAILED = 1;
const SOME_REJECTED = 2;
const JOURNAL_REST_MS = 200;
/** npm hands a Ctrl-C on that the terminal has told of already: only one that comes later is a second one. */
const SECOND_SIGNAL_MS = 1_000;

const terminal = createTerminal(process.stdout);

interface Arguments {
  readonly file: string;
  readonly layout: AskedLayout;
  readonly restart: boolean;
  readonly url: string | undefined;
  readonly key: string | undefined;
}

/** @returns The exit code. */
async function main(): Promise<number> {
  const asked = readArguments();
  if ("usage" in asked) {
    say([...(asked.wrong === null ? [] : [asked.wrong, ""]), asked.usage]);
    return asked.wrong === null ? 0 : FAILED;
  }
  const source = await openSource(asked.file, process.stdin);
  try {
    return await importFrom(source, asked);
  } finally {
    source.close();
  }
}

async function importFrom(source: Source, asked: Arguments): Promise<number> {
  const config = readLocalConfig();
  const { url, key, org: known } = await readAddress(asked, config);
  const client = createClient(url, key);
  // A system that serves ingest alone takes points, but tells nobody whose they are.
  const org = (await readOrgIfTold(client))?.id ?? known ?? ownerOfKey(key);

  const begun = source.file === null ? null : await readBegun(source.file, asked, org, resolve(config.dataDir));
  if (begun?.state.finishedAt != null) {
    say([
      `${asked.file} was imported at ${begun.state.finishedAt}: nothing is sent. --restart sends it again.`,
      ...progressLines(begun.state),
    ]);
    return exitCodeOf(begun.state);
  }
  const signalled = onSignals();
  terminal.say(`To ${url}`);
  if (begun !== null && begun.state.position.offset > 0) terminal.say(`Going on after line ${whole(begun.state.position.line - 1)}.`);
  const journal = begun === null ? null : openJournal(begun.path, (signal) => rest(JOURNAL_REST_MS, signal));
  // Before anything is sent: what is sent belongs to this state.
  if (begun !== null) journal?.save(begun.state);

  const run = begun === null ? new Date().toISOString() : begun.state.run;
  const keyed = JSON.stringify([source.file?.identity ?? null, askedText(asked.layout), org, run]);
  const startedAt = performance.now();
  const bar = terminal.transfer("Importing", source.file?.identity.sizeBytes ?? null, "point");
  let progress: Progress = begun === null ? BEGINNING : progressOf(begun.state);
  const [acceptedBefore, rejectedBefore] = [progress.accepted, progress.rejected];
  const sentNow = () => progress.accepted + progress.rejected - acceptedBefore - rejectedBefore;
  try {
    await sendBatches(batchesOf(source, asked.layout, progress), {
      client,
      keyOf: (batch) => idempotencyKey(keyed, batch),
      onDone(batch, answer) {
        progress = advanced(progress, batch, answer);
        if (begun !== null) journal?.save({ ...begun.state, ...stored(progress) });
        bar.update(source.doneBytes(progress.position.offset), sentNow());
      },
      onTrouble(what) {
        bar.clear();
        terminal.say(`${what}: trying again for 5 minutes.`);
      },
      stop: signalled.stop,
      now: () => performance.now(),
      pause: rest,
      random: Math.random,
    });
  } catch (error) {
    await journal?.settled().catch(() => undefined);
    bar.clear();
    say([...progressLines(progress), goOn(source, progress)]);
    throw error;
  }
  bar.clear();
  const signal = signalled.signal();
  if (signal !== null) {
    await journal?.settled();
    say([...progressLines(progress), `Stopped. ${goOn(source, progress)}`]);
    return 128 + constants.signals[signal];
  }
  if (!(await source.isUnchanged())) {
    await journal?.settled();
    throw new Error(`${asked.file} has changed while it was read: --restart sends all of it. Points that are there already stay one.`);
  }
  if (progress.accepted + progress.rejected + progress.unreadable === 0) throw new Error("There is no point in it.");
  if (begun !== null) journal?.save({ ...begun.state, ...stored(progress), finishedAt: new Date().toISOString() });
  await journal?.settled();
  const seconds = (performance.now() - startedAt) / 1_000;
  say([
    `${oneLine(source.name ?? "Standard input")}: ${count(sentNow(), "point")} in ${seconds.toFixed(1)} s, ${whole(sentNow() / seconds)}/s.`,
    ...progressLines(progress),
  ]);
  return exitCodeOf(progress);
}

/**
 * The state to begin with: a new one, or that of an import of the same file that was cut short.
 * @throws Error that says what to do, where the file is another one by now, or is to be read another way.
 */
async function readBegun(
  file: NonNullable<Source["file"]>,
  asked: Arguments,
  org: Owner,
  dataDir: string,
): Promise<{ readonly path: string; readonly state: ImportState }> {
  const path = journalPath(dataDir, file.path, org);
  const earlier = asked.restart ? null : await readJournal(path);
  const asText = askedText(asked.layout);
  if (earlier !== null && (earlier.position.offset > 0 || earlier.finishedAt !== null)) {
    const where = earlier.finishedAt === null ? `had come to line ${whole(earlier.position.line)}` : "was done";
    const since = `since its import began at ${earlier.startedAt}, which ${where}`;
    if (!isSameFile(earlier.identity, file.identity)) {
      throw new Error(`${asked.file} has changed ${since}. --restart sends all of it; points that are there already stay one.`);
    }
    if (earlier.asked !== asText) {
      throw new Error(`${asked.file} is to be read another way than when its import began at ${earlier.startedAt}, which ${where}.
Give the same options to go on, or --restart to send all of it this way.`);
    }
    return { path, state: earlier };
  }
  const startedAt = new Date().toISOString();
  // A restart is to be a new effect: the door would repeat its answers to the batches of the run before.
  const run = asked.restart ? startedAt : (earlier?.run ?? "first");
  const state = { version: 1, ...file, asked: asText, org, run, ...stored(BEGINNING), startedAt, finishedAt: null } as const;
  return { path, state };
}

async function* batchesOf(source: Source, asked: AskedLayout, { position }: Progress): AsyncGenerator<Batch> {
  // A CSV's header is read again, wherever it goes on.
  let blocks = readLines(source.chunks(0), { offset: 0, line: 1 });
  const { first, seen } = await firstLine(blocks);
  if (first === null) return;
  if (first.flaw !== null) throw new Error(`Its first line cannot be read: ${first.flaw}.`);
  const layout = layoutOf(first.text, asked, source.name);
  const body = layout.hasHeader ? { offset: first.to, line: first.number + 1, taken: 0 } : BEGINNING.position;
  const from = position.offset === 0 && position.taken === 0 ? body : position;
  if (source.file === null) {
    yield* planBatches(replayed(seen, blocks), layout.read, from);
    return;
  }
  await blocks.return(undefined);
  blocks = readLines(source.chunks(from.offset), from);
  yield* planBatches(blocks, layout.read, from);
}

/** The first line that is not empty, and the blocks that were read to find it. */
async function firstLine(blocks: AsyncGenerator<readonly Line[]>): Promise<{ first: Line | null; seen: (readonly Line[])[] }> {
  const seen: (readonly Line[])[] = [];
  for (let next = await blocks.next(); next.done !== true; next = await blocks.next()) {
    const first = next.value.find(({ text, flaw }) => flaw !== null || text.trim() !== "");
    if (first === undefined) continue;
    seen.push(next.value);
    return { first, seen };
  }
  return { first: null, seen };
}

async function* replayed<T>(seen: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* seen;
  yield* rest;
}

/** Of the same batch of the same file, for the same organisation and in the same run, always the same. */
const idempotencyKey = (keyed: string, { from }: Batch): string =>
  `import-${createHash("sha256")
    .update(JSON.stringify([keyed, from]))
    .digest("base64url")}`;

const stored = ({ told, ...progress }: Progress) => ({ ...progress, told: [...told] });
const progressOf = ({ position, accepted, rejected, unreadable, told }: ImportState): Progress => ({
  position,
  accepted,
  rejected,
  unreadable,
  told,
});
const exitCodeOf = ({ rejected, unreadable }: Progress): number => (rejected + unreadable > 0 ? SOME_REJECTED : 0);
const askedText = ({ format, metric, dimension, time }: AskedLayout): string =>
  JSON.stringify([format, metric, dimension, time].map((option) => option ?? null));
const whole = (n: number): string => Math.round(n).toLocaleString("en");

/** Waits, at most until the signal aborts. */
const rest = (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal }).catch(() => undefined);

/** How to go on with what is not done. */
function goOn({ file }: Source, { position }: Progress): string {
  if (file === null) return "It cannot be read from its middle: send all of it again. Points that are there already stay one.";
  return `All up to line ${whole(position.line - 1)} is done: the same command goes on from there.`;
}

/** Ends what is in flight at the first Ctrl-C, and everything at the second. */
function onSignals(): { readonly stop: AbortSignal; signal(): "SIGINT" | "SIGTERM" | null } {
  const stop = new AbortController();
  let first: { readonly signal: "SIGINT" | "SIGTERM"; readonly at: number } | null = null;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (first === null) {
        first = { signal, at: performance.now() };
        stop.abort();
      } else if (performance.now() - first.at > SECOND_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
    });
  }
  return { stop: stop.signal, signal: () => first?.signal ?? null };
}

function readArguments(): Arguments | { readonly usage: string; readonly wrong: string | null } {
  const wrong = (why: string | null) => ({ usage: USAGE, wrong: why });
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    const { help, format, metric, dimension, time, restart, url, key } = values;
    if (help) return wrong(null);
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) return wrong("Give one FILE.");
    const known = FORMATS.find((name) => name === format);
    if (format !== undefined && known === undefined) return wrong("--format: wide, long or jsonl.");
    if (metric !== undefined && !v.is(MetricKey, metric))
      return wrong("--metric: a letter or _, then up to 199 letters, digits and _ . : / -.");
    const wrongly = wrongAddress({ url, key }, readLocalConfig());
    if (wrongly !== null) return wrong(wrongly);
    return { file, layout: { format: known, metric, dimension, time }, restart, url, key };
  } catch (error) {
    return wrong(messageOf(error));
  }
}

function say(lines: readonly string[]): void {
  terminal.say(lines.join("\n"));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return FAILED;
});
