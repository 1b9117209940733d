import * as v from "valibot";
import { AlertStatus } from "../../shared/contract/alert.ts";
import { AlertId, RuleId, SeriesId } from "../../shared/contract/ids.ts";
import { name } from "../../shared/contract/name.ts";
import { pageQuery, queryInteger } from "../../shared/contract/page.ts";
import { Severity } from "../../shared/contract/rule.ts";
import { MetricKey } from "../../shared/contract/series.ts";
import { Duration } from "../../shared/contract/time.ts";
import { CHART_SIZE } from "../../shared/ports/charts.ts";

export const ListAlerts = v.strictObject({
  ...pageQuery,
  status: v.optional(AlertStatus),
  ruleId: v.optional(RuleId),
  series: v.optional(SeriesId),
  severity: v.optional(Severity),
  metricKey: v.optional(MetricKey),
});

/** Who acts, as long as there are no people with accounts. */
const ActorName = name(100);

export const AcknowledgeAlert = v.strictObject({
  id: AlertId,
  name: v.optional(ActorName),
  /** The alert opens again after it; without one it stays acknowledged to its end. */
  ttl: v.optional(v.pipe(Duration, v.minValue(1_000))),
});

export const ResolveAlert = v.strictObject({ id: AlertId, name: v.optional(ActorName) });

export const DrawAlert = v.strictObject({
  id: AlertId,
  /** In CSS pixels, as the height. */
  width: v.optional(queryInteger(320, 1_200), String(CHART_SIZE.width)),
  height: v.optional(queryInteger(200, 800), String(CHART_SIZE.height)),
});
