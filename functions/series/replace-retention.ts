import { keptForMs, Retention } from "../../shared/contract/retention.ts";
import { route } from "../../shared/runtime/route.ts";
import { retentionOf } from "./retention-answer.ts";

export const replaceRetention = route({
  method: "PUT",
  path: "/api/v1/retention",
  summary: "Say how long points are kept, and the hours that they came to; what is past it goes within the hour",
  scope: "admin",
  input: Retention,
  output: Retention,
  etag: true,
  problems: ["precondition-failed"],

  async handle({ raw, rollups }, { org, requireMatch }, { store }) {
    const { retention } = store.forOrg(org);
    const kept = { rawMs: msOrNull(raw), rollupsMs: msOrNull(rollups) };
    for (;;) {
      const present = await retention.get();
      requireMatch(retentionOf(present));
      if (await retention.replace(kept, present)) return retentionOf(kept);
      // Somebody else was faster: their change is looked at first.
    }
  },
});

const msOrNull = (kept: string | null): number | null => (kept === null ? null : keptForMs(kept));
