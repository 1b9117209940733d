import * as v from "valibot";
import { Silence, SilenceState } from "../../shared/contract/alert-policy.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";
import { silenceAnswer } from "./silence-answer.ts";

export const listSilences = route({
  method: "GET",
  path: "/api/v1/silences",
  summary: "List silences, oldest first: all, or those that are pending, active or expired",
  scope: "read",
  input: v.strictObject({ ...pageQuery, state: v.optional(SilenceState) }),
  output: page(Silence),
  problems: [],

  async handle({ state, ...query }, { org }, { store, clock }) {
    const { alertPolicies } = store.forOrg(org);
    const now = clock.now();
    const { items, nextCursor } = await (state === undefined
      ? alertPolicies.list("silence", query)
      : alertPolicies.silences(state, query, now));
    return { items: items.map((silence) => silenceAnswer(silence, now)), nextCursor };
  },
});
