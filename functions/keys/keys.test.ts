import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import keysHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let admin: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  admin = await server.keyOf(harness.org, ["admin"]);
});
afterEach(() => harness.close());

const ask = (method: string, path: string, body?: unknown, key = admin) => server.request(keysHttp, method, path, { key, body });

test("a key is shown once, works with its scopes, and is never shown again", async () => {
  const created = await ask("POST", "/api/v1/keys", { name: "CI", scopes: ["admin"] });
  const { apiKey, id } = created.body as { apiKey: string; id: string };
  expect(created).toMatchObject({ status: 201, headers: { Location: `/api/v1/keys/${id}` } });
  expect(apiKey).toMatch(/^iv_[A-Za-z0-9_-]{32}$/);
  const listed = await ask("GET", "/api/v1/keys", undefined, apiKey);
  expect(listed.status).toBe(200);
  expect(JSON.stringify(listed.body)).not.toContain(apiKey);
  expect((await ask("GET", `/api/v1/keys/${id}`)).body).not.toHaveProperty("apiKey");
  const [row] = await harness.database.read("SELECT hash FROM api_key WHERE id = :id", { id });
  expect(Buffer.from(row!["hash"] as ArrayBuffer).toString("utf8")).not.toContain(apiKey);
});

test("a revoked key stops working", async () => {
  const { apiKey, id } = (await ask("POST", "/api/v1/keys", { name: "CI", scopes: ["admin"] })).body as { apiKey: string; id: string };
  expect((await ask("DELETE", `/api/v1/keys/${id}`)).status).toBe(204);
  expect((await ask("GET", "/api/v1/keys", undefined, apiKey)).status).toBe(401);
  expect((await ask("GET", `/api/v1/keys/${id}`)).body).toMatchObject({ revokedAt: "2026-11-20T10:00:00.000Z" });
});

test("a key in use stops working with the answer to its revocation", async () => {
  const { apiKey, id } = (await ask("POST", "/api/v1/keys", { name: "CI", scopes: ["admin"] })).body as { apiKey: string; id: string };
  expect((await ask("GET", "/api/v1/keys", undefined, apiKey)).status).toBe(200);
  expect((await ask("DELETE", `/api/v1/keys/${id}`, undefined, apiKey)).status).toBe(204);
  expect((await ask("GET", "/api/v1/keys", undefined, apiKey)).status).toBe(401);
});

test.each([
  [{ name: "x", scopes: [] }],
  [{ name: "x", scopes: ["platform"] }],
  [{ name: "", scopes: ["read"] }],
  [{ name: "x", scopes: ["read"], expiresAt: START - 1 }],
  [{ name: "x", scopes: ["read"], rateLimit: { requestsPerSecond: 0, burst: 1, pointsPerSecond: 1 } }],
])("%j is refused", async (body) => {
  expect((await ask("POST", "/api/v1/keys", body)).status).toBe(400);
});

test("the use of a key is noted, once a minute at most", async () => {
  await ask("GET", "/api/v1/keys");
  const used = async () =>
    ((await ask("GET", "/api/v1/keys")).body as { items: { lastUsedAt: string | null }[] }).items.map(({ lastUsedAt }) => lastUsedAt);
  expect(await used()).toContain("2026-11-20T10:00:00.000Z");
  harness.clock.advance(59_999);
  expect(await used()).toContain("2026-11-20T10:00:00.000Z");
  harness.clock.advance(1);
  expect(await used()).toContain("2026-11-20T10:01:00.000Z");
});
