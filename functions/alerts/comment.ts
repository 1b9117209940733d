import { AlertComment } from "../../shared/contract/alert.ts";
import type { CommentId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { MAX_COMMENTS } from "../../shared/ports/alerting.ts";
import type { CommentRecord } from "../../shared/ports/alerting.ts";
import { route } from "../../shared/runtime/route.ts";
import { namedActor } from "./act-on-alert.ts";
import { commentAnswer } from "./comment-answer.ts";
import { CommentOnAlert } from "./contract.ts";

export const commentOnAlert = route({
  method: "POST",
  path: "/api/v1/alerts/{id}/comments",
  summary: "Write something about an alert, open or resolved",
  scope: "admin",
  input: CommentOnAlert,
  output: AlertComment,
  status: 201,
  idempotency: "reserve",
  problems: ["not-found", "limit-reached"],

  async handle({ id, name, text }, { org, actor }, { store, clock, newId }) {
    const { alerts } = store.forOrg(org);
    if ((await alerts.get(id)) === null) throw notFound();
    const comment: CommentRecord = {
      id: newId<CommentId>("cmt"),
      alert: id,
      at: clock.now(),
      actor: namedActor(actor, name),
      act: null,
      text,
    };
    if (!(await alerts.comment(comment))) throw new Problem("limit-reached", `An alert may have ${MAX_COMMENTS} comments.`);
    return commentAnswer(comment);
  },
});
