import * as v from "valibot";
import { AlertTransition } from "../../shared/contract/alert.ts";
import { AlertId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";

export const listTransitions = route({
  method: "GET",
  path: "/api/v1/alerts/{id}/transitions",
  summary:
    "List every step of an alert and of its condition while it lasted, oldest first: when, why, by whom, by which version of its rule",
  scope: "read",
  input: v.strictObject({ id: AlertId, ...pageQuery }),
  output: page(AlertTransition),
  problems: ["not-found"],

  async handle({ id, ...query }, { org }, { store }) {
    const { alerts } = store.forOrg(org);
    const alert = await alerts.get(id);
    if (alert === null) throw notFound();
    const { items, nextCursor } = await alerts.transitions(alert, query);
    return {
      items: items.map(({ seq: _, at, recordedAt, ...transition }) => ({
        ...transition,
        at: isoTime(at),
        recordedAt: isoTime(recordedAt),
      })),
      nextCursor,
    };
  },
});
