import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { is, suppressedBy } from "../../shared/testing/alert-policies.ts";
import { START } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startDoor } from "../../shared/testing/http.ts";
import type { Ask, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

let harness: Harness;
let server: TestHttp;
let ask: Ask;
beforeEach(async () => {
  ({ harness, server, ask } = await startDoor(http));
});
afterEach(() => harness.close());

// START is a Friday, 10:00 UTC.
const WINDOW = { name: "Works", timezone: "Europe/Berlin", weekdays: ["friday"], start: "11:00", end: "12:00", matchers: [is("host", "a")], enabled: true }; // prettier-ignore
const INHIBITION = { name: "Down", source: [is("host", "b")], target: [is("host", "a")], equal: ["metric"], enabled: true };

const RESOURCES = [
  ["/api/v1/mute-windows", "mute-window", WINDOW, { ...WINDOW, start: "10:00" }, { ...WINDOW, enabled: false }],
  ["/api/v1/inhibitions", "inhibition", INHIBITION, { ...INHIBITION, equal: [] }, { ...INHIBITION, enabled: false }],
] as const;

describe.each(RESOURCES)("%s", (path, kind, definition, other, off) => {
  const create = async (by?: string) => (await ask("POST", path, definition, {}, by)).body as { id: string };

  test("one that is made reads back, is listed, and holds at once", async () => {
    const rule = await storeRule(harness);
    const [a] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    const answer = await ask("POST", path, definition);
    const { id } = answer.body as { id: string };
    const times = { createdAt: "2026-11-20T10:00:00.000Z", updatedAt: "2026-11-20T10:00:00.000Z" };
    expect(answer).toMatchObject({ status: 201, headers: { Location: `${path}/${id}` } });
    expect(answer.body).toEqual({ id, version: 1, ...definition, ...times });
    expect((await ask("GET", `${path}/${id}`)).body).toEqual(answer.body);
    expect((await ask("GET", path)).body).toEqual({ items: [answer.body], nextCursor: null });

    expect(await suppressedBy(harness, a)).toEqual([`${kind}:${id}`]);
    await ask("PUT", `${path}/${id}`, off);
    expect(await suppressedBy(harness, a)).toEqual([]);
    await ask("PUT", `${path}/${id}`, definition);
    expect(await suppressedBy(harness, a)).toEqual([`${kind}:${id}`]);
    await ask("DELETE", `${path}/${id}`);
    expect(await suppressedBy(harness, a)).toEqual([]);
  });

  test("who changed it, when, and from what to what is kept, also once it is deleted", async () => {
    const { id } = await create();
    harness.clock.advance(1_000);
    expect(await ask("PUT", `${path}/${id}`, other)).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await ask("PUT", `${path}/${id}`, other)).toMatchObject({ status: 200, body: { version: 2 } });
    harness.clock.advance(1_000);
    expect(await ask("DELETE", `${path}/${id}`)).toMatchObject({ status: 204 });
    expect(await ask("GET", `${path}/${id}`)).toMatchObject({ status: 404 });
    const actor = { kind: "key", id: expect.stringMatching(/^key_/), name: "test" };
    const at = (ms: number) => new Date(START + ms).toISOString();
    const changes = [
      { version: 1, at: at(0), actor, before: null, after: definition },
      { version: 2, at: at(1_000), actor, before: definition, after: other },
      { version: 3, at: at(2_000), actor, before: other, after: null },
    ];
    expect((await ask("GET", `${path}/${id}/history`)).body).toEqual({ items: changes, nextCursor: null });
    const { body } = await ask("GET", `${path}/${id}/history?limit=2`);
    expect(body).toEqual({ items: changes.slice(0, 2), nextCursor: "2" });
    expect((await ask("GET", `${path}/${id}/history?limit=2&cursor=2`)).body).toEqual({ items: changes.slice(2), nextCursor: null });
  });

  test("of another organisation it is answered like one that is missing, and hides nothing here", async () => {
    const rule = await storeRule(harness);
    const a = await fire(harness, rule, { dimensions: { host: "a" } });
    await fire(harness, rule, { dimensions: { host: "b" } });
    const theirs = await server.keyOf(harness.otherOrg, ["admin", "read"]);
    const { id } = await create(theirs);
    expect(await suppressedBy(harness, a)).toEqual([]);
    const answers = [
      await ask("GET", `${path}/${id}`),
      await ask("GET", `${path}/${id}/history`),
      await ask("PUT", `${path}/${id}`, other),
      await ask("DELETE", `${path}/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(await ask("GET", `${path}/${id}`, undefined, {}, theirs)).toMatchObject({ body: { version: 1 } });
  });

  test("one that has changed since it was read is left alone", async () => {
    const { headers, body } = await ask("POST", path, definition);
    const { id } = body as { id: string };
    await ask("PUT", `${path}/${id}`, other);
    const stale = { "if-match": headers["ETag"]! };
    expect(await ask("PUT", `${path}/${id}`, off, stale)).toMatchObject({ status: 412 });
    expect(await ask("DELETE", `${path}/${id}`, undefined, stale)).toMatchObject({ status: 412 });
    expect((await ask("GET", `${path}/${id}`)).body).toMatchObject(other);
  });
});

test("a mute window without matchers is meant to hide every alert", async () => {
  expect(await ask("POST", "/api/v1/mute-windows", { ...WINDOW, matchers: [] })).toMatchObject({ status: 201 });
});

describe("400", () => {
  test.each<[string, object, string]>([
    ["/api/v1/mute-windows", { ...WINDOW, timezone: "Mars/Olympus" }, "timezone"],
    ["/api/v1/mute-windows", { ...WINDOW, end: "11:00" }, "end"],
    ["/api/v1/mute-windows", { ...WINDOW, start: "24:00" }, "start"],
    ["/api/v1/mute-windows", { ...WINDOW, weekdays: [] }, "weekdays"],
    ["/api/v1/mute-windows", { ...WINDOW, matchers: [{ name: "host", op: "=~", value: "[" }] }, "matchers[0].value"],
    ["/api/v1/mute-windows", { ...WINDOW, matchers: [{ name: "host", op: "=~", value: ".*" }] }, "matchers"],
    ["/api/v1/inhibitions", { ...INHIBITION, source: [] }, "source"],
    ["/api/v1/inhibitions", { ...INHIBITION, source: [is("host", "")] }, "source"],
    ["/api/v1/inhibitions", { ...INHIBITION, target: [{ name: "x", op: "!=", value: "y" }] }, "target"],
    ["/api/v1/inhibitions", { ...INHIBITION, target: [{ name: "host", op: "!~", value: "(" }] }, "target[0].value"],
    ["/api/v1/inhibitions", { ...INHIBITION, equal: ["not a label"] }, "equal[0]"],
  ])("%s refuses %j, and says where", async (path, definition, where) => {
    expect(await ask("POST", path, definition)).toMatchObject({ status: 400, body: { errors: [{ path: where }] } });
  });
});
