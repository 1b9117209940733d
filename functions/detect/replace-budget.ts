import { DetectionBudget } from "../../shared/contract/detection-budget.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

/** How often a write is tried anew that lost against another. */
const TRIES = 5;

export const replaceBudget = route({
  method: "PUT",
  path: "/api/v1/detection-budget",
  summary: "Say how many episodes of anomalies people are to be told of in 24 hours, the rarest of them; the others are stored and listed",
  scope: "admin",
  input: DetectionBudget,
  output: DetectionBudget,
  etag: true,
  problems: ["precondition-failed", "conflict"],

  async handle({ anomaliesPerDay }, { org, requireMatch }, { store }) {
    const { detectionBudget } = store.forOrg(org);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const present = await detectionBudget.get();
      requireMatch({ anomaliesPerDay: present.anomaliesPerDay });
      if (await detectionBudget.replace(anomaliesPerDay, present.anomaliesPerDay)) return { anomaliesPerDay };
      // Somebody else was faster: their change is looked at first.
    }
    throw new Problem("conflict", "The budget is changing all the time. Send the request again.");
  },
});
