import * as v from "valibot";
import { AnomalyId } from "../../shared/contract/ids.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeFeedback } from "./change-feedback.ts";

export const undoFeedback = route({
  method: "DELETE",
  path: "/api/v1/anomalies/{id}/feedback",
  summary: "Take back what was said of an anomaly's stretch",
  scope: "admin",
  input: v.strictObject({ id: AnomalyId }),
  output: null,
  problems: ["not-found", "conflict"],

  async handle({ id }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    await changeFeedback(id, tenant, async ({ record, said }) => {
      if (said === null) return true;
      return tenant.verdicts.remove(said.series, said.from, { version: record.version, at: clock.now() });
    });
    return null;
  },
});
