import type { Row } from "@libsql/client";
import type { Actor } from "../contract/actor.ts";
import type { AnomalyVerdict, Feedback } from "../contract/anomaly.ts";
import type { OrgId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import type { DetectionPass } from "../ports/detection.ts";
import type { Statement } from "./database.ts";

// Rides the primary key; the + keeps the planner from going through the organisation.
const CLOSE = `
  UPDATE anomaly_verdict SET to_at = :to, is_open = 0 WHERE series = :series AND from_at = :from AND +org = :org AND is_open = 1`;

/** What was said of the stretch of an anomaly, of the table as `a`; for `feedbackOf`. */
export const JOIN_VERDICT = `
  LEFT JOIN anomaly_verdict AS v ON v.series = a.series AND v.to_at > a.timestamp
    AND v.from_at = (SELECT max(from_at) FROM anomaly_verdict WHERE series = a.series AND from_at <= a.timestamp)`;
export const VERDICT_COLUMNS = "v.verdict, v.note, v.said_by, v.said_at";

/** What was said of an anomaly; null where nothing was. */
export function feedbackOf(row: Row): Feedback | null {
  if (row["verdict"] === null) return null;
  return {
    verdict: row["verdict"] as AnomalyVerdict,
    note: row["note"] as string | null,
    by: JSON.parse(row["said_by"] as string) as Actor,
    at: isoTime(row["said_at"] as number),
  };
}

/** Ends a stretch that was spoken of while it was open. */
export const closeStretch = (org: OrgId, stretch: DetectionPass["closed"][number]): Statement => ({
  sql: CLOSE,
  args: { org, ...stretch },
});
