import { Silence, SilenceRequest } from "../../shared/contract/alert-policy.ts";
import type { SilenceDefinition } from "../../shared/contract/alert-policy.ts";
import type { SilenceId } from "../../shared/contract/ids.ts";
import { route } from "../../shared/runtime/route.ts";
import { makePolicy } from "./change-policy.ts";
import { requireFuture, silenceAnswer, withoutState } from "./silence-answer.ts";

export const createSilence = route({
  method: "POST",
  path: "/api/v1/silences",
  summary: "Silence the alerts that match, from a time (now, if none is given) to another",
  scope: "admin",
  input: SilenceRequest,
  output: Silence,
  location: ({ id }) => `/api/v1/silences/${id}`,
  etag: true,
  tagged: withoutState,
  idempotency: "reserve",
  problems: ["limit-reached"],

  async handle(given, context, deps) {
    const now = deps.clock.now();
    const definition: SilenceDefinition = { ...given, startsAt: given.startsAt ?? now };
    requireFuture(definition, now);
    const silence = await makePolicy({ kind: "silence", id: deps.newId<SilenceId>("sil"), definition }, context, deps);
    return silenceAnswer(silence, now);
  },
});
