import * as v from "valibot";
import { AlertComment } from "../../shared/contract/alert.ts";
import { AlertId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { commentAnswer } from "./comment-answer.ts";

export const listComments = route({
  method: "GET",
  path: "/api/v1/alerts/{id}/comments",
  summary: "List what was written about an alert, oldest first",
  scope: "read",
  input: v.strictObject({ id: AlertId, ...pageQuery }),
  output: page(AlertComment),
  problems: ["not-found"],

  async handle({ id, ...query }, { org }, { store }) {
    const { alerts } = store.forOrg(org);
    if ((await alerts.get(id)) === null) throw notFound();
    const { items, nextCursor } = await alerts.comments(id, query);
    return { items: items.map(commentAnswer), nextCursor };
  },
});
