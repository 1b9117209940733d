import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { OrgId } from "../../shared/contract/ids.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Runtime } from "../../shared/runtime/runtime.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import ingestHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["write", "admin"]);
});
afterEach(() => harness.close());

const send = (path: string, bytes: string | Uint8Array, headers: Record<string, string> = {}, by: string | null = key) =>
  server.request(ingestHttp, "POST", path, {
    key: by ?? undefined,
    bytes,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
const stored = async (metricKey: string, dimensions: Record<string, string> = {}) => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const { timestamps, values } = await points.newest(series.idOf(metricKey, dimensions), { before: START * 2, limit: 100 });
  return [...timestamps].map((timestamp, row) => [timestamp, values[row]]);
};

describe.each(["/write?db=telegraf&precision=ms", "/api/v2/write?org=o&bucket=b&precision=ms"])("POST %s", (path) => {
  test("204: each field that is a number is a point of measurement.field, with the tags that have a value", async () => {
    const body = `cpu,host=a,empty= user=1.5,idle=90i,up=true,state="fine" ${START}\ncpu,host=b user=2\n`;
    expect(await send(path, body)).toMatchObject({ status: 204, body: "" });
    expect(await stored("cpu.user", { host: "a" })).toEqual([[START, 1.5]]);
    expect(await stored("cpu.idle", { host: "a" })).toEqual([[START, 90]]);
    expect(await stored("cpu.up", { host: "a" })).toEqual([[START, 1]]);
    expect(await stored("cpu.user", { host: "b" })).toEqual([[harness.clock.now(), 2]]);
    expect(await stored("cpu.state", { host: "a" })).toEqual([]);
  });

  test("400: bad lines become dead letters, the others are stored, and it is told as a partial write", async () => {
    const answer = await send(path, `cpu user=1 ${START}\ncpu user=x\n\ncpu user=2 ${START + 8 * 86_400_000}`);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(
      /partial write: line 2: The field .*user.* has no value .*; line 4: timestamp: Lies more than 7 days ahead\. 1 points were taken in/,
    );
    expect(answer.headers["X-Influxdb-Error"]).toContain("dropped=2");
    expect(await stored("cpu.user")).toEqual([[START, 1]]);
    const letters = await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key });
    const { items } = letters.body as { items: { id: string; source: string; payload: string }[] };
    expect(items.map(({ source }) => source)).toEqual(["influx", "influx"]);
    const line = items.find(({ payload }) => payload === '{"line":"cpu user=x","precision":"ms"}')!;
    expect(await server.request(ingestHttp, "POST", `/api/v1/dead-letters/${line.id}/replay`, { key })).toMatchObject({
      status: 422,
      body: { accepted: 0, rejected: 1, errors: [{ message: expect.stringContaining("has no value") as unknown }] },
    });
  });

  test.each([
    ["a precision that there is not", path.replace("=ms", "=days"), "m v=1", 400],
    ["no UTF-8", path, Buffer.from([0x6d, 0x20, 0xff]), 400],
    ["over 100,000 lines", path, "m v=1\n".repeat(100_001), 413],
    ["over 500,000 fields", path, `m ${"v=1,".repeat(1_000)}v=1\n`.repeat(500), 413],
    ["a line of millions of fields", path, `m ${"v=1,".repeat(2_000_000)}v=1`, 400],
    ["a line of too many tags", path, `m,${Array.from({ length: 20_000 }, (_, tag) => `t${tag}=1`).join(",")} v=1`, 400],
    ["a point of which nothing is finite", path, "m v=NaN", 400],
  ])("%s is refused in the protocol's words", async (_what, to, body, status) => {
    const answer = await send(to, body);
    expect(answer.status).toBe(status);
    expect(path.startsWith("/api/v2") ? answer.body : { code: "", message: (answer.body as { error: string }).error }).toEqual({
      code: expect.any(String) as unknown,
      message: expect.stringMatching(/\w/) as unknown,
    });
  });

  test("the key may come as a token, as a password, or in the query, and nothing of it is logged", async () => {
    const basic = Buffer.from(`telegraf:${key}`).toString("base64");
    expect((await send(path, "m v=1", { authorization: `Token ${key}` }, null)).status).toBe(204);
    expect((await send(path, "m v=1", { authorization: `Basic ${basic}` }, null)).status).toBe(204);
    expect((await send(path, "m v=1", { authorization: `Token telegraf:${key}` }, null)).status).toBe(204);
    expect((await send(`${path}&u=anybody&p=${key}`, "m v=1", {}, null)).status).toBe(204);
    expect((await send(path, "m v=1", { authorization: "Token wrong" }, null)).status).toBe(401);
    expect((await send(path, "m v=1", {}, null)).status).toBe(401);
    expect(JSON.stringify(server.logged)).not.toContain(key);
  });
});

