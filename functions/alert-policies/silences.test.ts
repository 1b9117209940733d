import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Silence } from "../../shared/contract/alert-policy.ts";
import { MOST_POLICIES } from "../../shared/ports/alert-policies.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { is, storePolicy, suppressedBy } from "../../shared/testing/alert-policies.ts";
import { START } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startDoor } from "../../shared/testing/http.ts";
import type { Ask, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

const PATH = "/api/v1/silences";
const HOUR = 3_600_000;
const at = (hours: number) => new Date(START + hours * HOUR).toISOString();

let harness: Harness;
let server: TestHttp;
let ask: Ask;
beforeEach(async () => {
  ({ harness, server, ask } = await startDoor(http));
});
afterEach(() => harness.close());

const HOST_A = [is("host", "a")];
const SILENCE = { matchers: HOST_A, author: "Ada", reason: "A new disk", endsAt: at(2) };
const create = async (changes: object = {}, by?: string) => {
  const answer = await ask("POST", PATH, { ...SILENCE, ...changes }, {}, by);
  expect(answer.status).toBe(201);
  return answer.body as Silence;
};
const get = async (id: string) => (await ask("GET", `${PATH}/${id}`)).body as Silence;

describe("a silence", () => {
  test("begins now if no start is given, and reads back", async () => {
    const made = await create();
    expect(made).toEqual({
      id: expect.stringMatching(/^sil_/),
      version: 1,
      state: "active",
      ...SILENCE,
      startsAt: at(0),
      createdAt: at(0),
      updatedAt: at(0),
    });
    expect(await get(made.id)).toEqual(made);
  });

  test("is pending, active and expired in turn, and listed so", async () => {
    const early = await create({ startsAt: at(1) });
    const now = await create();
    const list = async (state: string) =>
      ((await ask("GET", `${PATH}?state=${state}`)).body as { items: Silence[] }).items.map(({ id }) => id);
    expect([await list("pending"), await list("active"), await list("expired")]).toEqual([[early.id], [now.id], []]);
    harness.clock.set(START + HOUR);
    expect([await list("pending"), await list("active")]).toEqual([[], [early.id, now.id]]);
    harness.clock.set(START + 2 * HOUR);
    expect([await list("active"), await list("expired")]).toEqual([[], [early.id, now.id]]);
    expect((await ask("GET", PATH)).body).toMatchObject({ items: [{ state: "expired" }, { state: "expired" }] });
  });

  test("is shown at once on the alerts that it hides, and no longer once it is ended", async () => {
    const rule = await storeRule(harness);
    const [a, b] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    const { id } = await create();
    expect([await suppressedBy(harness, a), await suppressedBy(harness, b)]).toEqual([[`silence:${id}`], []]);
    expect(await ask("DELETE", `${PATH}/${id}`)).toMatchObject({ status: 204 });
    expect(await suppressedBy(harness, a)).toEqual([]);
    expect(await get(id)).toMatchObject({ state: "expired", endsAt: at(0), version: 2 });
  });

  test("is changed while it has not expired, and its history says who changed what", async () => {
    const { id } = await create();
    harness.clock.advance(1_000);
    const longer = await ask("PUT", `${PATH}/${id}`, { ...SILENCE, endsAt: at(9) });
    expect(longer).toMatchObject({ status: 200, body: { version: 2, startsAt: at(0), endsAt: at(9) } });
    harness.clock.set(START + HOUR);
    await ask("DELETE", `${PATH}/${id}`);
    const { body } = await ask("GET", `${PATH}/${id}/history`);
    const said = { ...SILENCE, startsAt: at(0) };
    expect(body).toMatchObject({
      items: [
        { version: 1, actor: { kind: "key" }, before: null, after: said },
        { version: 2, before: said, after: { ...said, endsAt: at(9) } },
        { version: 3, at: at(1), before: { ...said, endsAt: at(9) }, after: { ...said, endsAt: at(1) } },
      ],
    });
  });

  test("that has changed since it was read is left alone, though its state is no change", async () => {
    const made = await ask("POST", PATH, { ...SILENCE, startsAt: at(1) });
    const tag = { "if-match": made.headers["ETag"]! };
    const { id } = made.body as Silence;
    harness.clock.set(START + HOUR);
    expect(await ask("PUT", `${PATH}/${id}`, { ...SILENCE, endsAt: at(3) }, tag)).toMatchObject({ status: 200, body: { state: "active" } });
    expect(await ask("PUT", `${PATH}/${id}`, { ...SILENCE, endsAt: at(4) }, tag)).toMatchObject({ status: 412 });
    expect(await ask("DELETE", `${PATH}/${id}`, undefined, tag)).toMatchObject({ status: 412 });
  });
});

describe("409", () => {
  test("a silence that has expired is neither changed nor ended again", async () => {
    const { id } = await create();
    harness.clock.set(START + 2 * HOUR);
    const before = await get(id);
    expect(await ask("PUT", `${PATH}/${id}`, { ...SILENCE, endsAt: at(9) })).toMatchObject({ status: 409 });
    expect(await ask("DELETE", `${PATH}/${id}`)).toMatchObject({ status: 409 });
    expect(await get(id)).toEqual(before);
  });

  test("an organisation has so many that have not expired, and no more", async () => {
    const { alertPolicies } = harness.deps.store.forOrg(harness.org);
    const definition = { ...SILENCE, matchers: [], startsAt: START, endsAt: START + HOUR };
    for (let n = 0; n < MOST_POLICIES.silence; n += 1) {
      const times = { version: 1, createdAt: START, updatedAt: START };
      const silence = { kind: "silence" as const, id: harness.deps.newId<string>("sil"), definition, ...times };
      if (!(await alertPolicies.insert(silence, { kind: "key", id: "key_test" }))) throw new Error("Full too soon");
    }
    expect(await ask("POST", PATH, SILENCE)).toMatchObject({ body: { type: expect.stringContaining("limit-reached") } });
    harness.clock.set(START + HOUR);
    await create();
  });
});

describe("400", () => {
  test.each<[string, object, string]>([
    ["no matcher", { matchers: [] }, "matchers"],
    ["a pattern that RE2 does not take", { matchers: [{ name: "host", op: "=~", value: "(" }] }, "matchers[0].value"],
    ["a pattern that matches everything", { matchers: [{ name: "host", op: "=~", value: ".*" }] }, "matchers"],
    ["a label that nothing has", { matchers: [is("nolabel", "")] }, "matchers"],
    ["matchers of which each matches the empty text", { matchers: [{ name: "a", op: "!=", value: "b" }, is("c", "")] }, "matchers"],
    ["no reason", { reason: "" }, "reason"],
    ["an end of a year too far", { endsAt: "9999-12-31T00:00:00Z" }, "endsAt"],
    ["an end in seconds", { endsAt: (START + HOUR) / 1_000 }, "endsAt"],
    ["nobody who made it", { author: undefined }, "author"],
    ["no end", { endsAt: undefined }, "endsAt"],
    ["an end that is past", { startsAt: at(-2), endsAt: at(-1) }, "endsAt"],
    ["an end before its start", { startsAt: at(3) }, "endsAt"],
  ])("%s is refused, and it says where", async (_what, changes, path) => {
    expect(await ask("POST", PATH, { ...SILENCE, ...changes })).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });
});

test("one matcher that does not match the empty text is enough", async () => {
  await create({ matchers: [...HOST_A, { name: "region", op: "!=", value: "eu" }] });
});

test("a silence of before that hides everything can be ended, but not made anew", async () => {
  const matchers = [{ name: "host", op: "=~" as const, value: ".*" }];
  const { author, reason } = SILENCE;
  const id = await storePolicy(harness, "silence", { matchers, author, reason, startsAt: START, endsAt: START + HOUR });
  expect(await ask("DELETE", `${PATH}/${id}`)).toMatchObject({ status: 204 });
  expect(await ask("POST", PATH, { ...SILENCE, matchers })).toMatchObject({
    body: { errors: [{ message: expect.stringContaining("does not match the empty text") as unknown }] },
  });
});

describe("404", () => {
  test("a silence of another organisation is answered like one that is missing, and hides nothing here", async () => {
    const alert = await fire(harness, await storeRule(harness), { dimensions: { host: "a" } });
    const theirs = await server.keyOf(harness.otherOrg, ["admin", "read"]);
    const { id } = await create({}, theirs);
    await create({ matchers: [{ name: "host", op: "=", value: "nobody's" }] });
    expect(await suppressedBy(harness, alert)).toEqual([]);
    const answers = [
      await ask("GET", `${PATH}/${id}`),
      await ask("GET", `${PATH}/${id}/history`),
      await ask("PUT", `${PATH}/${id}`, SILENCE),
      await ask("DELETE", `${PATH}/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});

describe("a preview", () => {
  test("says what it would hide now, and what it would have hidden, and makes no silence", async () => {
    const rule = await storeRule(harness);
    const old = await fire(harness, rule, { dimensions: { host: "a" } });
    await evaluate(harness, rule, { outcome: "false", at: START + 1_000 }, { host: "a" });
    harness.clock.set(START + 2 * HOUR);
    const open = await fire(harness, rule, { dimensions: { host: "a" } });
    await fire(harness, rule, { dimensions: { host: "b" } });

    expect((await ask("POST", `${PATH}/preview`, { matchers: HOST_A })).body).toMatchObject({
      current: { count: 1, alerts: [{ id: open, status: "firing" }] },
      recent: { count: 1, alerts: [{ id: old, status: "resolved" }] },
      complete: true,
    });
    expect((await ask("POST", `${PATH}/preview`, { matchers: HOST_A, since: "1h" })).body).toMatchObject({ recent: { count: 0 } });
    expect((await ask("GET", PATH)).body).toMatchObject({ items: [] });
    const theirs = await server.keyOf(harness.otherOrg, ["read"]);
    const other = await ask("POST", `${PATH}/preview`, { matchers: HOST_A }, {}, theirs);
    expect(other.body).toMatchObject({ current: { count: 0 }, recent: { count: 0 } });
    expect(await ask("POST", `${PATH}/preview`, { matchers: [] })).toMatchObject({ status: 400 });
    expect(await ask("POST", `${PATH}/preview`, { matchers: [is("host", "")] })).toMatchObject({ status: 400 });
  });

  test("names the labels that no alert has, by which a silence would hide nothing", async () => {
    await fire(harness, await storeRule(harness), { dimensions: { host: "a" } });
    const preview = async (matchers: object) => (await ask("POST", `${PATH}/preview`, { matchers })).body;
    expect(await preview([...HOST_A, is("alertname", "CPU is high")])).toMatchObject({
      current: { count: 0 },
      unknownLabels: ["alertname"],
    });
    expect(await preview([is("host", "b"), is("rule", "Another")])).toMatchObject({ current: { count: 0 }, unknownLabels: [] });
  });
});
