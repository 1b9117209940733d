import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { Unavailable } from "../contract/problem.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";
import { startHttp } from "../testing/http.ts";
import type { TestHttp, TestRequest } from "../testing/http.ts";
import { http, route } from "./route.ts";
import { matchPath } from "./serve-http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
let calls: unknown[];
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["*"]);
  calls = [];
});
afterEach(() => harness.close());

const echo = (more: { idempotency?: "reserve"; etag?: boolean } = {}) =>
  route({
    method: "POST",
    path: "/things/{id}",
    summary: "",
    scope: "write",
    input: v.strictObject({ id: v.string(), list: v.array(v.strictObject({ n: v.number() })) }),
    output: v.object({ id: v.string(), n: v.number() }),
    problems: [],
    ...more,
    async handle({ id, list }, { requireMatch }) {
      calls.push(list);
      requireMatch({ id, n: 1 });
      return { id, n: list.length };
    },
  });
const get = (handle: () => Promise<{ a: number }>) =>
  route({
    method: "GET",
    path: "/thing",
    summary: "",
    scope: "read",
    input: v.strictObject({}),
    output: v.object({ a: v.number() }),
    etag: true,
    problems: [],
    handle,
  });

const post = (request: TestRequest) => server.request(http([echo({ idempotency: "reserve" })]), "POST", "/things/x", { key, ...request });

describe("a request without a good key", () => {
  test.each([
    ["none", {}],
    ["a malformed one", { "x-api-key": "iv_short" }],
    ["an unknown one", { "x-api-key": `iv_${"a".repeat(32)}` }],
    ["another scheme", { authorization: "Basic aGk=" }],
  ])("is answered 401 alike: %s", async (_name, headers) => {
    const answer = await server.request(http([echo()]), "POST", "/things/x", { headers, body: { list: [] } });
    expect(answer).toMatchObject({ status: 401, headers: { "WWW-Authenticate": expect.stringContaining("Bearer") as unknown } });
    expect(answer.body).toMatchObject({ type: "https://intentvision.dev/problems/unauthenticated", status: 401, instance: "/things/x" });
    expect(calls).toEqual([]);
  });

  test("is answered 401 when the key has expired or was revoked", async () => {
    const short = await server.keyOf(harness.org, ["*"], { expiresAt: START + 1_000 });
    const ask = () => server.request(http([echo()]), "POST", "/things/x", { key: short, body: { list: [] } });
    expect((await ask()).status).toBe(200);
    harness.clock.advance(1_000);
    expect((await ask()).status).toBe(401);

    const tenant = harness.deps.store.forOrg(harness.org);
    expect((await post({ body: { list: [] } })).status).toBe(200);
    const { items } = await tenant.keys.list({ limit: 10 });
    for (const { id } of items) await tenant.keys.revoke(id, harness.clock.now());
    harness.clock.advance(5_001);
    expect((await post({ body: { list: [] } })).status).toBe(401);
  });

  test("is answered 403 when the key lacks the scope", async () => {
    const reader = await server.keyOf(harness.org, ["read"]);
    const platform = await server.keyOf(null, ["platform"]);
    for (const other of [reader, platform]) expect(await post({ key: other, body: { list: [] } })).toMatchObject({ status: 403 });
  });

  test("takes the key as a Bearer token as well", async () => {
    const answer = await server.request(http([echo()]), "POST", "/things/x", {
      headers: { authorization: `Bearer ${key}` },
      body: { list: [] },
    });
    expect(answer.status).toBe(200);
  });
});

