import { Silence, SilenceReplacement } from "../../shared/contract/alert-policy.ts";
import { route } from "../../shared/runtime/route.ts";
import { changePolicy } from "./change-policy.ts";
import { requireFuture, requireUnexpired, silenceAnswer, withoutState } from "./silence-answer.ts";

export const replaceSilence = route({
  method: "PUT",
  path: "/api/v1/silences/{id}",
  summary: "Replace a silence that has not expired; its start stays if none is given",
  scope: "admin",
  input: SilenceReplacement,
  output: Silence,
  readOnly: ["version", "state", "createdAt", "updatedAt"],
  etag: true,
  tagged: withoutState,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id, ...given }, context, deps) {
    const now = deps.clock.now();
    const silence = await changePolicy(
      { kind: "silence", id, tagged: (present) => withoutState(silenceAnswer(present, now)) },
      (present) => {
        requireUnexpired(present, now);
        const definition = { ...given, startsAt: given.startsAt ?? present.startsAt };
        requireFuture(definition, now);
        return definition;
      },
      context,
      deps,
    );
    return silenceAnswer(silence, now);
  },
});
