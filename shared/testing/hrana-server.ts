import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import Database from "libsql";
import type { Result } from "../core/result.ts";
import { prepareStatement, statementError } from "./hrana-statement.ts";
import type { Stmt, StmtError, StmtResult } from "./hrana-statement.ts";

export interface HranaServerOptions {
  /** The database file; without it, one in a fresh directory that goes with the server. */
  readonly file?: string;
  /** The bearer token that each request must show; without it, none is asked for. */
  readonly authToken?: string;
  /** How long a stream lives without a request, 10 s as in sqld. */
  readonly expireAfterMs?: number;
}

export interface HranaServer {
  /** `http://127.0.0.1:port`, for `createClient({ url })`. */
  readonly url: string;
  /** How many pipelines were asked for so far: the round trips of a client. */
  requests(): number;
  /** Rolls back what is open, closes every connection and deletes the directory that it made. */
  stop(): Promise<void>;
}

/** How long a statement waits for another connection's lock before SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_POLL_MS = 5;
const EXPIRE_AFTER_MS = 10_000;

/** A connection that a client comes back to by its baton. */
interface Stream {
  db: Database.Database;
  readonly file: string;
  readonly sqls: Map<number, string>;
  open: boolean;
  /** A statement was given up while busy, so that the connection commits nothing any more: it is due to be replaced. */
  stuck: boolean;
  expiry?: NodeJS.Timeout;
}

type Condition =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: Condition }
  | { readonly type: "and" | "or"; readonly conds: readonly Condition[] }
  | { readonly type: "is_autocommit" };

interface SqlText {
  readonly sql?: string | null;
  readonly sql_id?: number | null;
}

type StreamRequest =
  | { readonly type: "execute"; readonly stmt: Stmt }
  | {
      readonly type: "batch";
      readonly batch: { readonly steps: readonly { readonly condition?: Condition | null; readonly stmt: Stmt }[] };
    }
  | ({ readonly type: "sequence" } & SqlText)
  | { readonly type: "store_sql"; readonly sql_id: number; readonly sql: string }
  | { readonly type: "close_sql"; readonly sql_id: number }
  | { readonly type: "get_autocommit" | "close" };

interface Pipeline {
  readonly baton?: string | null;
  readonly requests: readonly StreamRequest[];
}

/** The client broke the protocol: its stream is closed and the whole request answered 400. */
class ProtocolError extends Error {}

/**
 * Starts a database behind Hrana over HTTP, versions 2 and 3 in JSON, which is what `@libsql/client` speaks to Turso: its remote
 * path runs for real, over sockets, against the same SQLite. Cursors, `describe` and Protobuf are left out; that client uses none.
 *
 * A statement that meets another stream's lock waits for it without holding up the process, so that the other one can finish; a
 * `sequence` does not wait, since its first statements may have happened.
 *
 * @see https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md, section "Hrana over HTTP"
 */
