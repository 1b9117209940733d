import type { Row } from "@libsql/client";
import { AnomalySeverity } from "../contract/anomaly.ts";
import type { Anomaly } from "../contract/anomaly.ts";
import type { AnomalyId, OrgId, SeriesId } from "../contract/ids.ts";
import { isoTime, isoTimeOrNull } from "../contract/time.ts";
import { explain } from "../core/detect/explanation.ts";
import type { NewAnomaly } from "../core/detect/series-detection.ts";
import { MAX_ANOMALIES_A_READ, MAX_OPEN_MS } from "../ports/detection.ts";
import type { AnomaliesStore, AnomalyFilter, DetectionPass } from "../ports/detection.ts";
import type { Database, Statement } from "./database.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";
import { feedbackOf, JOIN_VERDICT, VERDICT_COLUMNS } from "./feedback.ts";

// What was published stays: the same point again changes nothing.
const INSERT = `
  INSERT INTO anomaly (id, org, series, timestamp, value, expected, lo, hi, score, severity, direction, days_per_false_alarm, methods,
    historical, over_budget, cleared_at, detected_at, goes_on, per_second, late)
  VALUES (:id, :org, :series, :timestamp, :value, :expected, :lo, :hi, :score, :severity, :direction, :days, :methods, :historical,
    :overBudget, :clearedAt, :detectedAt, :goesOn, :perSecond, :late)
  ON CONFLICT (id) DO NOTHING`;
// Rides anomaly_cleared: the + keeps the planner from going through all that the series ever had instead.
const CLEAR = "UPDATE anomaly SET cleared_at = :at WHERE series = :series AND cleared_at IS NULL AND +org = :org AND +timestamp < :at";
// Rides the primary key, once for each id (CROSS JOIN keeps the planner from going through the organisation's anomalies instead); not
// limited: the caller's ids bound it.
const SELECT_STORED = "SELECT a.id FROM json_each(:ids) AS ids CROSS JOIN anomaly AS a ON a.id = ids.value AND a.org = :org";
// Rides the primary key.
const SELECT = `SELECT a.*, ${VERDICT_COLUMNS} FROM anomaly AS a ${JOIN_VERDICT} WHERE a.id = :id AND a.org = :org`;
const MATCHES = (timestamp: "a.timestamp" | "+a.timestamp") => `
    (${timestamp}, a.id) < (:before, :beforeId) AND ${timestamp} >= :from AND ${timestamp} < :to AND a.severity >= :severity
    AND (:historical IS NULL OR a.historical = :historical)`;
const SELECT_PAGE = (where: string) => `
  SELECT a.*, ${VERDICT_COLUMNS} FROM anomaly AS a ${JOIN_VERDICT}
  WHERE a.org = :org ${where} AND ${MATCHES("a.timestamp")} AND (:feedback IS NULL OR v.verdict IS NULL)
  ORDER BY a.timestamp DESC, a.id DESC LIMIT :limit`;
// Rides anomaly_newest.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides anomaly_series.
const SELECT_PAGE_OF_SERIES = SELECT_PAGE("AND a.series = :series");
// Rides anomaly_series.
const SELECT_PAGE_OF_BOTH = SELECT_PAGE(
  "AND a.series = :series AND EXISTS (SELECT 1 FROM series WHERE id = :series AND metric_key = :metricKey)",
);
// Rides anomaly_newest; the metric's series are looked up in series_metric once.
const SELECT_PAGE_OF_METRIC = SELECT_PAGE("AND a.series IN (SELECT id FROM series WHERE org = :org AND metric_key = :metricKey)");
// Rides anomaly_verdict_said and anomaly_series, once for each stretch that somebody has spoken of so: few, for people have to.
const SELECT_PAGE_OF_VERDICT = `
  SELECT a.*, ${VERDICT_COLUMNS} FROM anomaly_verdict AS v
  CROSS JOIN anomaly AS a ON a.series = v.series AND a.timestamp >= v.from_at AND a.timestamp < v.to_at
  WHERE v.org = :org AND v.verdict = :feedback AND +a.org = :org AND (:series IS NULL OR v.series = :series) AND ${MATCHES("+a.timestamp")}
    AND (:metricKey IS NULL OR EXISTS (SELECT 1 FROM series WHERE id = v.series AND metric_key = :metricKey))
  ORDER BY a.timestamp DESC, a.id DESC LIMIT :limit`;