describe("a wrong request", () => {
  test.each<[string, TestRequest, number, unknown]>([
    ["malformed JSON", { bytes: "{" }, 400, { type: expect.stringContaining("malformed-request") }],
    ["a bare NaN", { bytes: '{"list": [{"n": NaN}]}' }, 400, { type: expect.stringContaining("malformed-request") }],
    ["an array", { body: [] }, 400, { errors: [{ path: "", message: "Expected an object" }] }],
    ["an unknown member", { body: { list: [], more: 1 } }, 400, { errors: [{ path: "more" }] }],
    ["a wrong type deep down", { body: { list: [{ n: 1 }, { n: "2" }] } }, 400, { errors: [{ path: "list[1].n" }] }],
    ["a path parameter again in the body", { body: { id: "y", list: [] } }, 400, { errors: [{ path: "id" }] }],
    ["another content type", { body: {}, headers: { "content-type": "text/plain" } }, 415, {}],
    ["an idempotency key of control characters", { body: { list: [] }, headers: { "idempotency-key": "a\u0001" } }, 400, {}],
  ])("says what is wrong: %s", async (_name, request, status, body) => {
    const answer = await post(request);
    expect(answer.status).toBe(status);
    expect(answer.headers["Content-Type"]).toContain("application/problem+json");
    expect(answer.body).toMatchObject(body as object);
    expect(calls).toEqual([]);
  });

  test("with half of a character is refused, but where metrics are taken, whose texts machines cut", async () => {
    const named = (scope: "admin" | "write") =>
      route({
        method: "POST",
        path: "/things",
        summary: "",
        scope,
        input: v.strictObject({ name: v.string() }),
        output: null,
        problems: [],
        handle: async (said) => (calls.push(said), null),
      });
    const bytes = String.raw`{"name": "a \ud800"}`;
    const refused = await server.request(http([named("admin")]), "POST", "/things", { key, bytes });
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining("half of a character") as unknown } });
    expect(calls).toEqual([]);
    expect((await server.request(http([named("write")]), "POST", "/things", { key, bytes })).status).toBe(204);
    expect(calls).toEqual([{ name: "a \ufffd" }]);
  });

  test.each(["PUT", "PATCH"] as const)("%s without a body is refused, also where nothing has to be said", async (method) => {
    const input = v.strictObject({ id: v.string(), note: v.optional(v.string()) });
    const change = route({
      method,
      path: "/things/{id}",
      summary: "",
      scope: "write",
      input,
      output: null,
      problems: [],
      handle: async (said) => (calls.push(said), null),
    });
    const answer = await server.request(http([change]), method, "/things/x", { key });
    expect(answer).toMatchObject({ status: 400, body: { type: expect.stringContaining("malformed-request") as unknown } });
    expect(calls).toEqual([]);
    expect((await server.request(http([change]), method, "/things/x", { key, body: {} })).status).toBe(204);
    expect(calls).toEqual([{ id: "x" }]);
  });

  test("of another path is answered 404, of another method 405 with the methods there are", async () => {
    expect((await server.request(http([echo()]), "POST", "/nothing", { key })).status).toBe(404);
    expect(await server.request(http([echo()]), "PUT", "/things/x", { key })).toMatchObject({ status: 405, headers: { Allow: "POST" } });
  });
});

describe("a failure", () => {
  test("of ours is answered 500 without its words, which are logged", async () => {
    const broken = get(() => Promise.reject(new Error("the secret detail")));
    const answer = await server.request(http([broken]), "GET", "/thing", { key });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer)).not.toContain("secret detail");
    expect(JSON.stringify(server.logged)).toContain("the secret detail");
  });

  test("of something that we depend on is answered 503", async () => {
    const broken = get(() => Promise.reject(new Unavailable("The database does not answer", { retryable: true })));
    expect((await server.request(http([broken]), "GET", "/thing", { key })).status).toBe(503);
  });
});

describe("an answer", () => {
  test("carries the request's id and trace, and a new id for an unfit one", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const answer = await post({ body: { list: [] }, headers: { "x-request-id": "my-1", traceparent } });
    expect(answer.headers).toMatchObject({ "X-Request-Id": "my-1", traceparent });
    const odd = await post({ body: { list: [] }, headers: { "x-request-id": "a b\n" } });
    expect(odd.headers["X-Request-Id"]).toMatch(/^evt_/);
  });

  test("is 304 while its ETag is the one that the caller has", async () => {
    let a = 1;
    const table = http([get(async () => ({ a }))]);
    const first = await server.request(table, "GET", "/thing", { key });
    const etag = first.headers["ETag"]!;
    expect((await server.request(table, "GET", "/thing", { key, headers: { "if-none-match": etag } })).status).toBe(304);
    a = 2;
    expect((await server.request(table, "GET", "/thing", { key, headers: { "if-none-match": etag } })).body).toEqual({ a: 2 });
  });

  test.each([
    ["GET", "W/TAG", 304],
    ["GET", '"other", W/TAG', 304],
    ["GET", "*", 304],
    ["HEAD", "TAG", 304],
    ["GET", 'W/"other", "another"', 200],
  ])("of a %s with If-None-Match %s is %d", async (method, ifNoneMatch, status) => {
    const table = http([get(async () => ({ a: 1 }))]);
    const etag = (await server.request(table, "GET", "/thing", { key })).headers["ETag"]!;
    const headers = { "if-none-match": ifNoneMatch.replace("TAG", etag) };
    expect((await server.request(table, method, "/thing", { key, headers })).status).toBe(status);
  });

  test("is 412 when If-Match names another state", async () => {
    const table = http([echo({ etag: true })]);
    const { headers } = await server.request(table, "POST", "/things/x", { key, body: { list: [{ n: 1 }] } });
    const ask = (etag: string) => server.request(table, "POST", "/things/x", { key, body: { list: [] }, headers: { "if-match": etag } });
    expect((await ask(headers["ETag"]!)).status).toBe(200);
    expect((await ask('"other"')).status).toBe(412);
  });
});

