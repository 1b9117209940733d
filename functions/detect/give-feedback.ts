import * as v from "valibot";
import { Anomaly, AnomalyVerdict, FeedbackNote } from "../../shared/contract/anomaly.ts";
import { AnomalyId } from "../../shared/contract/ids.ts";
import { isQuelling } from "../../shared/core/detect/verdicts.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeFeedback, spokenStretch } from "./change-feedback.ts";

export const giveFeedback = route({
  method: "PUT",
  path: "/api/v1/anomalies/{id}/feedback",
  summary: "Say of an anomaly's whole stretch that it was expected, an incident, or bad data; in place of what was said before",
  scope: "admin",
  input: v.strictObject({ id: AnomalyId, verdict: AnomalyVerdict, note: v.optional(FeedbackNote) }),
  output: Anomaly,
  problems: ["not-found", "conflict"],

  handle({ id, verdict, note = null }, { org, actor }, { store, clock }) {
    const tenant = store.forOrg(org);
    return changeFeedback(id, tenant, async ({ anomaly, record, said }) => {
      if (said !== null && said.verdict === verdict && said.note === note) return true;
      const stretch = said ?? (await spokenStretch(anomaly, record, tenant));
      const now = clock.now();
      // Alerts look at what happens after the anomalies that made them fire.
      const clearedAt = stretch.isOpen && isQuelling({ verdict }) ? (said?.clearedAt ?? Math.max(now, (record.scoredTo ?? 0) + 1)) : null;
      const { from, to, isOpen } = stretch;
      const saved = { series: anomaly.series, from, to, isOpen, verdict, note, by: actor, at: now, clearedAt };
      return tenant.verdicts.save(saved, { version: record.version, at: now });
    });
  },
});
