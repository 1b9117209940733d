import type { AlertId, ForecastId, OrgId, SeriesId } from "../contract/ids.ts";
import type { Evidence } from "../contract/alert.ts";
import type { Rule } from "../contract/rule.ts";
import { isSeries } from "../core/alert/alert-record.ts";
import type { AlertRecord } from "../core/alert/alert-record.ts";
import type { KnownForecast } from "../core/alert/forecast-breach.ts";
import { mergeSeries, seriesByGroup } from "../core/alert/series-groups.ts";
import { alertChart, chartWindow, usualDistance } from "../core/message/alert-chart.ts";
import type { AlertChart } from "../core/message/alert-chart.ts";
import { numberOf } from "../core/message/evidence-lines.ts";
import { hasRate } from "../core/series/rate.ts";
import type { Deps } from "../ports.ts";
import { CHART_SIZE } from "./charts.ts";
import type { PointColumns, PointReader, PointStore } from "./points.ts";
import { seriesScores } from "./series-scores.ts";
import type { OrgStore } from "./store.ts";

/** Points that are read for a chart; a longer window is drawn from hours and days. */
const MOST_POINTS = 20_000;
/** Points whose distances say how often they come, where nobody has learned that. */
const MOST_DISTANCES = 30;
/** Points that are scored for a chart; a longer window has no band. */
const MOST_SCORED = 5_000;
const MOST_BUCKETS = 500;
/** Series that are gone through for those of a group. */
const MOST_MEMBERS = 5_000;
const HOUR_MS = 3_600_000;
const NO_POINTS: PointColumns = { timestamps: new Float64Array(), values: new Float64Array() };

type Tenant = Pick<OrgStore, "points" | "series" | "detection" | "detectionSettings" | "verdicts" | "rules" | "forecasts">;

/** What the chart of an alert shows as of now, Unix ms; null where the alert is of no series, as that of a composite rule. */
export async function loadAlertChart(tenant: Tenant, alert: AlertRecord, now: number): Promise<AlertChart | null> {
  if (alert.series === null) return null;
  const { id } = alert.series;
  const { evidence, pendingAt, startedAt } = alert.episode;
  const [series, rule] = await Promise.all([id === null ? null : tenant.series.get(id), tenant.rules.get(alert.rule)]);
  const members = id === null ? await groupMembers(tenant, alert, rule) : [id];
  const forecast = await forecastOf(tenant, evidence);
  const forecastTo = forecast?.timestamps.findLast((at) => at <= startedAt + (numberOf(evidence["horizon"]) ?? 0)) ?? null;
  const window = chartWindow(alert.episode, await cadenceOf(tenant, members, pendingAt), now, forecastTo);
  const isResetAware = rule?.kind === "rate-of-change" && rule.condition.resetAware;
  const of = { unit: series?.unit ?? null, timezone: series?.timezone ?? null, forecast, isResetAware, now };
  if (id === null || series === null) {
    const points = await groupPoints(tenant, members, { from: window.from - (numberOf(evidence["window"]) ?? 0), to: window.to + 1 });
    return alertChart(alert, { window, ...of, points, scores: [], isThinned: null });
  }

  // Detection looks at rates, and so do those who are told of what it found.
  const asRate = evidence["kind"] === "anomaly" && hasRate(series.kind);
  const reader = asRate ? tenant.points.levels(series.kind) : tenant.points;
  const reach = asRate ? 0 : (numberOf(evidence["window"]) ?? 0);
  const { points, isThinned } = await readPoints(reader, asRate ? null : tenant.points, id, { window, reach, evidence });
  const isScored = evidence["kind"] === "anomaly" && isThinned === null && points.timestamps.length <= MOST_SCORED;
  const scores = isScored ? await seriesScores(tenant, series, points, window) : [];
  return alertChart(alert, { window, ...of, points, scores, isThinned });
}

/**
 * How often points came by a time, ms: the shortest cadence that detection has learned of some series, or the usual distance in the first
 * of them; null of too few.
 */
