import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
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
    const answer = await send(path, `cpu user=1 ${START}\ncpu user=x\ncpu user=2 ${START + 8 * 86_400_000}`);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain("partial write: line 2: The field user has no value");
    expect(answer.headers["X-Influxdb-Error"]).toContain("dropped=2");
    expect(await stored("cpu.user")).toEqual([[START, 1]]);
    const letters = await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key });
    const { items } = letters.body as { items: { id: string; source: string; payload: string }[] };
    expect(items.map(({ source }) => source)).toEqual(["influx", "influx"]);
    const line = items.find(({ payload }) => JSON.parse(payload) === "cpu user=x")!;
    expect((await server.request(ingestHttp, "POST", `/api/v1/dead-letters/${line.id}/replay`, { key })).status).toBe(422);
  });

  test.each([
    ["a precision that there is not", path.replace("=ms", "=days"), "m v=1", 400],
    ["no UTF-8", path, Buffer.from([0x6d, 0x20, 0xff]), 400],
    ["over 100,000 lines", path, "m v=1\n".repeat(100_001), 413],
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
    expect((await send(`${path}&p=${key}`, "m v=1", {}, null)).status).toBe(204);
    expect((await send(path, "m v=1", { authorization: "Token wrong" }, null)).status).toBe(401);
    expect((await send(path, "m v=1", {}, null)).status).toBe(401);
    expect(JSON.stringify(server.logged)).not.toContain(key);
  });
});

test("writers make their database first, and anything else asked is refused", async () => {
  const ask = (method: string, url: string, bytes = "") =>
    server.request(ingestHttp, method, url, { key, bytes, headers: { "content-type": "application/x-www-form-urlencoded" } });
  const empty = { status: 200, body: { results: [{ statement_id: 0 }] } };
  expect(await ask("POST", "/query?q=CREATE%20DATABASE%20%22telegraf%22")).toMatchObject(empty);
  expect(await ask("POST", "/query", "q=create+database+x")).toMatchObject(empty);
  expect(await ask("GET", "/query?q=SHOW%20DATABASES")).toMatchObject({ status: 400, body: { error: expect.any(String) as unknown } });
  expect((await server.request(ingestHttp, "GET", "/ping?wait_for_leader=30s")).status).toBe(204);
});
