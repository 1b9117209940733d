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
    requireMatch(retentionOf(await retention.get()));

    const kept = { rawMs: msOrNull(raw), rollupsMs: msOrNull(rollups) };
    await retention.replace(kept);
    return retentionOf(kept);
  },
});

const msOrNull = (kept: string | null): number | null => (kept === null ? null : keptForMs(kept));
