import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import orgsHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
});
afterEach(() => harness.close());

test("the platform creates an organisation, whose first key reads it", async () => {
  const platform = await server.keyOf(null, ["platform"]);
  const created = await server.request(orgsHttp, "POST", "/api/v1/orgs", { key: platform, body: { name: "Acme" } });
  expect(created).toMatchObject({ status: 201, body: { org: { name: "Acme" } } });
  const { apiKey, org } = created.body as { apiKey: string; org: object };
  expect((await server.request(orgsHttp, "GET", "/api/v1/org", { key: apiKey })).body).toEqual(org);
});

test("no tenant creates an organisation, and the platform has none to read", async () => {
  const tenant = await server.keyOf(harness.org, ["*"]);
  const platform = await server.keyOf(null, ["platform"]);
  expect((await server.request(orgsHttp, "POST", "/api/v1/orgs", { key: tenant, body: { name: "Acme" } })).status).toBe(403);
  expect((await server.request(orgsHttp, "GET", "/api/v1/org", { key: platform })).status).toBe(403);
});
