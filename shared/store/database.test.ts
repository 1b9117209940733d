import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import RawDatabase from "libsql";
import { Unavailable } from "../contract/problem.ts";
import { EMPTY_DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { startHranaServer } from "../testing/hrana-server.ts";
import { bytesOf, Conflict, openDatabase } from "./database.ts";
import type { Database } from "./database.ts";

const TABLE = "CREATE TABLE reading (name TEXT PRIMARY KEY, value INTEGER NOT NULL, bytes BLOB) STRICT";
const INSERT = "INSERT INTO reading (name, value) VALUES (:name, :value)";
const insert = (name: string, value = 1) => ({ sql: INSERT, args: { name, value } });
const names = async (database: Database) => (await database.read("SELECT name FROM reading ORDER BY name", {})).map((row) => row["name"]);

describe.each(EMPTY_DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    opened = await open();
    database = opened.database;
    await database.script([TABLE]);
  });
  afterEach(() => opened.end());

  test("a batch is written whole, and answers for each statement", async () => {
    const results = await database.write([insert("a"), insert("b"), { sql: "UPDATE reading SET value = 2", args: {} }]);
    expect(results.map(({ rowsAffected }) => rowsAffected)).toEqual([1, 1, 2]);
    expect(await names(database)).toEqual(["a", "b"]);
  });

  test("bytes come back as they were written", async () => {
    const sql = "INSERT INTO reading (name, value, bytes) VALUES ('a', 1, :bytes)";
    await database.write([{ sql, args: { bytes: new Uint8Array([0, 7, 255]) } }]);
    const [row] = await database.read("SELECT bytes FROM reading", {});
    expect([...bytesOf(row!["bytes"]!)]).toEqual([0, 7, 255]);
  });

  test("half of a character in JSON is stored as a character of its own: as bytes it would end the process that reads it", async () => {
    const sql = "INSERT INTO reading (name, value) SELECT value ->> 'name', 1 FROM json_each(:rows)";
    await database.write([{ sql, args: { rows: JSON.stringify([{ name: "half \ud83d" }, { name: "whole 😀" }, { name: "\\ud83d" }]) } }]);
    expect(await names(database)).toEqual(["\\ud83d", "half \ufffd", "whole 😀"]);
    const [row] = await database.read("SELECT :json ->> 'a' AS half", { json: JSON.stringify({ a: "\ude00" }) });
    expect(row!["half"]).toBe("\ufffd");
  });

  test.each([
    ["a key that is taken", insert("a")],
    ["a NULL that a column refuses", { sql: "UPDATE reading SET value = CASE WHEN value = :seen THEN 2 END", args: { seen: 9 } }],
  ])("%s is a lost race, and nothing of the batch is written", async (_what, refused) => {
    await database.write([insert("a")]);
    await expect(database.write([insert("b"), refused, insert("c")])).rejects.toBeInstanceOf(Conflict);
    expect(await names(database)).toEqual(["a"]);
  });

  test.each([
    ["text that is no SQL", "SELEC 1", {}],
    ["an unknown table", "SELECT * FROM missing", {}],
    ["an unknown column", "SELECT missing FROM reading", {}],
    ["no statement at all", "-- nothing", {}],
    ["a value of a type that the column does not take", "INSERT INTO reading (name, value) VALUES ('a', :value)", { value: "x" }],
    ["a missing argument", INSERT, { name: "a" }],
    ["a spare argument", INSERT, { name: "a", value: 1, more: 1 }],
  ])("%s is a mistake, neither an outage nor a lost race", async (_what, sql, args) => {
    for (const call of [() => database.read(sql, args), () => database.write([{ sql, args }])]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(Conflict);
      expect(error).not.toBeInstanceOf(Unavailable);
    }
    expect(await names(database)).toEqual([]);
  });

  test("a mistake names the arguments that do not fit", async () => {
    await expect(database.read("SELECT :a, :b, ':text' -- :comment", { a: 1, c: 2 })).rejects.toThrow("missing [b], spare [c]");
  });

  test("a database that is closed is an outage", async () => {
    database.close();
    await expect(database.read("SELECT 1", {})).rejects.toBeInstanceOf(Unavailable);
  });

  test("writes of several connections at once all happen", async () => {
    const others = await Promise.all([opened.another(), opened.another()]);
    const writers = [database, ...others].flatMap((writer, n) =>
      Array.from({ length: 20 }, (_, row) => writer.write([insert(`${n}:${row}`)])),
    );
    await Promise.all(writers);
    expect((await names(database)).length).toBe(60);
  });
});

