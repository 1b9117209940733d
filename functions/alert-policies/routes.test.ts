import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeChannel } from "../../shared/testing/channels.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startDoor } from "../../shared/testing/http.ts";
import type { Ask, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

const PATH = "/api/v1/routes";

let harness: Harness;
let server: TestHttp;
let ask: Ask;
beforeEach(async () => {
  ({ harness, server, ask } = await startDoor(http));
});
afterEach(() => harness.close());

const DEFAULT = {
  groupBy: ["ruleId"],
  groupWait: "30s",
  groupWaitCritical: "0s",
  groupInterval: "5m",
  resolveAtOnce: false,
  routes: [],
};

describe("the tree of routes", () => {
  test("is the default, version 0, until one is written; what was read can be written back", async () => {
    const read = await ask("GET", PATH);
    expect(read).toMatchObject({ status: 200, body: { ...DEFAULT, version: 0, updatedAt: null } });
    const written = await ask("PUT", PATH, read.body as object, { "if-match": read.headers["ETag"]! });
    expect(written).toMatchObject({ status: 200, body: { ...DEFAULT, version: 1 } });
  });

  test("reads back as it was written, and its history says who wrote what", async () => {
    const { id } = await storeChannel(harness, { kind: "inbox" });
    const tree = {
      channels: [id],
      repeatInterval: "12h",
      routes: [{ matchers: [{ name: "team", op: "=~", value: "db|web" }], groupBy: ["team"], continue: true, groupWait: "90s" }],
    };
    const first = await ask("PUT", PATH, tree);
    const shown = { ...tree, routes: [{ ...tree.routes[0], routes: [] }] };
    expect(first).toMatchObject({ status: 200, body: { ...shown, version: 1, updatedAt: "2026-11-20T10:00:00.000Z" } });
    expect((await ask("GET", PATH)).body).toEqual(first.body);

    harness.clock.advance(1_000);
    await ask("PUT", PATH, { channels: [id] });
    const actor = { kind: "key", id: expect.stringMatching(/^key_/), name: "test" };
    expect((await ask("GET", `${PATH}/history`)).body).toEqual({
      items: [
        { version: 1, at: "2026-11-20T10:00:00.000Z", actor, before: null, after: shown },
        { version: 2, at: "2026-11-20T10:00:01.000Z", actor, before: shown, after: { channels: [id], routes: [] } },
      ],
      nextCursor: null,
    });
  });

  test("the same tree again changes nothing", async () => {
    await ask("PUT", PATH, { groupWait: "1m" });
    harness.clock.advance(1_000);
    expect(await ask("PUT", PATH, { groupWait: "60s" })).toMatchObject({ status: 200, body: { version: 1 } });
  });

  test("that has changed since it was read is left alone", async () => {
    const { headers } = await ask("GET", PATH);
    await ask("PUT", PATH, { groupWait: "1m" });
    expect(await ask("PUT", PATH, { groupWait: "2m" }, { "if-match": headers["ETag"]! })).toMatchObject({ status: 412 });
    expect((await ask("GET", PATH)).body).toMatchObject({ groupWait: "1m", version: 1 });
  });

  test("of one organisation is not that of another", async () => {
    const { id } = await storeChannel(harness, { kind: "inbox" }, harness.otherOrg);
    const theirs = await server.keyOf(harness.otherOrg, ["admin", "read"]);
    await ask("PUT", PATH, { channels: [id] }, {}, theirs);
    expect((await ask("GET", PATH)).body).toMatchObject({ version: 0 });
    expect((await ask("GET", `${PATH}/history`)).body).toMatchObject({ items: [] });
    expect(await ask("PUT", PATH, { channels: [id] })).toMatchObject({ status: 400, body: { errors: [{ path: "channels[0]" }] } });
  });
});

describe("400", () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { routes: [nested(levels - 1)] });
  const matcher = { name: "team", op: "=~", value: "(" };

  test.each<[string, object, string]>([
    ["a channel that there is not", { routes: [{ channels: ["chn_000000000000000000000000"] }] }, "routes[0].channels[0]"],
    ["a pattern that RE2 does not take", { routes: [{ routes: [{ matchers: [matcher] }] }] }, "routes[0].routes[0].matchers[0].value"],
    ["too many levels", nested(6), "routes[0].routes[0].routes[0].routes[0].routes"],
    ["too many routes", { routes: Array.from({ length: 200 }, () => ({})) }, "routes"],
    ["too many routes in one list", { routes: Array.from({ length: 201 }, () => ({})) }, "routes"],
    ["too many routes below another", { routes: [{ routes: Array.from({ length: 201 }, () => ({})) }] }, "routes[0].routes"],
    ["matchers of the root, which takes everything", { matchers: [] }, "matchers"],
    ["an interval of nothing", { groupInterval: "0s" }, "groupInterval"],
    ["what it does not know", { routes: [{ receiver: "x" }] }, "routes[0].receiver"],
  ])("%s is refused, and it says where", async (_what, tree, path) => {
    expect(await ask("PUT", PATH, tree)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });
});

test("403: a key that may only read changes nothing", async () => {
  const reader = await server.keyOf(harness.org, ["read"]);
  expect(await ask("PUT", PATH, {}, {}, reader)).toMatchObject({ status: 403 });
  expect(await ask("GET", PATH, undefined, {}, reader)).toMatchObject({ status: 200 });
});
