import * as v from "valibot";
import { AlertWithComments } from "../../shared/contract/alert.ts";
import { AlertId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import { relatedTo } from "../../shared/ports/related-alerts.ts";
import { route } from "../../shared/runtime/route.ts";
import { commentAnswer } from "./comment-answer.ts";

const COMMENTS_SHOWN = 100;

export const getAlert = route({
  method: "GET",
  path: "/api/v1/alerts/{id}",
  summary: "Read an alert, with what is known around it and its newest comments",
  scope: "read",
  input: v.strictObject({ id: AlertId }),
  output: AlertWithComments,
  problems: ["not-found"],

  async handle({ id }, { org }, { store, clock }) {
    const tenant = store.forOrg(org);
    const { alerts } = tenant;
    const alert = await alerts.get(id);
    if (alert === null) throw notFound();
    const related = await relatedTo([alert], tenant);
    const comments = await alerts.newestComments(id, COMMENTS_SHOWN);
    return { ...toldAlert(alert, related.get(id), clock.now()), comments: comments.map(commentAnswer) };
  },
});
