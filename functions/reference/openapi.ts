import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { route } from "../../shared/runtime/route.ts";

const DOCUMENT = new URL("../../docs/openapi.json", import.meta.url);

export const getOpenApi = route({
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "This interface as an OpenAPI 3.1 document",
  scope: "none",
  input: v.strictObject({}),
  output: null,
  problems: [],

  handle: async () => ({ contentType: "application/json; charset=utf-8", body: await readFile(DOCUMENT) }),
});
