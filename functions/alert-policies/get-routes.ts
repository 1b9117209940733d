import * as v from "valibot";
import { Routes } from "../../shared/contract/alert-policy.ts";
import { route } from "../../shared/runtime/route.ts";
import { routesAnswer, routesId } from "./routes-answer.ts";

export const getRoutes = route({
  method: "GET",
  path: "/api/v1/routes",
  summary: "Read the tree of routes; the default, version 0, while there is none",
  scope: "read",
  input: v.strictObject({}),
  output: Routes,
  etag: true,
  problems: [],

  async handle(_input, { org }, { store }) {
    return routesAnswer(await store.forOrg(org).alertPolicies.get("routes", routesId(org)));
  },
});
