import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChangeEvent } from "../../shared/contract/change-event.ts";
import type { Page } from "../../shared/contract/page.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestAnswer, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";
import tick from "./tick.ts";

const PATH = "/api/v1/change-events";
const DAY = 86_400_000;

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["read", "write"]);
});
afterEach(() => harness.close());

const CHANGE = { kind: "deployment", title: "api v1.2.3" };
const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}, by = key): Promise<TestAnswer> =>
  server.request(http, method, path, { key: by, headers, ...(body && { body }) });
const create = async (change: object = {}) => (await ask("POST", PATH, { ...CHANGE, ...change })).body as ChangeEvent;
const titles = async (query: string) => ((await ask("GET", `${PATH}?${query}`)).body as Page<ChangeEvent>).items.map(({ title }) => title);

describe("a change that is told of", () => {
  test("says all of itself, and reads back so", async () => {
    const change = {
      ...CHANGE,
      at: "2026-11-20T09:00:00.000Z",
      endAt: "2026-11-20T09:10:00.000Z",
      dimensions: { service: "api", canary: true },
      link: "https://ci.example.com/runs/7",
      source: "ci",
    };
    const answer = await ask("POST", PATH, change);
    const made = answer.body as ChangeEvent;
    expect(answer.status).toBe(201);
    expect(made).toEqual({
      ...change,
      id: expect.stringMatching(/^chg_/),
      dimensions: { service: "api", canary: "true" },
      createdBy: expect.objectContaining({ kind: "key" }),
      createdAt: "2026-11-20T10:00:00.000Z",
    });
    expect(answer.headers["Location"]).toBe(`${PATH}/${made.id}`);
    expect(await ask("GET", `${PATH}/${made.id}`)).toMatchObject({ status: 200, body: made });
    expect((await ask("GET", PATH)).body).toEqual({ items: [made], nextCursor: null });
  });

  test("is of now and of everything where it says no more than what it is", async () => {
    expect(await create()).toMatchObject({ at: "2026-11-20T10:00:00.000Z", endAt: null, dimensions: {}, link: null, source: null });
  });

  test("with an idempotency key is kept once", async () => {
    const headers = { "idempotency-key": "a" };
    const [first, second] = [await ask("POST", PATH, CHANGE, headers), await ask("POST", PATH, CHANGE, headers)];
    expect(second.body).toEqual(first.body);
    expect(await titles("")).toHaveLength(1);
  });

  test.each<[object, string]>([
    [{ kind: "party" }, "kind"],
    [{ title: "two\nlines" }, "title"],
    [{ at: START - 400 * DAY - 1 }, "at"],
    [{ at: START + 7 * DAY + 1 }, "at"],
    [{ at: START, endAt: START }, "endAt"],
    [{ at: START, endAt: START + 7 * DAY + 1 }, "endAt"],
    [{ link: "javascript:alert(1)" }, "link"],
    [{ dimensions: { "a b": "c" } }, "dimensions.a b"],
    [{ colour: "red" }, "colour"],
  ])("with %j is refused, and it says where", async (wrong, path) => {
    expect(await ask("POST", PATH, { ...CHANGE, ...wrong })).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test("is told by who may write, and deleted once", async () => {
    const { id } = await create();
    const reader = await server.keyOf(harness.org, ["read"]);
    expect((await ask("POST", PATH, CHANGE, {}, reader)).status).toBe(403);
    expect((await ask("DELETE", `${PATH}/${id}`, undefined, {}, reader)).status).toBe(403);
    expect((await ask("DELETE", `${PATH}/${id}`)).status).toBe(204);
    expect((await ask("DELETE", `${PATH}/${id}`)).status).toBe(404);
    expect((await ask("GET", `${PATH}/${id}`)).status).toBe(404);
  });

  test("of another organisation is answered like one that is missing", async () => {
    const { id } = await create();
    const foreign = await server.keyOf(harness.otherOrg, ["*"]);
    for (const method of ["GET", "DELETE"]) expect((await ask(method, `${PATH}/${id}`, undefined, {}, foreign)).status).toBe(404);
    expect((await ask("GET", PATH, undefined, {}, foreign)).body).toEqual({ items: [], nextCursor: null });
  });
});

describe("the list", () => {
  beforeEach(async () => {
    await create({ title: "a", at: START - 3 * DAY, dimensions: { service: "api" } });
    await create({ title: "b", at: START - 2 * DAY, kind: "flag", dimensions: { service: "web" } });
    await create({ title: "c", at: START - DAY, kind: "configuration" });
  });

  test.each([
    ["", ["c", "b", "a"]],
    ["kind=flag&kind=deployment", ["b", "a"]],
    [`from=${START - 2 * DAY}&to=${START - DAY}`, ["b"]],
    [`match=${encodeURIComponent('service=~"a.*|w.*"')}`, ["b", "a"]],
    [`match=${encodeURIComponent('service=""')}`, ["c"]],
  ])("with ?%s has %j, newest first", async (query, expected) => {
    expect(await titles(query)).toEqual(expected);
  });

  test("goes on from page to page", async () => {
    const { nextCursor } = (await ask("GET", `${PATH}?limit=2`)).body as Page<ChangeEvent>;
    expect(await titles(`limit=2&cursor=${nextCursor}`)).toEqual(["a"]);
    expect((await ask("GET", `${PATH}?cursor=b`)).status).toBe(400);
  });

  test("refuses a pattern that RE2 does not take", async () => {
    expect(await ask("GET", `${PATH}?match=${encodeURIComponent('a=~"("')}`)).toMatchObject({
      status: 400,
      body: { errors: [{ path: "match[0]" }] },
    });
  });
});

test("what began more than 400 days ago is forgotten within the hour", async () => {
  await create({ title: "old", at: START - 399 * DAY });
  await create({ title: "new" });
  harness.clock.advance(DAY + 1);
  await harness.deliver(tick, testEvent("tick.hour", null, {}, harness.clock.now()));
  expect(await titles("")).toEqual(["new"]);
});