describe("a file that somebody else writes to", () => {
  let directory: string;
  let url: string;
  let database: Database;
  let other: RawDatabase.Database;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "intentvision-"));
    url = `file:${join(directory, "test.db")}`;
    database = await openDatabase({ url });
    await database.script([TABLE]);
    other = new RawDatabase(join(directory, "test.db"));
  });
  afterEach(async () => {
    database.close();
    other.close();
    await rm(directory, { recursive: true });
  });

  /** What another connection sees: a connection that was busy may show rows that it never commits. */
  const committed = () => (other.prepare("SELECT name FROM reading ORDER BY name").all() as { name: string }[]).map(({ name }) => name);
  /** Writes are gathered for one turn of the event loop, and tried in the next. */
  const attempted = async () => {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  test("writes wait until it is free, in their order, while reads go on", async () => {
    await database.write([insert("before")]);
    other.exec("BEGIN IMMEDIATE");
    const ended: string[] = [];
    const writes = ["b", "a"].map((name) => database.write([insert(name)]).then(() => ended.push(name)));
    await attempted();
    expect(await names(database)).toEqual(["before"]);
    other.exec("COMMIT");
    await Promise.all(writes);
    expect(ended).toEqual(["b", "a"]);
    expect(committed()).toEqual(["a", "b", "before"]);
  });

  test("a write that was given up as unavailable leaves nothing, and later ones are committed and synced", async () => {
    const hasty = await openDatabase({ url, patienceMs: 0 });
    other.exec("BEGIN IMMEDIATE");
    await expect(hasty.write([insert("lost")])).rejects.toMatchObject({ name: "Unavailable", retryable: true });
    other.exec("COMMIT");
    await hasty.write([insert("kept")]);
    expect(committed()).toEqual(["kept"]);
    const settings = await Promise.all(["synchronous", "journal_mode"].map((name) => hasty.read(`PRAGMA ${name}`, {})));
    expect(settings.flat()).toMatchObject([{ synchronous: 2 }, { journal_mode: "wal" }]);
    hasty.close();
  });

  test("writes that come at once are committed together, each answered for its own statements", async () => {
    const results = await Promise.all([database.write([insert("a"), insert("b")]), database.write([insert("c")])]);
    expect(results.map((own) => own.map(({ rowsAffected }) => rowsAffected))).toEqual([[1, 1], [1]]);
    expect([results[0][1]!.lastInsertRowid, results[1][0]!.lastInsertRowid]).toEqual([2n, 3n]);
    expect(committed()).toEqual(["a", "b", "c"]);
  });

  test("a write that fails while others wait fails alone", async () => {
    other.exec("BEGIN IMMEDIATE");
    const writes = Promise.allSettled([database.write([insert("a")]), database.write([insert("a")]), database.write([insert("b")])]);
    await attempted();
    other.exec("COMMIT");
    expect((await writes).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(committed()).toEqual(["a", "b"]);
  });
});

test("a remote database that nobody serves is an outage, not a mistake", async () => {
  const server = await startHranaServer();
  const database = await openDatabase({ url: server.url });
  await database.script([TABLE]);
  await server.stop();
  await expect(database.read("SELECT 1", {})).rejects.toMatchObject({ name: "Unavailable", retryable: true });
  await expect(database.write([insert("a")])).rejects.toMatchObject({ name: "Unavailable", retryable: true });
  database.close();
});

test("a remote database that refuses the token is an outage, not a mistake", async () => {
  const server = await startHranaServer({ authToken: "right" });
  const database = await openDatabase({ url: server.url, authToken: "wrong" });
  await expect(database.read("SELECT 1", {})).rejects.toBeInstanceOf(Unavailable);
  database.close();
  await server.stop();
});

test("a remote database that another stream holds is waited for", async () => {
  const server = await startHranaServer();
  const database = await openDatabase({ url: server.url });
  await database.script([TABLE]);
  const holding = await pipeline(server.url, null, ["BEGIN IMMEDIATE"]);
  const before = server.requests();
  const write = database.write([insert("a")]);
  while (server.requests() === before) await new Promise((resolve) => setImmediate(resolve));
  await pipeline(server.url, holding, ["COMMIT"]);
  await write;
  expect(await names(database)).toEqual(["a"]);
  database.close();
  await server.stop();
});

test("a remote database that answers busy is asked again", async () => {
  const server = await startHranaServer();
  let busy = 0;
  const door = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { requests } = JSON.parse(body === "" ? "{}" : body) as { requests?: unknown[] };
      if (requests !== undefined && busy > 0) {
        busy -= 1;
        const error = { type: "error", error: { code: "SQLITE_BUSY", message: "SQLite error: database is locked" } };
        response.end(JSON.stringify({ baton: null, base_url: null, results: requests.map(() => error) }));
        return;
      }
      const { method = "GET", url = "/" } = request;
      const answer = await fetch(server.url + url, { method, ...(body === "" ? {} : { body }) });
      response.writeHead(answer.status).end(await answer.text());
    });
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  const database = await openDatabase({ url: `http://127.0.0.1:${(door.address() as AddressInfo).port}` });
  await database.script([TABLE]);
  busy = 2;
  await database.write([insert("a")]);
  busy = 2;
  expect(await names(database)).toEqual(["a"]);
  expect(busy).toBe(0);
  database.close();
  door.close();
  door.closeAllConnections();
  await server.stop();
});

/** Runs statements on a stream that stays open, and returns its baton. */
async function pipeline(url: string, baton: string | null, statements: readonly string[]): Promise<string | null> {
  const requests = statements.map((sql) => ({ type: "execute", stmt: { sql } }));
  const response = await fetch(`${url}/v3/pipeline`, { method: "POST", body: JSON.stringify({ baton, requests }) });
  return ((await response.json()) as { baton: string | null }).baton;
}
