import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import reference from "./http.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const ask = (path: string) => startHttp(harness).request(reference, "GET", path);

describe("200", () => {
  test("the interface is an OpenAPI 3.1 document, for anybody", async () => {
    const { status, headers, body } = await ask("/api/v1/openapi.json");
    expect([status, headers["Content-Type"]]).toEqual([200, "application/json; charset=utf-8"]);
    expect(body).toMatchObject({ openapi: "3.1.0", paths: { "/api/v1/ingest": { post: { "x-scope": "write" } } } });
  });

  test("every file that the page asks for is there, and comes from here", async () => {
    const page = (await ask("/docs")).body as string;
    const files = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1]!);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const { status, headers, body } = await ask(file);
      expect([file, status, headers["Content-Type"]]).toEqual([file, 200, expect.stringMatching(/^text\/(css|javascript)/)]);
      expect((body as string).length).toBeGreaterThan(10_000);
    }
  });
});

describe("404", () => {
  test.each(["package.json", "..%2fpackage.json", "index.js", "constructor"])("of the package nothing else is served: %s", async (file) => {
    expect((await ask(`/docs/${file}`)).status).toBe(404);
  });
});
