import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DetectionSettingsId, SeriesId } from "../../shared/contract/ids.ts";
import type { DetectionSettings, SeriesSettings } from "../../shared/contract/detection-settings.ts";
import { DEFAULT_SETTINGS } from "../../shared/core/detect/effective-settings.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
let cpu: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["admin", "read"]);
  cpu = await harness.store("cpu", [[START, 1]], { region: "eu" });
});
afterEach(() => harness.close());

const ask = (method: string, body?: object, headers: Record<string, string> = {}, by = key, series = cpu) =>
  server.request(http, method, `/api/v1/series/${series}/settings`, { key: by, headers, ...(body && { body }) });
const read = async () => (await ask("GET")).body as SeriesSettings;
const select = async (settings: DetectionSettings, { priority = 0, region = "eu", name = "Selected" } = {}) => {
  const id = harness.deps.newId<DetectionSettingsId>("dse");
  const selector = { metricKey: "cpu", matchers: [{ name: "region", op: "=" as const, value: region }] };
  harness.clock.advance(1);
  const at = harness.clock.now();
  const definition = { name, selector, settings, priority };
  await harness.deps.store.forOrg(harness.org).detectionSettings.insert({ id, version: 1, definition, createdAt: at, updatedAt: at });
  return id;
};
/** Who is to be learned anew, event by event. */
const relearned = async () => {
  const rows = await harness.database.read(
    "SELECT event ->> '$.data.series' AS series FROM outbox WHERE event ->> '$.type' LIKE '%relearn%'",
    {},
  );
  return rows.map(({ series }) => series);
};

describe("what holds for a series", () => {
  test("is the default where nobody has said anything", async () => {
    const { series, effective, sources, ...own } = await read();
    expect([series, own, effective]).toEqual([cpu, {}, DEFAULT_SETTINGS]);
    expect(new Set(Object.values(sources).map(({ from }) => from))).toEqual(new Set(["default"]));
  });

  test("comes from selectors by priority and age, then from its time zone, then from its own settings, and says which", async () => {
    const high = await select({ sensitivity: 0.9, timezone: "Asia/Tokyo" }, { priority: 1, name: "High" });
    await select({ sensitivity: 0.1, minAbsolute: 1, weights: { residual: 2, "value-novelty": 3 } });
    const later = await select({ minAbsolute: 2, consensus: 0.4, weights: { residual: 0 } }, { name: "Later" });
    await select({ direction: "below" }, { region: "us", priority: 9 });
    await server.request(http, "PATCH", `/api/v1/series/${cpu}`, { key, body: { timezone: "Europe/Berlin" } });
    await ask("PUT", { consensus: 0.6 });

    const { effective, sources, consensus } = await read();
    expect(consensus).toBe(0.6);
    expect(effective).toEqual({
      ...DEFAULT_SETTINGS,
      sensitivity: 0.9,
      minAbsolute: 2,
      weights: { residual: 0 },
      timezone: "Europe/Berlin",
      consensus: 0.6,
    });
    expect(sources).toMatchObject({
      sensitivity: { from: "detection-settings", id: high, name: "High" },
      minAbsolute: { from: "detection-settings", id: later, name: "Later" },
      direction: { from: "default" },
      timezone: { from: "series-time-zone" },
      consensus: { from: "series-settings" },
    });
  });
});

describe("a change", () => {
  test("by PUT replaces all, by PATCH a part, and DELETE takes all back; what was read may be written back", async () => {
    expect((await ask("PUT", { sensitivity: 0.7, minRelative: 0.2 })).body).toMatchObject({
      sensitivity: 0.7,
      effective: { minRelative: 0.2 },
    });
    expect((await ask("PATCH", { sensitivity: null, enabled: false })).body).toMatchObject({
      enabled: false,
      effective: { sensitivity: 0.5 },
    });
    const all = await read();
    expect((await ask("PUT", all)).body).toEqual(all);
    expect((await ask("DELETE")).status).toBe(204);
    expect((await read()).effective).toEqual(DEFAULT_SETTINGS);
    expect((await ask("PUT", { sensitivity: 0.3 })).body).toMatchObject({ sensitivity: 0.3 });
  });

  test.each([[{ sensitivity: 2 }], [{ weights: { magic: 1 } }], [{ holidays: ["2026-13-01"] }], [{ color: "red" }]])(
    "to %j is refused",
    async (body) => {
      expect((await ask("PUT", body)).status).toBe(400);
      expect((await ask("PATCH", body)).status).toBe(400);
      expect((await read()).effective).toEqual(DEFAULT_SETTINGS);
    },
  );

  test("of what was changed since it was read is refused", async () => {
    const stale = { "if-match": (await ask("GET")).headers["ETag"]! };
    expect((await ask("PUT", { sensitivity: 0.7 }, stale)).status).toBe(200);
    expect((await ask("PATCH", { sensitivity: 0.8 }, stale)).status).toBe(412);
    expect((await ask("DELETE", undefined, stale)).status).toBe(412);
  });

  test("that meets another one is made on top of it", async () => {
    const answers = await Promise.all([ask("PATCH", { sensitivity: 0.7 }), ask("PATCH", { consensus: 0.2 })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await read()).toMatchObject({ sensitivity: 0.7, consensus: 0.2 });
  });

  test.each([
    [{ timezone: "Europe/Berlin" }, true],
    [{ holidays: ["2026-12-25"] }, true],
    [{ sensitivity: 0.2, minAbsolute: 3, weights: { residual: 0 }, enabled: false }, false],
  ])("to %j has the series learned anew: %s; the same again does not, and taking it back does as it did", async (body, relearns) => {
    const asked = relearns ? [JSON.stringify([cpu])] : [];
    await ask("PUT", body);
    expect(await relearned()).toEqual(asked);
    await ask("PUT", body);
    expect(await relearned()).toEqual(asked);
    await ask("DELETE");
    expect(await relearned()).toEqual([...asked, ...asked]);
  });
});

test("who may only read changes nothing; a foreign series and a missing one are not there", async () => {
  const reader = await server.keyOf(harness.org, ["read", "write"]);
  const foreign = await server.keyOf(harness.otherOrg, ["*"]);
  expect((await ask("GET", undefined, {}, reader)).status).toBe(200);
  for (const [method, body] of [["GET"], ["PUT", {}], ["PATCH", {}], ["DELETE"]] as const) {
    if (method !== "GET") expect((await ask(method, body, {}, reader)).status).toBe(403);
    expect((await ask(method, body, {}, foreign)).status).toBe(404);
    expect((await ask(method, body, {}, key, `ser_${"0".repeat(24)}` as SeriesId)).status).toBe(404);
  }
});
