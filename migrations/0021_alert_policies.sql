-- What an organisation says of telling: its tree of routes, silences, mute windows, inhibitions. definition is what its owner says, as JSON.
-- What has no time of its own holds from 0 to the last safe integer.
CREATE TABLE alert_policy (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_policy_kind ON alert_policy (org, kind, id);
CREATE INDEX alert_policy_in_force ON alert_policy (org, ends_at);
CREATE INDEX alert_policy_ends ON alert_policy (ends_at, org) WHERE kind <> 'routes';

-- Who changed it when, and what it was before and after; it stays when the policy is deleted.
CREATE TABLE alert_policy_change (
  org TEXT NOT NULL,
  policy TEXT NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  before TEXT,
  after TEXT,
  PRIMARY KEY (org, policy, version)
) STRICT, WITHOUT ROWID;

-- The route of a group by its key, and the labels that its alerts share.
ALTER TABLE alert_group ADD COLUMN route TEXT NOT NULL DEFAULT 'root';
ALTER TABLE alert_group ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
CREATE INDEX alert_group_open ON alert_group (org) WHERE next_flush_at IS NOT NULL;

-- The groups that an alert is in, as their states have it.
CREATE TABLE alert_group_member (
  org TEXT NOT NULL,
  alert TEXT NOT NULL,
  "group" TEXT NOT NULL,
  PRIMARY KEY (org, alert, "group")
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_group_member_group ON alert_group_member (org, "group");
INSERT INTO alert_group_member (org, alert, "group")
SELECT g.org, m.key, g.id FROM alert_group AS g, json_each(g.state, '$.members') AS m;

CREATE INDEX alert_suppressed ON alert (org) WHERE resolved_at IS NULL AND suppressed_by <> '[]';
