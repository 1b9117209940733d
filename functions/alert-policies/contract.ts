import * as v from "valibot";
import { Alert } from "../../shared/contract/alert.ts";
import { SilenceRequest } from "../../shared/contract/alert-policy.ts";
import { atLeast, atMost, Duration } from "../../shared/contract/time.ts";

/** Alerts that a preview shows of each list; it counts all that it finds. */
export const MOST_PREVIEWED = 100;

export const PreviewSilence = v.strictObject({
  matchers: SilenceRequest.entries.matchers,
  /** How far back episodes are looked at. */
  since: v.optional(v.pipe(Duration, atLeast(60_000), atMost(30 * 86_400_000)), 7 * 86_400_000),
});

const Previewed = v.strictObject({ count: v.number(), alerts: v.pipe(v.array(Alert), v.maxLength(MOST_PREVIEWED)) });

/** `complete` is false where there were more recent episodes than are looked through. */
export const SilencePreview = v.strictObject({
  current: Previewed,
  recent: Previewed,
  complete: v.boolean(),
  /** Labels in the matchers that none of the alerts looked at has, which may be misspelt. */
  unknownLabels: v.array(v.string()),
});
export type SilencePreview = v.InferOutput<typeof SilencePreview>;
