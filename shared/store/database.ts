import { setTimeout as pause } from "node:timers/promises";
import type { InValue, LibsqlError, ResultSet, Row } from "@libsql/client";
import { Unavailable } from "../contract/problem.ts";
import { wellFormedJson } from "../core/well-formed-json.ts";
import { checkArguments } from "./parameters.ts";

/** One SQL statement with its named arguments. */
export interface Statement {
  readonly sql: string;
  readonly args: Readonly<Record<string, InValue>>;
}

/** The database, seen as what this store needs of it: reads, and batches that happen whole or not at all. */
export interface Database {
  read(sql: string, args: Statement["args"]): Promise<Row[]>;
  /** One write transaction, one round trip. @throws Conflict when a constraint refuses a row; Unavailable when the database does. */
  write(statements: readonly Statement[]): Promise<ResultSet[]>;
  /** Statements without arguments, for migrations. */
  script(sql: readonly string[]): Promise<void>;
  close(): void;
}

/** A write batch was refused by a constraint: somebody else was first. Nothing of the batch is written. */
export class Conflict extends Error {
  constructor(cause: unknown) {
    super("The write lost against another one", { cause });
    this.name = "Conflict";
  }
}

/** Where a database is, and how patient its callers are. */
export interface DatabaseAddress {
  /** `file:...` for the embedded database, `libsql:`, `https:` or `http:` for a remote one. */
  readonly url: string;
  readonly authToken?: string | undefined;
  /** How long a call tries again while others hold the database, 10 s. */
  readonly patienceMs?: number;
}

type Run = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * How long the driver waits for another process's write. It waits inside the call and holds up this whole process: long enough for a
 * usual batch, and for anything longer the call is tried again later.
 */
const BUSY_TIMEOUT_MS = 25;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
const PATIENCE_MS = 10_000;
/** A remote database that has not answered by then is given up: whether it wrote is not known. */
const REMOTE_TIMEOUT_MS = 30_000;

/**
 * Opens the database; an embedded file is opened with a write-ahead log that is synced at each commit.
 *
 * A file has one connection, since its calls are synchronous anyway. Its writes are done one after another, so that only one of them
 * waits for other processes at a time, while reads go on; those that wait at the same time are committed together.
 */
export async function openDatabase({ url, authToken, patienceMs = PATIENCE_MS }: DatabaseAddress): Promise<Database> {
  const embedded = url.startsWith("file:");
  // Each alone: the other one, with the WebSockets of the whole package, would be a tenth of a cold start.
  const { createClient } = await (embedded ? import("@libsql/client/sqlite3") : import("@libsql/client/http"));
  const client = createClient({
    url,
    intMode: "number",
    ...(authToken === undefined ? {} : { authToken }),
    ...(embedded ? { timeout: BUSY_TIMEOUT_MS, concurrency: 1 } : { fetch: fetchInTime }),
  });
  const write = (statements: readonly Statement[], giveUpAt: number) =>
    call(
      () =>
        client.batch(
          statements.map(({ sql, args }) => ({ sql, args: storable(args) })),
          "write",
        ),
      giveUpAt,
    );
  const writeInTurn = embedded ? inGroups(write) : write;
  const onConnection = embedded ? oneAtATime() : atOnce;
  let isSetUp = !embedded;

  if (embedded) {
    try {
      await call(async () => {});
    } catch (error) {
      client.close();
      throw error;
    }
  }
  return {
    async read(sql, args) {
      checkArguments({ sql, args });
      return (await call(() => client.execute({ sql, args: storable(args) }))).rows;
    },
    async write(statements) {
      for (const statement of statements) checkArguments(statement);
      return writeInTurn(statements, performance.now() + patienceMs);
    },
    async script(sql) {
      await writeInTurn(
        sql.map((statement) => ({ sql: statement, args: {} })),
        performance.now() + patienceMs,
      );
    },
    close: () => client.close(),
  };

  /** Tries while the database is busy: nothing has happened then, since a batch starts by taking the write lock. */
  async function call<Value>(work: () => Promise<Value>, giveUpAt = performance.now() + patienceMs): Promise<Value> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await onConnection(() => attempt(work));
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt) throw translated(error);
      }
      await pause(pauseMs);
    }
  }

  async function attempt<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      if (!isSetUp) {
        await client.execute("PRAGMA journal_mode = WAL");
        await client.execute("PRAGMA synchronous = FULL");
        isSetUp = true;
      }
      return await work();
    } catch (error) {
      // The driver leaves a busy statement in progress, and until it is collected its connection commits nothing: another one takes over.
      if (embedded && isBusy(error) && !client.closed) {
        client.reconnect();
        isSetUp = false;
      }
      throw error;
    }
  }
}