// Rides anomaly_newest, from so far back as an anomaly may reach, and the primary key of detector_state. One anomaly is there for each anomalous
// point, so what lies before the window is read for nothing, but for what reaches into it.
const SELECT_ANOMALOUS = `
  SELECT series, timestamp, until FROM (
    SELECT a.series, a.timestamp,
      max(a.timestamp + 1, min(coalesce(a.cleared_at, :to), :to, a.timestamp + min(3 * coalesce(d.cadence_ms, 0), :longest))) AS until
    FROM anomaly AS a LEFT JOIN detector_state AS d ON d.series = a.series
    WHERE a.org = :org AND a.timestamp > :from - :longest AND a.timestamp < :to AND a.historical = 0
  ) WHERE until > :from LIMIT :limit`;
// Rides anomaly_series.
const SELECT_TIMES = `
  SELECT timestamp FROM anomaly WHERE series = :series AND +org = :org AND timestamp >= :from AND timestamp < :to ORDER BY timestamp LIMIT :limit`;
// Rides anomaly_series and anomaly_cleared, once for each series.
const SELECT_SINCE = `
  SELECT a.* FROM (
    SELECT n.id FROM json_each(:ids) AS ids CROSS JOIN anomaly AS n ON n.series = ids.value AND n.timestamp > :after
    UNION SELECT o.id FROM json_each(:ids) AS ids CROSS JOIN anomaly AS o ON o.series = ids.value AND o.cleared_at IS NULL
    UNION SELECT c.id FROM json_each(:ids) AS ids CROSS JOIN anomaly AS c ON c.series = ids.value AND c.cleared_at > :after
  ) AS found CROSS JOIN anomaly AS a ON a.id = found.id AND a.org = :org
  ORDER BY a.timestamp DESC LIMIT :limit`;

const END_OF_TIME = Number.MAX_SAFE_INTEGER;
const severityIndex = (severity: AnomalySeverity) => AnomalySeverity.options.indexOf(severity);

/** Stores an anomaly unless it is there already. */
export const insertAnomaly = (org: OrgId, anomaly: NewAnomaly): Statement => ({
  sql: INSERT,
  args: {
    org,
    id: anomaly.id,
    series: anomaly.series,
    timestamp: anomaly.timestamp,
    value: anomaly.value,
    expected: anomaly.expected,
    lo: anomaly.lo,
    hi: anomaly.hi,
    score: anomaly.score,
    severity: severityIndex(anomaly.severity),
    direction: anomaly.direction,
    days: anomaly.daysPerFalseAlarm,
    methods: JSON.stringify(anomaly.methods),
    historical: Number(anomaly.historical),
    overBudget: Number(anomaly.overBudget),
    clearedAt: anomaly.clearedAt,
    detectedAt: anomaly.detectedAt,
    goesOn: Number(anomaly.goesOn),
    perSecond: Number(anomaly.perSecond),
    late: Number(anomaly.late),
  },
});

/** Clears the open anomalies of a series that lie before a point. */
export const clearAnomalies = (org: OrgId, { series, at }: DetectionPass["clears"][number]): Statement => ({
  sql: CLEAR,
  args: { org, series, at },
});

/** Which of some anomalies are stored already. */
export async function storedAnomalies(database: Database, org: OrgId, ids: readonly AnomalyId[]): Promise<ReadonlySet<AnomalyId>> {
  if (ids.length === 0) return new Set();
  const rows = await database.read(SELECT_STORED, { org, ids: JSON.stringify(ids) });
  return new Set(rows.map((row) => row["id"] as AnomalyId));
}

