import * as v from "valibot";
import { Silence } from "../../shared/contract/alert-policy.ts";
import { SilenceId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { silenceAnswer, withoutState } from "./silence-answer.ts";

export const getSilence = route({
  method: "GET",
  path: "/api/v1/silences/{id}",
  summary: "Read a silence",
  scope: "read",
  input: v.strictObject({ id: SilenceId }),
  output: Silence,
  etag: true,
  tagged: withoutState,
  problems: ["not-found"],

  async handle({ id }, { org }, { store, clock }) {
    const silence = await store.forOrg(org).alertPolicies.get("silence", id);
    if (silence === null) throw notFound();
    return silenceAnswer(silence, clock.now());
  },
});
