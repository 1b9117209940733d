import * as v from "valibot";
import { AlertStatus } from "../../shared/contract/alert.ts";
import { AlertId, RuleId, SeriesId } from "../../shared/contract/ids.ts";
import { name } from "../../shared/contract/name.ts";
import { many, pageQuery, queryInteger } from "../../shared/contract/page.ts";
import { QueryMatcher } from "../../shared/contract/query-matcher.ts";
import { Severity } from "../../shared/contract/rule.ts";
import { MetricKey } from "../../shared/contract/series.ts";
import { atLeast, Duration, QueryTime } from "../../shared/contract/time.ts";
import { CHART_SIZE } from "../../shared/ports/charts.ts";

export const ListAlerts = v.pipe(
  v.strictObject({
    ...pageQuery,
    status: v.optional(many(AlertStatus, 5)),
    ruleId: v.optional(RuleId),
    series: v.optional(SeriesId),
    severity: v.optional(Severity),
    metricKey: v.optional(MetricKey),
    /** Over the labels of the rule and the dimensions of the series. */
    match: v.optional(many(QueryMatcher, 32)),
    /** An id or a name; `none` for alerts that nobody takes care of. */
    assignee: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
    from: v.optional(QueryTime),
    to: v.optional(QueryTime),
    /** A part of the rule's name or of the metric, in capitals or not. */
    search: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
  }),
  v.forward(
    v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
    ["from"],
  ),
  v.forward(
    v.check(({ status }) => status === undefined || status.length === 1 || !status.includes("pending"), "Expected pending alone"),
    ["status"],
  ),
  v.forward(
    v.check(
      ({ status, match, assignee, from, to, search }) =>
        status?.includes("pending") !== true || [match, assignee, from, to, search].every((filter) => filter === undefined),
      "Pending instances are filtered by rule, series, severity and metric alone",
    ),
    ["status"],
  ),
);

/** Who acts, as long as there are no people with accounts. */
const ActorName = name(100);

const CommentText = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(10_000));

export const AcknowledgeAlert = v.strictObject({
  id: AlertId,
  name: v.optional(ActorName),
  /** The alert opens again after it; without one it stays acknowledged to its end. */
  ttl: v.optional(v.pipe(Duration, atLeast(1_000))),
  note: v.optional(CommentText),
});

export const DrawAlert = v.strictObject({
  id: AlertId,
  /** In CSS pixels, as the height. */
  width: v.optional(queryInteger(320, 1_200), String(CHART_SIZE.width)),
  height: v.optional(queryInteger(200, 800), String(CHART_SIZE.height)),
});

export const ResolveAlert = v.strictObject({ id: AlertId, name: v.optional(ActorName), note: v.optional(CommentText) });

export const CommentOnAlert = v.strictObject({ id: AlertId, name: v.optional(ActorName), text: CommentText });

export const AssignAlert = v.pipe(
  v.strictObject({
    id: AlertId,
    name: v.optional(ActorName),
    /** A key or a user; or a name alone, as long as there are no people with accounts. Left out it is who acts. */
    assignee: v.optional(
      v.nullable(
        v.union(
          [
            v.strictObject({
              kind: v.picklist(["key", "user"]),
              id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
              name: v.optional(ActorName),
            }),
            v.strictObject({ name: ActorName }),
          ],
          "Expected {kind, id, name?}, {name} or null",
        ),
      ),
    ),
  }),
  v.forward(
    v.check(({ name: given, assignee }) => given !== undefined || assignee !== undefined, "Expected who is to take care of it, or null"),
    ["assignee"],
  ),
);
