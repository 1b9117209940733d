import { DetectionBudget } from "../../shared/contract/detection-budget.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import { route } from "../../shared/runtime/route.ts";

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
    return untilWon("The budget is", async () => {
      const present = await detectionBudget.get();
      requireMatch({ anomaliesPerDay: present.anomaliesPerDay });
      return (await detectionBudget.replace(anomaliesPerDay, present.anomaliesPerDay)) ? { anomaliesPerDay } : null;
    });
  },
});