describe("a key's rate", () => {
  test("is limited to its bucket, said in headers, and refilled by time", async () => {
    const answers: number[] = [];
    for (let n = 0; n < 201; n++) answers.push((await post({ body: { list: [] } })).status);
    expect(answers.slice(0, 200).every((status) => status === 200)).toBe(true);
    const refused = await post({ body: { list: [] } });
    expect(refused).toMatchObject({
      status: 429,
      headers: { "Retry-After": "1", "RateLimit-Policy": '"requests";q=200;w=2', RateLimit: '"requests";r=0;t=2' },
    });
    harness.clock.advance(1_000);
    const answer = await post({ body: { list: [] } });
    expect(answer).toMatchObject({
      status: 200,
      headers: { "RateLimit-Policy": '"requests";q=200;w=2', RateLimit: expect.stringContaining("r=99") as unknown },
    });
  });
});

describe("an Idempotency-Key", () => {
  const headers = { "idempotency-key": '"k1"' };

  test("gives the first answer again, without doing anything", async () => {
    const first = await post({ body: { list: [{ n: 1 }] }, headers });
    const again = await post({ body: { list: [{ n: 1 }] }, headers: { "idempotency-key": "k1" } });
    expect(again).toMatchObject({ status: first.status, body: first.body, headers: { "Idempotency-Replayed": "true" } });
    expect(calls.length).toBe(1);
  });

  test("gives the headers of the first answer again", async () => {
    const created = { ...echo({ idempotency: "reserve", etag: true }), status: 201, location: ({ id }: { id: string }) => `/things/${id}` };
    const ask = () => server.request(http([created]), "POST", "/things/x", { key, body: { list: [] }, headers });
    const { Location, ETag } = (await ask()).headers;
    expect(Location).toBe("/things/x");
    expect(await ask()).toMatchObject({ status: 201, headers: { Location, ETag, "Idempotency-Replayed": "true" } });
  });

  test("is refused with another body, and in another organisation means nothing", async () => {
    await post({ body: { list: [{ n: 1 }] }, headers });
    expect((await post({ body: { list: [] }, headers })).status).toBe(422);
    const other = await server.keyOf(harness.otherOrg, ["*"]);
    expect(await post({ key: other, body: { list: [] }, headers })).toMatchObject({ status: 200, body: { n: 0 } });
  });

  test("is refused for another resource of the same route", async () => {
    await post({ body: { list: [] }, headers });
    const other = { key, body: { list: [] }, headers };
    expect((await server.request(http([echo({ idempotency: "reserve" })]), "POST", "/things/y", other)).status).toBe(422);
    expect(calls.length).toBe(1);
  });

  test("stays taken when the answer cannot be kept: what was done is not done again", async () => {
    const { write } = harness.database;
    let writes = 0;
    const failing: typeof write = (statements) => {
      const keepsAnswer = statements.some(({ sql }) => sql.includes("UPDATE idempotency"));
      if (keepsAnswer && (writes += 1) === 1) throw new Unavailable("The database does not answer", { retryable: true });
      return write(statements);
    };
    Object.assign(harness.database, { write: failing });
    expect((await post({ body: { list: [] }, headers })).status).toBe(503);
    expect((await post({ body: { list: [] }, headers })).status).toBe(409);
    expect(calls.length).toBe(1);
  });

  test("is a new request once it has expired", async () => {
    await post({ body: { list: [{ n: 1 }] }, headers });
    harness.clock.advance(86_400_000);
    expect(await post({ body: { list: [] }, headers })).toMatchObject({ status: 200, body: { n: 0 } });
  });

  test("is answered 409 while the first request is in work, and is free again when that failed", async () => {
    let fail!: (error: Error) => void;
    const slow = route({
      method: "POST",
      path: "/slow",
      summary: "",
      scope: "write",
      input: v.strictObject({}),
      output: null,
      idempotency: "reserve",
      problems: [],
      handle: () => new Promise<null>((_resolve, reject) => (fail = reject)),
    });
    const ask = () => server.request(http([slow]), "POST", "/slow", { key, headers });
    const first = ask();
    while ((fail as unknown) === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(await ask()).toMatchObject({ status: 409, headers: { "Retry-After": "1" } });
    fail(new Error("no"));
    expect((await first).status).toBe(500);
    expect(await harness.deps.store.forOrg(harness.org).idempotency.find("k1", START)).toBeNull();
  });
});

test.each([
  ["/a/{id}", "/a/x", { id: "x" }],
  ["/a/{id}", "/a/x%2Fy", { id: "x/y" }],
  ["/a/{id}", "/a/x/", { id: "x" }],
  ["/a/{id}", "/a", null],
  ["/a/{id}", "/a/x/y", null],
  ["/a/{id}", "/a/%zz", null],
])("the pattern %s of %s gives %j", (pattern, path, params) => {
  expect(matchPath(pattern, path)).toEqual(params);
});