describe("dead letters", () => {
  interface Letter {
    readonly id: string;
    readonly reason: string;
    readonly payload: string;
    readonly attempts: number;
  }
  const letters = async () =>
    ((await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key })).body as { items: Letter[] }).items;
  const replay = ({ id }: Letter) => server.request(ingestHttp, "POST", `/api/v1/dead-letters/${id}/replay`, { key });

  test("a line that is refused again keeps its one letter, however often, with its reason", async () => {
    for (let times = 0; times < 2; times++) await send("/write", "cpu user=1x");
    await replay((await letters())[0]!);
    expect(await letters()).toMatchObject([{ attempts: 3, reason: expect.stringContaining("user") as unknown }]);
  });

  test("a line of which a field is refused keeps its letter, while its other fields are taken in", async () => {
    const long = "x".repeat(200);
    expect((await send("/write?precision=s", `cpu a=1,${long}=2,b=3`)).status).toBe(400);
    expect(await stored("cpu.b")).toEqual([[START, 3]]);
    harness.clock.advance(60_000);
    const [letter] = await letters();
    expect(await replay(letter!)).toMatchObject({ status: 200, body: { accepted: 2, rejected: 1 } });
    // At the time at which it came: so nothing comes twice.
    expect(await stored("cpu.b")).toEqual([[START, 3]]);
    expect(await letters()).toMatchObject([{ id: letter!.id, reason: "The metric's name is over 200 characters" }]);
  });

  test("a point that was ahead of its time is taken in when its time has come", async () => {
    const ahead = START + 8 * 86_400_000;
    await send("/api/v2/write?precision=ms", `cpu,host=a user=4 ${ahead}`);
    harness.clock.advance(2 * 86_400_000);
    expect(await replay((await letters())[0]!)).toMatchObject({ status: 200, body: { accepted: 1 } });
    expect(await stored("cpu.user", { host: "a" })).toEqual([[ahead, 4]]);
    expect(await letters()).toEqual([]);
  });

  test("a line that was cut is not taken for another one", async () => {
    await send("/write", `cpu ${"user=1,".repeat(1_000)}last=x`);
    expect(await replay((await letters())[0]!)).toMatchObject({ status: 422, body: { detail: expect.stringContaining("cut") as unknown } });
    expect(await stored("cpu.user")).toEqual([]);
  });
});

test("points of new series beyond the organisation's limit are told, too", async () => {
  const limited: Runtime["stores"] = () => {
    const store = harness.deps.store;
    const forOrg = (org: OrgId): OrgStore => {
      const tenant = store.forOrg(org);
      return { ...tenant, points: { ...tenant.points, beyondLimit: async (series) => new Set(series) } };
    };
    return { ...store, forOrg };
  };
  const full = startHttp(harness, { stores: limited });
  const answer = await full.request(ingestHttp, "POST", "/write", { key, bytes: "m v=1" });
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining("as many as it may have") as unknown } });
});

test.each([
  [401, "unauthorized", undefined],
  [403, "forbidden", "read"],
] as const)("%d is said in the protocol's words", async (status, code, scope) => {
  const by = scope === undefined ? null : await server.keyOf(harness.org, [scope]);
  expect(await send("/api/v2/write", "m v=1", {}, by)).toMatchObject({ status, body: { code, message: expect.any(String) as unknown } });
  expect(await send("/write", "m v=1", {}, by)).toMatchObject({ status, body: { error: expect.any(String) as unknown } });
});

test("415: a body of another encoding", async () => {
  expect((await send("/write", "m v=1", { "content-encoding": "snappy" })).status).toBe(415);
});

test("writers make their database first, and anything else asked is refused", async () => {
  const ask = (method: string, url: string, bytes = "") =>
    server.request(ingestHttp, method, url, { key, bytes, headers: { "content-type": "application/x-www-form-urlencoded" } });
  const empty = { status: 200, body: { results: [{ statement_id: 0 }] } };
  expect(await ask("POST", "/query?q=CREATE%20DATABASE%20%22telegraf%22")).toMatchObject(empty);
  expect(await ask("POST", "/query", "q=create+database+x")).toMatchObject(empty);
  expect(await ask("GET", '/query?q=create database "a \\" b" with duration 1d;')).toMatchObject(empty);
  for (const other of [
    "SHOW DATABASES",
    "CREATE DATABASE",
    "CREATE DATABASE x; DROP DATABASE x",
    "",
    `CREATE DATABASE x${" ".repeat(9_000)}y`,
  ])
    expect(await ask("POST", `/query?q=${encodeURIComponent(other)}`)).toMatchObject({ status: 400 });
  expect((await ask("POST", "/query", "&q".repeat(1_000_000))).status).toBe(413);
  expect(await ask("GET", "/query?q=SHOW%20DATABASES")).toMatchObject({ status: 400, body: { error: expect.any(String) as unknown } });
});

test.each(["GET", "HEAD"])("%s /ping tells a version to whoever asks, as clients of InfluxDB 1 expect it", async (method) => {
  expect(await server.request(ingestHttp, method, "/ping?wait_for_leader=30s")).toMatchObject({
    status: 204,
    headers: { "X-Influxdb-Version": expect.stringMatching(/^1\.8\.\d+$/) as unknown, "X-Influxdb-Build": "OSS" },
    body: "",
  });
});

test.each([
  ["/write", ["", "n", "ns", "u", "ms", "s", "m", "h"], ["us", "NS", "d", "\u00b5"]],
  ["/api/v2/write", ["", "ns", "us", "ms", "s"], ["n", "u", "m", "h", "MS", "auto"]],
])("%s takes the precisions of its version, and refuses others by name", async (path, taken, refused) => {
  const per: Readonly<Record<string, number>> = { u: 1_000, us: 1_000, ms: 1, s: 1 / 1_000, m: 1 / 60_000, h: 1 / 3_600_000 };
  const hour = Math.floor(START / 3_600_000) * 3_600_000;
  for (const precision of taken) {
    const at = (BigInt(hour) * 1_000_000n) / BigInt(Math.round(1_000_000 / (per[precision] ?? 1_000_000)));
    expect(await send(`${path}?precision=${precision}`, `m of${precision}=1 ${at}`)).toMatchObject({ status: 204 });
    expect(await stored(`m.of${precision}`)).toEqual([[hour, 1]]);
  }
  for (const precision of refused) {
    const { status, body } = await send(`${path}?precision=${encodeURIComponent(precision)}`, "m v=1");
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(`precision \\"${precision}\\" is not taken here`)]);
  }
  expect(await stored("m.v")).toEqual([]);
});
