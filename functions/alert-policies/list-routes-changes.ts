import * as v from "valibot";
import { RoutesChange } from "../../shared/contract/alert-policy.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeAnswer } from "./list-changes.ts";
import { routesId, writtenRoutes } from "./routes-answer.ts";

export const listRoutesChanges = route({
  method: "GET",
  path: "/api/v1/routes/history",
  summary: "Who changed the tree of routes, when, and what it was before and after; oldest first",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(RoutesChange),
  problems: [],

  async handle(query, { org }, { store }) {
    const { items, nextCursor } = await store.forOrg(org).alertPolicies.history("routes", routesId(org), query);
    return { items: items.map((item) => changeAnswer(item, writtenRoutes)), nextCursor };
  },
});
