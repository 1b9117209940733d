import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DetectionSettingsEntry } from "../../shared/contract/detection-settings.ts";
import { MAX_DETECTION_SETTINGS } from "../../shared/ports/detection-settings.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startDoor } from "../../shared/testing/http.ts";
import type { Ask, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

const PATH = "/api/v1/detection-settings";

let harness: Harness;
let server: TestHttp;
let ask: Ask;
beforeEach(async () => {
  ({ harness, server, ask } = await startDoor(http));
});
afterEach(() => harness.close());

const ENTRY = { name: "Shop", selector: { metricKey: "cpu", dimensions: { region: "eu" } }, settings: { sensitivity: 0.8 } };
const create = async (entry: object = ENTRY) => (await ask("POST", PATH, entry)).body as DetectionSettingsEntry;

describe("settings that are made", () => {
  test("say all of themselves, and read back so", async () => {
    const settings = {
      enabled: true,
      sensitivity: 1,
      weights: { residual: 0.5 },
      direction: "above",
      minAbsolute: 5,
      minRelative: 0.1,
      consensus: 0.5,
      timezone: "Europe/Berlin",
      holidays: ["2026-12-25", "2028-02-29"],
    };
    const answer = await ask("POST", PATH, { ...ENTRY, settings, priority: 7 });
    const made = answer.body as DetectionSettingsEntry;
    expect(answer.status).toBe(201);
    expect(made).toEqual({
      id: expect.stringMatching(/^dse_/),
      version: 1,
      name: "Shop",
      selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=", value: "eu" }] },
      settings,
      priority: 7,
      createdAt: "2026-11-20T10:00:00.000Z",
      updatedAt: "2026-11-20T10:00:00.000Z",
    });
    expect(answer.headers["Location"]).toBe(`${PATH}/${made.id}`);
    expect(await ask("GET", `${PATH}/${made.id}`)).toMatchObject({ status: 200, body: made });
    expect(await ask("GET", PATH)).toMatchObject({ body: { items: [made], nextCursor: null } });
  });

  test.each([
    [{ sensitivity: 1.1 }, "settings.sensitivity"],
    [{ direction: "up" }, "settings.direction"],
    [{ minAbsolute: -1 }, "settings.minAbsolute"],
    [{ minRelative: -0.1 }, "settings.minRelative"],
    [{ consensus: 2 }, "settings.consensus"],
    [{ weights: { magic: 1 } }, "settings.weights.magic"],
    [{ weights: { residual: -1 } }, "settings.weights.residual"],
    [{ timezone: "Mars/Olympus" }, "settings.timezone"],
    [{ holidays: ["2026-02-29"] }, "settings.holidays[0]"],
    [{ holidays: ["Christmas"] }, "settings.holidays[0]"],
    [{ holidays: Array.from({ length: 401 }, () => "2026-12-25") }, "settings.holidays"],
    [{ enabled: "no" }, "settings.enabled"],
    [{ sensitivity: null }, "settings.sensitivity"],
    [{ threshold: 3 }, "settings.threshold"],
  ])("of %j are refused, and it says where", async (settings, path) => {
    expect(await ask("POST", PATH, { ...ENTRY, settings })).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test.each([
    [{ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "(" }] } }, "selector.matchers[0].value"],
    [{ selector: {} }, "selector.metricKey"],
    [{ priority: 1.5 }, "priority"],
    [{ name: "" }, "name"],
  ])("with %j are refused, and it says where", async (wrong, path) => {
    expect(await ask("POST", PATH, { ...ENTRY, ...wrong })).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test("beyond the limit of the organisation are refused", async () => {
    const { detectionSettings } = harness.deps.store.forOrg(harness.org);
    const first = (await detectionSettings.get((await create()).id))!;
    for (let n = 1; n < MAX_DETECTION_SETTINGS; n += 1) await detectionSettings.insert({ ...first, id: harness.deps.newId("dse") });
    expect(await ask("POST", PATH, ENTRY)).toMatchObject({
      status: 422,
      body: { detail: "An organisation may have 100 detection settings." },
    });
  });

  test("with an idempotency key are made once", async () => {
    const headers = { "idempotency-key": "a" };
    const [first, second] = [await ask("POST", PATH, ENTRY, headers), await ask("POST", PATH, ENTRY, headers)];
    expect(second.body).toEqual(first.body);
    expect(((await ask("GET", PATH)).body as { items: unknown[] }).items).toHaveLength(1);
  });
});

describe("a change", () => {
  test("takes what was read, or a part; null takes back what was said", async () => {
    const made = await create();
    harness.clock.advance(60_000);
    const put = await ask("PUT", `${PATH}/${made.id}`, { ...made, settings: { sensitivity: 0.2, consensus: 0.5 } });
    expect(put).toMatchObject({ status: 200, body: { version: 2, settings: { sensitivity: 0.2, consensus: 0.5 } } });
    const patched = await ask("PATCH", `${PATH}/${made.id}`, { settings: { sensitivity: null, enabled: false }, priority: 3 });
    expect(patched.body).toEqual({
      ...made,
      version: 3,
      settings: { consensus: 0.5, enabled: false },
      priority: 3,
      updatedAt: "2026-11-20T10:01:00.000Z",
    });
    expect((await ask("GET", `${PATH}/${made.id}`)).body).toEqual(patched.body);
  });

  test("to the same changes nothing", async () => {
    const made = await create();
    harness.clock.advance(60_000);
    expect((await ask("PUT", `${PATH}/${made.id}`, made)).body).toEqual(made);
  });

  test("of what was changed since it was read is refused, and so is deleting it", async () => {
    const made = await create();
    const stale = { "if-match": (await ask("GET", `${PATH}/${made.id}`)).headers["ETag"]! };
    expect((await ask("PATCH", `${PATH}/${made.id}`, { priority: 1 }, stale)).status).toBe(200);
    expect((await ask("PUT", `${PATH}/${made.id}`, made, stale)).status).toBe(412);
    expect((await ask("DELETE", `${PATH}/${made.id}`, undefined, stale)).status).toBe(412);
    const fresh = { "if-match": (await ask("GET", `${PATH}/${made.id}`)).headers["ETag"]! };
    expect((await ask("DELETE", `${PATH}/${made.id}`, undefined, fresh)).status).toBe(204);
    expect((await ask("GET", `${PATH}/${made.id}`)).status).toBe(404);
  });

  test("that breaks them is refused and leaves them as they are", async () => {
    const made = await create();
    expect((await ask("PATCH", `${PATH}/${made.id}`, { settings: { weights: { magic: 1 } } })).status).toBe(400);
    expect((await ask("PATCH", `${PATH}/${made.id}`, { selector: null })).status).toBe(400);
    expect((await ask("GET", `${PATH}/${made.id}`)).body).toEqual(made);
  });

  test("that meets another one is made on top of it", async () => {
    const made = await create();
    const bodies = [{ priority: 5 }, { name: "Other" }];
    const answers = await Promise.all(bodies.map((body) => ask("PATCH", `${PATH}/${made.id}`, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask("GET", `${PATH}/${made.id}`)).body).toMatchObject({ version: 3, priority: 5, name: "Other" });
  });
});

test("who may only read changes nothing, and another organisation finds nothing", async () => {
  const made = await create();
  const reader = await server.keyOf(harness.org, ["read", "write"]);
  const foreign = await server.keyOf(harness.otherOrg, ["*"]);
  expect((await ask("GET", `${PATH}/${made.id}`, undefined, {}, reader)).status).toBe(200);
  for (const [method, path, body] of [
    ["POST", PATH, ENTRY],
    ["PUT", `${PATH}/${made.id}`, ENTRY],
    ["PATCH", `${PATH}/${made.id}`, { priority: 1 }],
    ["DELETE", `${PATH}/${made.id}`, undefined],
  ] as const) {
    expect((await ask(method, path, body, {}, reader)).status).toBe(403);
    if (path !== PATH) expect((await ask(method, path, body, {}, foreign)).status).toBe(404);
  }
  expect((await ask("GET", PATH, undefined, {}, foreign)).body).toEqual({ items: [], nextCursor: null });
});