export async function startHranaServer(options: HranaServerOptions = {}): Promise<HranaServer> {
  const { authToken, expireAfterMs = EXPIRE_AFTER_MS } = options;
  const directory = options.file === undefined ? await mkdtemp(join(tmpdir(), "hrana-")) : null;
  const file = options.file ?? join(directory!, "database.sqlite");
  const streams = new Set<Stream>();
  const idle = new Map<string, Stream>();
  const expired = new Set<string>();
  const stopping = new AbortController();
  let requests = 0;

  // Stays open, so that the write-ahead log is not folded in and set up anew around every request.
  const keeper = connect(file);
  keeper.pragma("journal_mode = WAL");

  function take(baton: string | null | undefined): Stream {
    if (baton === null || baton === undefined) {
      const stream: Stream = { db: connect(file), file, sqls: new Map(), open: true, stuck: false };
      streams.add(stream);
      return stream;
    }
    const stream = idle.get(baton);
    if (stream === undefined) throw new ProtocolError("The baton is invalid");
    idle.delete(baton);
    clearTimeout(stream.expiry);
    return stream;
  }

  function release(stream: Stream): string | null {
    if (!stream.open) {
      streams.delete(stream);
      return null;
    }
    const baton = randomUUID();
    idle.set(baton, stream);
    stream.expiry = setTimeout(() => {
      idle.delete(baton);
      expired.add(baton);
      close(stream);
      streams.delete(stream);
    }, expireAfterMs).unref();
    return baton;
  }

  async function pipeline({ baton, requests: asked }: Pipeline): Promise<object> {
    const stream = take(baton);
    try {
      const results: object[] = [];
      for (const request of asked) {
        if (!stream.open) throw new ProtocolError("The stream is closed");
        const answer = await respond(stream, request, stopping.signal);
        results.push(
          answer.ok ? { type: "ok", response: { type: request.type, ...answer.value } } : { type: "error", error: onWire(answer.error) },
        );
      }
      return { baton: release(stream), base_url: null, results };
    } catch (error) {
      close(stream);
      streams.delete(stream);
      throw error;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (authToken !== undefined && request.headers.authorization !== `Bearer ${authToken}`) {
      return answer(response, 401, { error: "Unauthorized" });
    }
    const route = `${request.method} ${request.url}`;
    if (route === "GET /v2" || route === "GET /v3") return answer(response, 200, {});
    if (route !== "POST /v2/pipeline" && route !== "POST /v3/pipeline") return answer(response, 404, { error: "Not found" });
    requests += 1;
    const body = JSON.parse(await text(request)) as Pipeline;
    if (expired.has(body.baton ?? "")) {
      return answer(response, 500, { message: "The stream has expired due to inactivity", code: "STREAM_EXPIRED" });
    }
    answer(response, 200, await pipeline(body));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const status = error instanceof ProtocolError || error instanceof SyntaxError ? 400 : 500;
      answer(response, status, { message: String(error), code: status === 400 ? "PROTOCOL_ERROR" : "INTERNAL_ERROR" });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    async stop() {
      stopping.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      for (const stream of streams) close(stream);
      if (keeper.open) keeper.close();
      if (directory !== null) await rm(directory, { recursive: true, force: true });
    },
  };
}

function connect(file: string): Database.Database {
  // No time-out in the driver: it waits inside the call, and the stream to wait for is served by this same thread.
  const db = new Database(file, { timeout: 0 });
  db.defaultSafeIntegers();
  return db;
}

/** A connection closed inside a transaction keeps its lock until its statements are collected: hence the rollback. */
function close(stream: Stream): void {
  clearTimeout(stream.expiry);
  if (!stream.open) return;
  stream.open = false;
  if (stream.db.inTransaction) stream.db.exec("ROLLBACK");
  stream.db.close();
}

async function respond(stream: Stream, request: StreamRequest, stopping: AbortSignal): Promise<Result<object, StmtError>> {
  const { sqls } = stream;
  switch (request.type) {
    case "execute": {
      const result = await execute(stream, request.stmt, stopping);
      return result.ok ? { ok: true, value: { result: result.value } } : result;
    }
    case "batch": {
      const outcomes: (Result<StmtResult, StmtError> | null)[] = [];
      for (const { condition, stmt } of request.batch.steps) {
        const due = condition === undefined || condition === null || holds(condition, outcomes, stream.db);
        outcomes.push(due ? await execute(stream, stmt, stopping) : null);
      }
      const step_results = outcomes.map((outcome) => (outcome?.ok === true ? outcome.value : null));
      const step_errors = outcomes.map((outcome) => (outcome?.ok === false ? onWire(outcome.error) : null));
      return { ok: true, value: { result: { step_results, step_errors } } };
    }
    case "sequence":
      try {
        stream.db.exec(textOf(stream, request));
        return { ok: true, value: {} };
      } catch (error) {
        if (error instanceof ProtocolError) throw error;
        return { ok: false, error: statementError(error, "prepare") };
      }
    case "store_sql":
      if (sqls.has(request.sql_id)) throw new ProtocolError(`SQL text ${request.sql_id} is stored already`);
      sqls.set(request.sql_id, request.sql);
      return { ok: true, value: {} };
    case "close_sql":
      sqls.delete(request.sql_id);
      return { ok: true, value: {} };
    case "get_autocommit":
      return { ok: true, value: { is_autocommit: !stream.db.inTransaction } };
    case "close":
      close(stream);
      return { ok: true, value: {} };
    default:
      throw new ProtocolError(`There is no request ${JSON.stringify(request satisfies never)}`);
  }
}

async function execute(stream: Stream, stmt: Stmt, stopping: AbortSignal): Promise<Result<StmtResult, StmtError>> {
  const sql = textOf(stream, stmt);
  if (stream.stuck && !stream.db.inTransaction) {
    stream.db.close();
    stream.db = connect(stream.file);
    stream.stuck = false;
  }
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS;
  const prepared = prepareStatement(stream.db, sql, stmt);
  if (!prepared.ok) return prepared;
  for (;;) {
    const result = prepared.value();
    if (result.ok || result.error.code !== "SQLITE_BUSY") return result;
    if (!result.error.busy || performance.now() >= giveUpAt) {
      stream.stuck = true;
      return result;
    }
    await pause(BUSY_POLL_MS, undefined, { signal: stopping });
  }
}

function textOf({ sqls }: Stream, { sql, sql_id }: SqlText): string {
  const found = typeof sql_id === "number" ? sqls.get(sql_id) : sql;
  if (typeof found !== "string") throw new ProtocolError(`SQL text ${String(sql_id)} is not stored`);
  return found;
}

/** Whether a step of a batch is due, given what became of the steps before it; null stands for a step that was skipped. */
function holds(condition: Condition, outcomes: readonly (Result<StmtResult, StmtError> | null)[], db: Database.Database): boolean {
  switch (condition.type) {
    case "ok":
      return outcomes[condition.step]?.ok === true;
    case "error":
      return outcomes[condition.step]?.ok === false;
    case "not":
      return !holds(condition.cond, outcomes, db);
    case "and":
      return condition.conds.every((each) => holds(each, outcomes, db));
    case "or":
      return condition.conds.some((each) => holds(each, outcomes, db));
    case "is_autocommit":
      return !db.inTransaction;
    default:
      throw new ProtocolError(`There is no condition ${JSON.stringify(condition satisfies never)}`);
  }
}

const onWire = ({ message, code }: StmtError) => ({ message, code });

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
