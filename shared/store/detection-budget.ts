import type { OrgId } from "../contract/ids.ts";
import type { DetectionPass } from "../ports/detection.ts";
import type { DetectionBudgetStore } from "../ports/detection-budget.ts";
import type { Database, Statement } from "./database.ts";

const SELECT = "SELECT anomalies_per_day, version FROM detection_budget WHERE org = :org";
const REPLACE = `
  INSERT INTO detection_budget (org, anomalies_per_day, version) VALUES (:org, :most, 1)
  ON CONFLICT (org) DO UPDATE SET anomalies_per_day = excluded.anomalies_per_day, version = version + 1 WHERE anomalies_per_day IS :was`;
// A budget that somebody else has looked at meanwhile gets a version of NULL, which its column refuses: the whole batch fails.
const LOOK = "UPDATE detection_budget SET version = CASE WHEN version = :version THEN version + 1 END WHERE org = :org";
// Both ride told_episode_newest; it covers what is read.
const SELECT_TOLD = "SELECT days FROM told_episode WHERE org = :org AND told_at > :after ORDER BY days DESC LIMIT :limit";
const FORGET = "DELETE FROM told_episode WHERE org = :org AND told_at < :before";
const INSERT_TOLD = "INSERT INTO told_episode (org, told_at, days) SELECT :org, :at, value FROM json_each(:days)";

/** Clocks that are a day apart still count the same episodes. */
const KEPT_MS = 2 * 86_400_000;

export const detectionBudgetStore = (database: Database, org: OrgId): DetectionBudgetStore => ({
  async get() {
    const [row] = await database.read(SELECT, { org });
    return { anomaliesPerDay: (row?.["anomalies_per_day"] ?? null) as number | null, version: (row?.["version"] ?? 0) as number };
  },
  async replace(most, was) {
    const [result] = await database.write([{ sql: REPLACE, args: { org, most, was } }]);
    return result!.rowsAffected === 1;
  },
  async told(window) {
    return (await database.read(SELECT_TOLD, { org, ...window })).map((row) => row["days"] as number).toReversed();
  },
});

/** Keeps which episodes people are told of, upon the budget as it was looked at. */
export const spend = (org: OrgId, { told, budgetVersion }: DetectionPass["telling"], at: number): Statement[] => [
  ...(budgetVersion === null ? [] : [{ sql: LOOK, args: { org, version: budgetVersion } }]),
  ...(told.length === 0
    ? []
    : [
        { sql: FORGET, args: { org, before: at - KEPT_MS } },
        { sql: INSERT_TOLD, args: { org, at, days: JSON.stringify(told) } },
      ]),
];