async function cadenceOf(
  { detection, points }: Pick<Tenant, "detection" | "points">,
  ids: readonly SeriesId[],
  at: number,
): Promise<number | null> {
  const scored = await detection.lastScored(ids);
  const learned = [...scored.values()].flatMap(({ cadenceMs }) => cadenceMs ?? []);
  if (learned.length > 0 || ids[0] === undefined) return learned.length === 0 ? null : Math.min(...learned);
  const { timestamps } = await points.newest(ids[0], { before: at + 1, limit: MOST_DISTANCES });
  const usual = usualDistance(timestamps);
  return Number.isFinite(usual) ? usual : null;
}

/** The forecast that evidence rests on; null where it rests on none, or on one that is gone. */
async function forecastOf({ forecasts }: Pick<Tenant, "forecasts">, { kind, forecast }: Evidence): Promise<KnownForecast | null> {
  const found = kind === "forecast" && typeof forecast === "string" ? await forecasts.get(forecast as ForecastId) : null;
  if (found?.status !== "completed") return null;
  return { ...found, id: forecast as string, cutoff: Date.parse(found.cutoff) };
}

/**
 * The picture of an alert for a message, as PNG; null where there is no such alert, or nothing to draw of it, or where it could not be made, which the log then says.
 * It never throws: a message goes without its picture rather than not at all.
 */
export async function notificationChart(
  org: OrgId,
  alert: AlertId,
  { store, charts, clock }: Pick<Deps, "store" | "charts" | "clock">,
): Promise<Uint8Array | null> {
  try {
    const tenant = store.forOrg(org);
    const found = await tenant.alerts.get(alert);
    const chart = found === null ? null : await loadAlertChart(tenant, found, clock.now());
    return chart === null ? null : await charts.png(chart, CHART_SIZE);
  } catch (error) {
    charts.leftOut(error);
    return null;
  }
}

/** The points of a window and of what its aggregates look back to; of a window with too many, the extremes of hours or days. */
async function readPoints(
  reader: PointReader,
  bucketed: Pick<PointStore, "buckets"> | null,
  series: SeriesId,
  { window, reach, evidence }: { window: { from: number; to: number }; reach: number; evidence: Evidence },
): Promise<{ readonly points: PointColumns; readonly isThinned: string | null }> {
  const asked = { from: window.from - reach, to: window.to + 1 };
  const points = await reader.read(series, { ...asked, limit: MOST_POINTS, order: "desc" });
  const isWhole = points.timestamps.length < MOST_POINTS;
  if (isWhole || bucketed === null) return { points, isThinned: null };

  const hours = Math.ceil((window.to - window.from) / HOUR_MS / MOST_BUCKETS);
  const aggregate = towards(evidence);
  const { timestamps, aggregates } = await bucketed.buckets(series, {
    from: window.from,
    to: window.to + 1,
    step: hours * HOUR_MS,
    aggregates: [aggregate],
    limit: MOST_BUCKETS + 2,
    order: "asc",
  });
  const drawn = { timestamps: Float64Array.from(timestamps), values: Float64Array.from(aggregates[aggregate]!) };
  return { points: drawn, isThinned: `${aggregate} of each ${hours === 1 ? "hour" : `${hours} hours`}` };
}

/** The series of a group, as its rule puts them together now; none of what is no group. */
async function groupMembers(
  { series }: Pick<Tenant, "series">,
  { series: subject }: AlertRecord,
  rule: Rule | null,
): Promise<readonly SeriesId[]> {
  if (subject === null || isSeries(subject) || rule === null || rule.kind === "composite") return [];
  return seriesByGroup(rule, await series.select(rule.selector, MOST_MEMBERS))(subject.dimensions).map(({ id }) => id);
}

/** The points of all series of a group, the newest of them. */
async function groupPoints(
  { points }: Pick<Tenant, "points">,
  members: readonly SeriesId[],
  range: { readonly from: number; readonly to: number },
): Promise<PointColumns> {
  const read = await points.readMany(members, range);
  const merged = mergeSeries(members.map((id) => read.get(id) ?? NO_POINTS));
  return { timestamps: merged.timestamps.slice(-MOST_POINTS), values: merged.values.slice(-MOST_POINTS) };
}

/** The aggregate that keeps what an alert is about. */
function towards({ operator, direction }: Evidence): "max" | "min" | "avg" {
  if (operator === "gt" || operator === "gte" || direction === "above") return "max";
  return operator === "lt" || operator === "lte" || direction === "below" ? "min" : "avg";
}
