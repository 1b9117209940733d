import { createClient, LibsqlError } from "@libsql/client";
import type { InValue, ResultSet, Row } from "@libsql/client";
import { Unavailable } from "../contract/problem.ts";

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

export interface DatabaseAddress {
  /** `file:...` for the embedded database, `libsql:`, `https:` or `http:` for a remote one. */
  readonly url: string;
  readonly authToken?: string | undefined;
}

/** How long a write waits for another process's write. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the database; an embedded file is opened with a write-ahead log that is synced at each commit.
 * One connection for a file: settings do not carry over to further ones, and its calls are synchronous anyway.
 */
export async function openDatabase({ url, authToken }: DatabaseAddress): Promise<Database> {
  const embedded = url.startsWith("file:");
  const client = createClient({
    url,
    intMode: "number",
    ...(authToken === undefined ? {} : { authToken }),
    ...(embedded ? { timeout: BUSY_TIMEOUT_MS, concurrency: 1 } : {}),
  });
  if (embedded) {
    await client.execute("PRAGMA journal_mode = WAL");
    await client.execute("PRAGMA synchronous = FULL");
  }
  return {
    async read(sql, args) {
      return (await guarded(() => client.execute({ sql, args }))).rows;
    },
    write: (statements) => guarded(() => client.batch([...statements], "write")),
    async script(sql) {
      await guarded(() => client.batch([...sql], "write"));
    },
    close: () => client.close(),
  };
}

async function guarded<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof LibsqlError && error.code.startsWith("SQLITE_CONSTRAINT")) throw new Conflict(error);
    if (error instanceof LibsqlError && !isBug(error)) {
      throw new Unavailable("The database does not answer", { retryable: true, cause: error });
    }
    if (error instanceof TypeError && error.message.includes("fetch failed")) {
      throw new Unavailable("The database cannot be reached", { retryable: true, cause: error });
    }
    throw error;
  }
}

/** A statement that SQLite cannot run is our mistake, not an outage. */
const isBug = (error: LibsqlError): boolean => ["SQLITE_ERROR", "SQL_PARSE_ERROR", "SQLITE_MISMATCH", "SQLITE_RANGE"].includes(error.code);

/** Blobs come as ArrayBuffer from a file and as such from HTTP too. */
export const bytesOf = (value: Row[string]): Uint8Array => new Uint8Array(value as ArrayBuffer);