/** Arguments whose JSON texts the database may take apart: it would store half of a character as bytes that nobody can read again. */
function storable(args: Statement["args"]): Statement["args"] {
  const isJson = (value: unknown): value is string => typeof value === "string" && /^[[{]/.test(value);
  const broken = Object.entries(args).filter(([, value]) => isJson(value) && wellFormedJson(value) !== value);
  return broken.length === 0
    ? args
    : { ...args, ...Object.fromEntries(broken.map(([name, value]) => [name, wellFormedJson(value as string)])) };
}

const atOnce: Run = (work) => work();

/** Runs work in the order it came, each when the one before has ended, however it did. */
function oneAtATime(): Run {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}

type Write = (statements: readonly Statement[], giveUpAt: number) => Promise<ResultSet[]>;

/** So many writes are committed together at most: all of them wait for the last. */
const GROUP = 32;

/**
 * Does writes in the order they came, those that wait at the same time in one transaction: its commit, which syncs the disk, costs more
 * than most of them do. Where one of a group fails they are all done again, each alone, so that each has its own outcome.
 */
function inGroups(write: Write): Write {
  const waiting: {
    statements: readonly Statement[];
    giveUpAt: number;
    resolve: (results: ResultSet[]) => void;
    reject: (error: unknown) => void;
  }[] = [];
  let working = false;
  return (statements, giveUpAt) => {
    const { promise, resolve, reject } = Promise.withResolvers<ResultSet[]>();
    waiting.push({ statements, giveUpAt, resolve, reject });
    if (!working) void work();
    return promise;
  };

  async function work(): Promise<void> {
    working = true;
    while (waiting.length > 0) {
      // Requests that came in at the same time get here before the event loop's turn is over.
      await new Promise(setImmediate);
      const group = waiting.splice(0, GROUP);
      if (!(await together(group))) for (const one of group) await write(one.statements, one.giveUpAt).then(one.resolve, one.reject);
    }
    working = false;
  }

  async function together(group: typeof waiting): Promise<boolean> {
    if (group.length === 1) return false;
    try {
      const results = await write(
        group.flatMap(({ statements }) => statements),
        group[0]!.giveUpAt,
      );
      let done = 0;
      for (const { statements, resolve } of group) resolve(results.slice(done, (done += statements.length)));
      return true;
    } catch {
      return false;
    }
  }
}

const fetchInTime: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS) });

const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT = 19;
/** OK, as the driver says of a text without a statement; ERROR, TOOBIG, MISMATCH, MISUSE, RANGE: https://www.sqlite.org/rescode.html */
const BUGS: readonly unknown[] = [0, 1, 18, 20, 21, 25];
/** The same over HTTP, where the number does not come along, and what a remote database refuses before SQLite sees it. */
const REMOTE_BUGS: readonly string[] = [
  "SQLITE_ERROR",
  "SQLITE_TOOBIG",
  "SQLITE_MISMATCH",
  "SQLITE_MISUSE",
  "SQLITE_RANGE",
  "SQLITE_UNKNOWN",
  "SQL_PARSE_ERROR",
  "SQL_INPUT_ERROR",
  "SQL_NO_STATEMENT",
  "SQL_MANY_STATEMENTS",
  "ARGS_INVALID",
  "ARGS_BOTH_POSITIONAL_AND_NAMED",
];
/** A STRICT table's refusal of a type has no code of its own over HTTP. */
const WRONG_TYPE = /cannot store \w+ value in \w+ column/;

/** The primary result code; the driver has no name for some extended ones. */
const primaryCode = ({ rawCode }: LibsqlError): number | undefined => (rawCode === undefined ? undefined : rawCode & 255);

/** By name: the class itself would bring the whole package along. */
const isLibsqlError = (error: unknown): error is LibsqlError => error instanceof Error && /^Libsql(?:Batch)?Error$/.test(error.name);

const isBusy = (error: unknown): boolean =>
  isLibsqlError(error) && (primaryCode(error) === SQLITE_BUSY || error.code.startsWith("SQLITE_BUSY"));

const isConstraint = (error: LibsqlError): boolean =>
  primaryCode(error) === SQLITE_CONSTRAINT || error.code.startsWith("SQLITE_CONSTRAINT");

/** A statement that SQLite cannot run, or a value that a column does not take, is our mistake: neither a race nor an outage. */
const isBug = (error: LibsqlError): boolean =>
  BUGS.includes(primaryCode(error)) || REMOTE_BUGS.includes(error.code) || WRONG_TYPE.test(error.message);

function translated(error: unknown): unknown {
  if (isLibsqlError(error)) {
    if (isBug(error)) return error;
    if (isConstraint(error)) return new Conflict(error);
    return new Unavailable("The database does not answer", { retryable: true, cause: error });
  }
  if (isNetworkError(error)) return new Unavailable("The database cannot be reached", { retryable: true, cause: error });
  return error;
}

/** What fetch throws without an answer, or while one comes in. */
function isNetworkError(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return name === "TimeoutError" || (name === "TypeError" && /fetch failed|terminated/.test(String(message)));
}

/** Blobs come as ArrayBuffer from a file and as such from HTTP too. */
export const bytesOf = (value: Row[string]): Uint8Array => new Uint8Array(value as ArrayBuffer);