const newAnomalyOf = (row: Row): NewAnomaly => ({
  id: row["id"] as AnomalyId,
  series: row["series"] as SeriesId,
  timestamp: row["timestamp"] as number,
  value: row["value"] as number,
  expected: row["expected"] as number | null,
  lo: row["lo"] as number | null,
  hi: row["hi"] as number | null,
  score: row["score"] as number,
  severity: AnomalySeverity.options[row["severity"] as number]!,
  direction: row["direction"] as Anomaly["direction"],
  daysPerFalseAlarm: row["days_per_false_alarm"] as number | null,
  goesOn: row["goes_on"] === 1,
  perSecond: row["per_second"] === 1,
  late: row["late"] === 1,
  methods: JSON.parse(row["methods"] as string) as Anomaly["methods"],
  historical: row["historical"] === 1,
  overBudget: row["over_budget"] === 1,
  clearedAt: row["cleared_at"] as number | null,
  detectedAt: row["detected_at"] as number,
});

function anomalyOf(row: Row): Anomaly {
  const { timestamp, clearedAt, detectedAt, ...anomaly } = newAnomalyOf(row);
  return {
    ...anomaly,
    timestamp: isoTime(timestamp),
    clearedAt: isoTimeOrNull(clearedAt),
    detectedAt: isoTime(detectedAt),
    explanation: explain(anomaly),
    feedback: feedbackOf(row),
  };
}

export function anomaliesStore(database: Database, org: OrgId): AnomaliesStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : anomalyOf(row);
    },
    async list(filter, { limit, cursor }) {
      const args = { org, ...pageArgs(filter), ...parseTimeCursor(cursor), limit: limit + 1 };
      const rows = await readPage(filter, args);
      return pageOf(rows.map(anomalyOf), limit, ({ timestamp, id }) => timeCursor(Date.parse(timestamp), id));
    },
    async times(window) {
      const rows = await database.read(SELECT_ANOMALOUS, { org, ...window, longest: MAX_OPEN_MS });
      return rows.map((row) => ({ series: row["series"] as SeriesId, from: row["timestamp"] as number, to: row["until"] as number }));
    },
    async timesOf(series, window) {
      const rows = await database.read(SELECT_TIMES, { org, series, ...window, limit: MAX_ANOMALIES_A_READ });
      return rows.map((row) => row["timestamp"] as number);
    },
    async forSeries(series, { after }) {
      const rows = await database.read(SELECT_SINCE, { org, ids: JSON.stringify(series), after, limit: MAX_ANOMALIES_A_READ });
      return rows.map(newAnomalyOf).toSorted((a, b) => (a.series === b.series ? a.timestamp - b.timestamp : a.series < b.series ? -1 : 1));
    },
  };

  function readPage({ series, metricKey, feedback }: AnomalyFilter, asked: Statement["args"]): Promise<Row[]> {
    if (feedback !== undefined && feedback !== "none") {
      return database.read(SELECT_PAGE_OF_VERDICT, { ...asked, feedback, series: series ?? null, metricKey: metricKey ?? null });
    }
    const args = { ...asked, feedback: feedback ?? null };
    if (series !== undefined && metricKey !== undefined) return database.read(SELECT_PAGE_OF_BOTH, { ...args, series, metricKey });
    if (series !== undefined) return database.read(SELECT_PAGE_OF_SERIES, { ...args, series });
    if (metricKey !== undefined) return database.read(SELECT_PAGE_OF_METRIC, { ...args, metricKey });
    return database.read(SELECT_PAGE_OF_ALL, args);
  }
}

const pageArgs = ({ from, to, minSeverity, historical }: AnomalyFilter) => ({
  from: from ?? 0,
  to: to ?? END_OF_TIME,
  severity: minSeverity === undefined ? 0 : severityIndex(minSeverity),
  historical: historical === undefined ? null : Number(historical),
});
