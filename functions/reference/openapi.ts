import * as v from "valibot";
import document from "../../docs/openapi.json" with { type: "json" };
import { route } from "../../shared/runtime/route.ts";

export const getOpenApi = route({
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "This interface as an OpenAPI 3.1 document",
  scope: "none",
  input: v.strictObject({}),
  output: null,
  status: 200,
  problems: [],

  handle: async () => ({ contentType: "application/json; charset=utf-8", body: JSON.stringify(document) }),
});
