import * as v from "valibot";
import { DetectionBudget } from "../../shared/contract/detection-budget.ts";
import { route } from "../../shared/runtime/route.ts";

export const getBudget = route({
  method: "GET",
  path: "/api/v1/detection-budget",
  summary: "How many episodes of anomalies people are told of in 24 hours at most; null: of all of them",
  scope: "read",
  input: v.strictObject({}),
  output: DetectionBudget,
  etag: true,
  problems: [],

  async handle(_input, { org }, { store }) {
    const { anomaliesPerDay } = await store.forOrg(org).detectionBudget.get();
    return { anomaliesPerDay };
  },
});
