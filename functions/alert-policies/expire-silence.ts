import * as v from "valibot";
import { SilenceId } from "../../shared/contract/ids.ts";
import { expireAt } from "../../shared/core/alert/silences.ts";
import { route } from "../../shared/runtime/route.ts";
import { changePolicy } from "./change-policy.ts";
import { requireUnexpired, silenceAnswer, withoutState } from "./silence-answer.ts";

export const expireSilence = route({
  method: "DELETE",
  path: "/api/v1/silences/{id}",
  summary: "End a silence now: it stays to be read, expired; what it hid is told if it still fires",
  scope: "admin",
  input: v.strictObject({ id: SilenceId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, context, deps) {
    const now = deps.clock.now();
    await changePolicy(
      { kind: "silence", id, tagged: (present) => withoutState(silenceAnswer(present, now)) },
      (present) => {
        requireUnexpired(present, now);
        return expireAt(present, now);
      },
      context,
      deps,
    );
    return null;
  },
});
