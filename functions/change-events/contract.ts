import * as v from "valibot";
import { ChangeKind } from "../../shared/contract/change-event.ts";
import { many, pageQuery } from "../../shared/contract/page.ts";
import { QueryMatcher } from "../../shared/contract/query-matcher.ts";
import { QueryTime } from "../../shared/contract/time.ts";

export const ListChangeEvents = v.pipe(
  v.strictObject({
    ...pageQuery,
    kind: v.optional(many(ChangeKind, 5)),
    from: v.optional(QueryTime),
    to: v.optional(QueryTime),
    /** Over the dimensions. */
    match: v.optional(many(QueryMatcher, 32)),
  }),
  v.forward(
    v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
    ["from"],
  ),
);
