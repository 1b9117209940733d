import type { AlertId, GroupId, OrgId } from "../contract/ids.ts";
import type { Statement } from "./database.ts";

// A group that was never flushed gathers still, and is due soon. The version grows, so that a flush that has not seen why it is woken is run
// again.
const WAKE = (which: string) => `
  UPDATE alert_group SET version = version + 1, next_flush_at = :at, 
    state = json_remove(json_set(state, '$.nextFlushAt', CAST(:at AS INTEGER)), '$.wholeFlushAt')
  WHERE next_flush_at IS NOT NULL AND coalesce(state ->> '$.wholeFlushAt', next_flush_at) > :at AND coalesce(state ->> '$.lastFlushAt', state -> '$.held') IS NOT NULL AND ${which}`;
// Rides the primary keys, once for each alert: the + keeps the planner from going through the organisation instead.
const WAKE_OF_ALERTS = WAKE(`+org = :org AND id <> :except AND id IN (
    SELECT m."group" FROM json_each(:alerts) AS told CROSS JOIN alert_group_member AS m ON m.org = :org AND m.alert = told.value)`);
// Rides alert_group_open.
const WAKE_ALL = WAKE("org = :org");

/** Has the groups of some alerts flushed now, all but one. */
export const wakeGroups = (org: OrgId, alerts: readonly AlertId[], at: number, except: GroupId | null): Statement => ({
  sql: WAKE_OF_ALERTS,
  args: { org, alerts: JSON.stringify(alerts), at, except: except ?? "" },
});

/** Has every group of an organisation flushed now. */
export const wakeAllGroups = (org: OrgId, at: number): Statement => ({ sql: WAKE_ALL, args: { org, at } });
