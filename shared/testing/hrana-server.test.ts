import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createClient } from "@libsql/client";
import type { Client } from "@libsql/client";
import { startHranaServer } from "./hrana-server.ts";
import type { HranaServer, HranaServerOptions } from "./hrana-server.ts";

const TOKEN = "a token";

let server: HranaServer;
let client: Client;
const ends: (() => void | Promise<void>)[] = [];

async function start(options: HranaServerOptions): Promise<HranaServer> {
  const started = await startHranaServer(options);
  ends.push(() => started.stop());
  return started;
}

function connectTo({ url }: HranaServer, options: { authToken?: string; intMode?: "number" | "bigint" } = { authToken: TOKEN }): Client {
  const connected = createClient({ url, intMode: "number", ...options });
  ends.push(() => connected.close());
  return connected;
}

const executing = (sql: string) => ({ type: "execute", stmt: { sql } });

/** Pipelines sent as JSON, for what the client's surface does not reach. */
async function send(version: "v2" | "v3", body: object) {
  const response = await fetch(`${server.url}/${version}/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { baton: string | null; results: object[]; code?: string } };
}

/** Until the server has received so many pipelines. */
async function arrived(at: HranaServer, requests: number): Promise<void> {
  while (at.requests() < requests) await new Promise(setImmediate);
}

beforeEach(async () => {
  server = await start({ authToken: TOKEN });
  client = connectTo(server);
  await client.execute("CREATE TABLE point (id INTEGER PRIMARY KEY, name TEXT UNIQUE, value REAL, bytes BLOB) STRICT");
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const names = async () => (await client.execute("SELECT name FROM point ORDER BY name")).rows.map((row) => row["name"]);

describe("values", () => {
  test("every storage class comes back as it was written, by position", async () => {
    const bytes = new Uint8Array([0, 1, 254, 255]);
    const written = await client.execute({ sql: "INSERT INTO point (name, value, bytes) VALUES (?, ?, ?)", args: ["ä'", 1.5, bytes] });
    expect(written).toMatchObject({ rowsAffected: 1, lastInsertRowid: 1n });

    const { columns, columnTypes, rows } = await client.execute("SELECT id, name, value, bytes, NULL AS none FROM point");
    expect(columns).toEqual(["id", "name", "value", "bytes", "none"]);
    expect(columnTypes).toEqual(["INTEGER", "TEXT", "REAL", "BLOB", ""]);
    expect({ ...rows[0] }).toMatchObject({ id: 1, name: "ä'", value: 1.5, none: null });
    expect(new Uint8Array(rows[0]!["bytes"] as ArrayBuffer)).toEqual(bytes);
  });

  test("integers keep all 64 bits", async () => {
    const big = connectTo(server, { authToken: TOKEN, intMode: "bigint" });
    const { rows } = await big.execute({ sql: "SELECT ? AS n", args: [-(2n ** 63n)] });
    expect(rows[0]!["n"]).toBe(-(2n ** 63n));
  });

  test("a number is bound as REAL, as the remote database does", async () => {
    const { rows } = await client.execute({ sql: "SELECT typeof(?1) AS type, json_array(?1) AS json", args: [1] });
    expect({ ...rows[0] }).toMatchObject({ type: "real", json: "[1.0]" });
  });

  test.each([":", "$", "@"])("a named argument finds its parameter with the sign %s, and a name used twice is one", async (sign) => {
    const sql = `SELECT ${sign}a AS a, ${sign}b AS b, ${sign}a AS again, ':c' AS text -- ${sign}d`;
    const { rows } = await client.execute({ sql, args: { a: 1, b: "two" } });
    expect({ ...rows[0] }).toMatchObject({ a: 1, b: "two", again: 1, text: ":c" });
  });

  test("RETURNING gives its rows and counts what changed", async () => {
    const written = await client.execute("INSERT INTO point (name) VALUES ('a'), ('b') RETURNING name");
    expect(written.rows.map((row) => row["name"])).toEqual(["a", "b"]);
    expect(written).toMatchObject({ rowsAffected: 2, lastInsertRowid: 2n });
    expect(await client.execute("UPDATE point SET value = 1 WHERE name = 'none'")).toMatchObject({ rowsAffected: 0 });
  });
});

describe("refusals", () => {
  test.each([
    ["a parameter without an argument", { sql: "SELECT :a, :b", args: { a: 1 } }, "ARGS_INVALID"],
    ["an argument without a parameter", { sql: "SELECT :a", args: { a: 1, b: 2 } }, "ARGS_INVALID"],
    ["a bare parameter beside named arguments", { sql: "SELECT ?, :a", args: { a: 1, b: 2 } }, "ARGS_INVALID"],
    ["positions without arguments", { sql: "SELECT ?3", args: [1, 2] }, "ARGS_INVALID"],
    ["text that is no SQL", "SELEC 1", "SQL_PARSE_ERROR"],
    ["an unknown table", "SELECT * FROM missing", "SQL_INPUT_ERROR"],
    ["nothing but a comment", "-- nothing; at all", "SQL_NO_STATEMENT"],
    ["a second statement", "SELECT ';'; SELECT 2", "SQL_MANY_STATEMENTS"],
    ["a value of a wrong type", "INSERT INTO point (value) VALUES ('text')", "SQLITE_CONSTRAINT"],
  ])("%s is refused with the remote database's code", async (_, statement, code) => {
    await expect(client.execute(statement)).rejects.toMatchObject({ code });
  });

  test("a trigger's body is one statement", async () => {
    await client.execute("CREATE TRIGGER twice AFTER INSERT ON point BEGIN UPDATE point SET value = 2 WHERE id = new.id; SELECT 1; END;");
    await client.execute("INSERT INTO point (name) VALUES ('a')");
    expect((await client.execute("SELECT value FROM point")).rows[0]!["value"]).toBe(2);
  });

  test("a wrong token is refused, and so is none", async () => {
    for (const stranger of [connectTo(server, { authToken: "another token" }), connectTo(server, {})]) {
      await expect(stranger.execute("SELECT 1")).rejects.toMatchObject({ code: "SERVER_ERROR" });
    }
  });

  test("a server without a token asks for none", async () => {
    const anyone = connectTo(await start({}), {});
    expect((await anyone.execute("SELECT 1 AS one")).rows[0]!["one"]).toBe(1);
  });
});

describe("batches", () => {
  test("a write batch is one round trip", async () => {
    const before = server.requests();
    const results = await client.batch(
      [{ sql: "INSERT INTO point (name) VALUES (:name)", args: { name: "a" } }, "SELECT count(*) AS n FROM point"],
      "write",
    );
    expect(results[1]!.rows[0]!["n"]).toBe(1);
    expect(server.requests() - before).toBe(1);
  });

  test("a write batch that a constraint refuses leaves nothing behind", async () => {
    await client.execute("INSERT INTO point (name) VALUES ('taken')");
    const batch = client.batch(["INSERT INTO point (name) VALUES ('new')", "INSERT INTO point (name) VALUES ('taken')"], "write");
    await expect(batch).rejects.toMatchObject({ code: expect.stringMatching(/^SQLITE_CONSTRAINT/) });
    expect(await names()).toEqual(["taken"]);
  });

  test("a repeated text is stored once and used by its id", async () => {
    const sql = "INSERT INTO point (name) VALUES (?)";
    await client.batch(
      ["a", "b", "c"].map((name) => ({ sql, args: [name] })),
      "write",
    );
    expect(await names()).toEqual(["a", "b", "c"]);
  });

  test("a script of many statements runs to its first error", async () => {
    const script = "INSERT INTO point (name) VALUES ('a'); INSERT INTO missing VALUES (1); INSERT INTO point (name) VALUES ('b')";
    await expect(client.executeMultiple(script)).rejects.toThrow("no such table");
    expect(await names()).toEqual(["a"]);
  });

  test("migrate runs its statements in one transaction", async () => {
    await expect(client.migrate(["CREATE TABLE made (x)", "CREATE TABLE made (x)"])).rejects.toThrow("already exists");
    await expect(client.execute("SELECT * FROM made")).rejects.toMatchObject({ code: "SQL_INPUT_ERROR" });
  });
});

describe("transactions", () => {
  test("what a transaction writes is seen by others once it commits", async () => {
    const transaction = await client.transaction("write");
    await transaction.execute("INSERT INTO point (name) VALUES ('a')");
    expect(await names()).toEqual([]);
    await transaction.commit();
    expect(await names()).toEqual(["a"]);
  });

  test("a transaction that rolls back, or is closed, leaves nothing", async () => {
    for (const end of ["rollback", "close"] as const) {
      const transaction = await client.transaction("write");
      await transaction.execute("INSERT INTO point (name) VALUES ('a')");
      await transaction[end]();
    }
    await client.execute("INSERT INTO point (name) VALUES ('b')");
    expect(await names()).toEqual(["b"]);
  });

  test("writes wait for the transaction before them, which goes on meanwhile", async () => {
    const transaction = await client.transaction("write");
    await transaction.execute("INSERT INTO point (name) VALUES ('a')");
    const before = server.requests();
    const second = client.execute("INSERT INTO point (name, value) SELECT 'c', count(*) FROM point");
    const third = client.execute("INSERT INTO point (name) VALUES ('d') RETURNING name");
    await arrived(server, before + 2);
    await transaction.execute("INSERT INTO point (name) VALUES ('b')");
    await transaction.commit();
    await second;
    expect((await third).rows[0]!["name"]).toBe("d");
    expect(await names()).toEqual(["a", "b", "c", "d"]);
    expect((await client.execute("SELECT value FROM point WHERE name = 'c'")).rows[0]!["value"]).toBeGreaterThanOrEqual(2);
  });

  test("a reader that another writer has overtaken cannot write, and is told so", async () => {
    const overtaken = await client.transaction("deferred");
    await overtaken.execute("SELECT * FROM point");
    await client.execute("INSERT INTO point (name) VALUES ('first')");
    await expect(overtaken.execute("INSERT INTO point (name) VALUES ('second')")).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    await overtaken.rollback();
    await client.execute("INSERT INTO point (name) VALUES ('second')");
    expect(await names()).toEqual(["first", "second"]);
  });

  test("an abandoned transaction gives its lock back, and is told that it expired", async () => {
    const other = connectTo(await start({ expireAfterMs: 20 }));
    await other.execute("CREATE TABLE point (name TEXT)");
    const abandoned = await other.transaction("write");
    await abandoned.execute("INSERT INTO point VALUES ('lost')");
    await other.execute("INSERT INTO point VALUES ('kept')");
    await expect(abandoned.commit()).rejects.toMatchObject({ code: "STREAM_EXPIRED" });
    expect((await other.execute("SELECT name FROM point")).rows.map((row) => row["name"])).toEqual(["kept"]);
  });

  test("a hundred writes at once all happen", async () => {
    const writes = Array.from({ length: 100 }, (_, n) =>
      client.batch([{ sql: "INSERT INTO point (name) VALUES (?)", args: [`n${n}`] }], "write"),
    );
    await Promise.all(writes);
    expect((await client.execute("SELECT count(*) AS n FROM point")).rows[0]!["n"]).toBe(100);
  });
});

describe("streams", () => {
  const request = executing("SELECT 1");

  test("a baton is good for one request", async () => {
    const first = await send("v3", { baton: null, requests: [request, { type: "get_autocommit" }] });
    expect(first.body.results[1]).toEqual({ type: "ok", response: { type: "get_autocommit", is_autocommit: true } });
    const second = await send("v3", { baton: first.body.baton, requests: [{ type: "close" }] });
    expect(second).toMatchObject({ status: 200, body: { baton: null } });
    expect(await send("v3", { baton: first.body.baton, requests: [request] })).toMatchObject({ status: 400 });
  });

  test("a stream's writes are kept after one of them was given up", async () => {
    const reading = await send("v3", { requests: [executing("BEGIN"), executing("SELECT * FROM point")] });
    await client.execute("INSERT INTO point (name) VALUES ('first')");
    const insert = executing("INSERT INTO point (name) VALUES ('second')");
    const { body } = await send("v3", { baton: reading.body.baton, requests: [insert, executing("ROLLBACK"), insert, { type: "close" }] });
    expect(body.results).toMatchObject([{ type: "error", error: { code: "SQLITE_BUSY" } }, { type: "ok" }, { type: "ok" }, { type: "ok" }]);
    expect(await names()).toEqual(["first", "second"]);
  });

  test("a pipeline goes on after a statement that failed", async () => {
    const { body } = await send("v2", {
      requests: [executing("SELECT * FROM missing"), request, { type: "close" }],
    });
    expect(body.results).toMatchObject([{ type: "error" }, { type: "ok" }, { type: "ok" }]);
  });

  test.each([
    ["a request it does not know", { type: "describe", sql: "SELECT 1" }],
    ["a text that was never stored", { type: "execute", stmt: { sql_id: 7 } }],
  ])("%s breaks the protocol", async (_, unknown) => {
    expect(await send("v3", { requests: [unknown] })).toMatchObject({ status: 400, body: { code: "PROTOCOL_ERROR" } });
  });
});

describe("stopping", () => {
  test("a file that was given is kept, with what was committed, and open transactions are rolled back", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hrana-test-"));
    const file = join(directory, "kept.sqlite");
    const first = await start({ file });
    const writer = connectTo(first);
    await writer.execute("CREATE TABLE point (name TEXT)");
    await writer.execute("INSERT INTO point VALUES ('kept')");
    const open = await writer.transaction("write");
    await open.execute("INSERT INTO point VALUES ('lost')");
    await first.stop();
    expect(existsSync(file)).toBe(true);

    const second = await start({ file });
    const reader = connectTo(second);
    expect((await reader.execute("SELECT name FROM point")).rows.map((row) => row["name"])).toEqual(["kept"]);
    await reader.execute("INSERT INTO point VALUES ('new')");
    await second.stop();
    await rm(directory, { recursive: true });
  });

  test("a statement that waits for a lock does not hold up the stop", async () => {
    const stopped = await start({});
    const writer = connectTo(stopped);
    await writer.execute("CREATE TABLE point (name TEXT)");
    const open = await writer.transaction("write");
    await open.execute("INSERT INTO point VALUES ('lost')");
    const before = stopped.requests();
    const waiting = Promise.allSettled([writer.execute("INSERT INTO point VALUES ('late')")]);
    await arrived(stopped, before + 1);
    await stopped.stop();
    expect(await waiting).toMatchObject([{ status: "rejected" }]);
  });
});
