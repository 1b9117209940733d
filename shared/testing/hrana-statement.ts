import type Database from "libsql";
import type { Result } from "../core/result.ts";

/** A SQLite value on the wire; integers are decimal strings, blobs base64 without padding. */
type Value =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "blob"; readonly base64: string };

export interface Stmt {
  readonly sql?: string | null;
  readonly sql_id?: number | null;
  readonly args?: readonly Value[];
  readonly named_args?: readonly { readonly name: string; readonly value: Value }[];
  readonly want_rows?: boolean;
}

export interface StmtResult {
  readonly cols: readonly { readonly name: string; readonly decltype: string | null }[];
  readonly rows: readonly (readonly Value[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

/** Why a statement failed; `code` is one that sqld, Turso's server, answers with. */
export interface StmtError {
  readonly message: string;
  readonly code: string;
  /** True when the same statement may succeed once another connection has let go of its lock. */
  readonly busy: boolean;
}

type Native = null | bigint | number | string | Uint8Array;

/**
 * Prepares one statement as sqld does: exactly one, every parameter bound and no argument to spare, where the embedded driver
 * binds NULL, ignores the rest or, for a `?` beside named arguments, ends the process.
 *
 * @param sql - The text of `stmt`, looked up if it was stored.
 * @returns what runs it. After `busy` the same one must run again: the driver leaves a busy statement in progress, and until that is
 *   over no other write of its connection commits.
 * @see https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md, section "Statements"
 */
export function prepareStatement(db: Database.Database, sql: string, stmt: Stmt): Result<() => Result<StmtResult, StmtError>, StmtError> {
  const { parameters, count } = scan(sql);
  if (count === 0) return refused("SQL_NO_STATEMENT", "SQL string does not contain any statement");
  if (count > 1) return refused("SQL_MANY_STATEMENTS", "SQL string contains more than one statement");
  const bound = bind(parameters, stmt);
  if (!bound.ok) return bound;
  try {
    const prepared = db.prepare(sql);
    return { ok: true, value: () => run(db, prepared, bound.value, stmt.want_rows !== false) };
  } catch (error) {
    return { ok: false, error: statementError(error, "prepare") };
  }
}

function run(db: Database.Database, prepared: Database.Statement, args: Native[], wantRows: boolean): Result<StmtResult, StmtError> {
  const before = counters(db);
  try {
    const cols = prepared.reader ? prepared.columns().map(({ name, type }) => ({ name, decltype: type })) : [];
    const rows = prepared.reader ? (prepared.raw().all(args) as Native[][]) : [];
    if (!prepared.reader) prepared.run(args);
    const after = counters(db);
    const changed = after.total !== before.total;
    return {
      ok: true,
      value: {
        cols,
        rows: wantRows ? rows.map((row) => row.map(encode)) : [],
        affected_row_count: changed ? Number(after.changes) : 0,
        last_insert_rowid: changed ? String(after.rowid) : null,
      },
    };
  } catch (error) {
    return { ok: false, error: statementError(error, "run") };
  }
}

/** Strings, quoted names, comments and words, so that what remains is a parameter or the end of a statement. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\?\d*|[:@$][\w$\u0080-\uffff]+/g;
const TRIGGER = /^\s*create\s+(?:temp\s+|temporary\s+)?trigger\b/i;

/**
 * Finds a text's parameters and how many statements it holds: 0, 1, or 2 for more.
 *
 * @returns parameters by index - 1: its name with its sign, or null for a bare `?`.
 * @see https://www.sqlite.org/lang_expr.html#parameters
 */
function scan(sql: string): { parameters: (string | null)[]; count: 0 | 1 | 2 } {
  const parameters: (string | null)[] = [];
  const skeleton = sql.replace(TOKEN, (token) => {
    if (token.startsWith("--") || token.startsWith("/*")) return " ";
    if (token === "?") parameters.push(null);
    else if (token.startsWith("?")) {
      while (parameters.length < Number(token.slice(1))) parameters.push(null);
      parameters[Number(token.slice(1)) - 1] = token;
    } else if (/^[:@$]/.test(token) && !parameters.includes(token)) parameters.push(token);
    return "x";
  });
  if (/^[\s;]*$/.test(skeleton)) return { parameters, count: 0 };
  return { parameters, count: /;\s*[^\s;]/.test(skeleton) && !TRIGGER.test(sql) ? 2 : 1 };
}

function bind(parameters: readonly (string | null)[], stmt: Stmt): Result<Native[], StmtError> {
  const args = stmt.args ?? [];
  const named = new Map((stmt.named_args ?? []).map(({ name, value }) => [name, value]));
  if (args.length > 0 && named.size > 0) {
    return refused("ARGS_BOTH_POSITIONAL_AND_NAMED", "Specifying both positional and named arguments is not supported");
  }
  const given = args.length + named.size;
  if (given > parameters.length) return mismatched(`too many parameters, expected ${parameters.length} found ${given}`);

  const values: Native[] = [];
  for (const [at, name] of parameters.entries()) {
    const value = name === null || name.startsWith("?") ? args[at] : (named.get(name) ?? named.get(name.slice(1)));
    if (value === undefined) return mismatched(`value for parameter ${name ?? at + 1} not found`);
    values.push(decode(value));
  }
  return { ok: true, value: values };
}

const COUNTERS = "SELECT changes() AS changes, total_changes() AS total, last_insert_rowid() AS rowid";

/** changes() alone still shows an earlier statement's rows after one that changed none. */
const counters = (db: Database.Database) => db.prepare(COUNTERS).all()[0] as { changes: bigint; total: bigint; rowid: bigint };

const refused = (code: string, message: string) => ({ ok: false, error: { code, message, busy: false } }) as const;

const mismatched = (reason: string) => refused("ARGS_INVALID", `Arguments do not match SQL parameters: ${reason}`);

/** Primary result codes by number, https://www.sqlite.org/rescode.html; SQLITE_ERROR has names of its own in sqld. */
const PRIMARY_CODES = (
  "OK UNKNOWN INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL UNKNOWN SCHEMA " +
  "TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH UNKNOWN RANGE NOTADB"
).split(" ");
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_BUSY_SNAPSHOT = 517;

/**
 * A driver's error with sqld's code: the primary result code, except that SQLITE_ERROR says where it came from.
 *
 * The number is what counts: the driver has no name for some extended codes, such as a STRICT table's refusal of a type.
 *
 * @see https://github.com/tursodatabase/libsql/blob/main/libsql-server/src/hrana/stmt.rs
 */
export function statementError(error: unknown, from: "prepare" | "run"): StmtError {
  const { message, rawCode = SQLITE_ERROR } = error as { message: string; rawCode?: number };
  const primary = rawCode & 255;
  // A stale snapshot stays stale however long one waits.
  const busy = primary === SQLITE_BUSY && rawCode !== SQLITE_BUSY_SNAPSHOT;
  if (primary === SQLITE_ERROR && from === "prepare") {
    return /syntax error|incomplete input|unrecognized token/.test(message)
      ? { message: `SQL string could not be parsed: ${message}`, code: "SQL_PARSE_ERROR", busy }
      : { message: `SQL input error: ${message}`, code: "SQL_INPUT_ERROR", busy };
  }
  return { message: `SQLite error: ${message}`, code: `SQLITE_${PRIMARY_CODES[primary] ?? "UNKNOWN"}`, busy };
}

function decode(value: Value): Native {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      return BigInt(value.value);
    case "blob":
      return Buffer.from(value.base64, "base64");
    default:
      return value.value;
  }
}

function encode(value: Native): Value {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return { type: "blob", base64: Buffer.from(value).toString("base64").replace(/=+$/, "") };
}
