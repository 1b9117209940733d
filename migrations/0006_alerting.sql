CREATE TABLE rule (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_org ON rule (org, id);
CREATE INDEX rule_enabled ON rule (org, id) WHERE enabled = 1;

-- One condition of a rule: the rule and a series. The version grows with each write, and a write names the one it has seen.
CREATE TABLE rule_instance (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  rule TEXT NOT NULL,
  series TEXT NOT NULL,
  version INTEGER NOT NULL,
  condition TEXT NOT NULL,
  severity TEXT,
  state TEXT NOT NULL,
  last_evaluated_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX rule_instance_series ON rule_instance (org, rule, series);
CREATE INDEX rule_instance_pending ON rule_instance (org, id) WHERE condition = 'pending';

-- One row an episode, from its first firing on. suppressed_by is a JSON array.
CREATE TABLE alert (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  rule TEXT NOT NULL,
  rule_name TEXT NOT NULL,
  rule_version INTEGER NOT NULL,
  instance TEXT NOT NULL,
  series TEXT NOT NULL,
  metric_key TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  condition TEXT NOT NULL,
  severity TEXT NOT NULL,
  pending_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  resolved_at INTEGER,
  reason TEXT,
  value REAL,
  firing_value REAL,
  acknowledged TEXT,
  acknowledged_until INTEGER,
  notification_count INTEGER NOT NULL,
  last_notified_at INTEGER,
  suppressed_by TEXT NOT NULL,
  labels TEXT NOT NULL,
  annotations TEXT NOT NULL,
  evidence TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_started ON alert (org, started_at, id);
CREATE INDEX alert_open ON alert (org, started_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alert_rule ON alert (org, rule, started_at, id);
CREATE INDEX alert_rule_open ON alert (org, rule) WHERE resolved_at IS NULL;

CREATE TABLE alert_transition (
  seq INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  instance TEXT NOT NULL,
  alert TEXT,
  kind TEXT NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  actor TEXT,
  reason TEXT NOT NULL,
  rule_version INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_transition_alert ON alert_transition (org, alert, seq) WHERE alert IS NOT NULL;

CREATE TABLE alert_group (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  next_flush_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_group_due ON alert_group (next_flush_at) WHERE next_flush_at IS NOT NULL;

-- shown is what the API answers of the configuration; all of it is in sealed.
CREATE TABLE channel (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  shown TEXT NOT NULL,
  sealed TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  disabled_reason TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_org ON channel (org, id);

-- id is the notification key. next_attempt_at is NULL once it is delivered or dead, and the lease's end while it is being sent.
CREATE TABLE delivery (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  channel TEXT NOT NULL,
  "group" TEXT,
  kind TEXT NOT NULL,
  alerts TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  next_attempt_at INTEGER,
  lease_owner TEXT,
  delivered_at INTEGER,
  last_status INTEGER,
  last_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_created ON delivery (org, created_at, id);
CREATE INDEX delivery_channel ON delivery (org, channel, created_at, id);
CREATE INDEX delivery_status ON delivery (org, status, created_at, id);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Which alerts a firing told: a resolve looks there for its firing.
CREATE TABLE delivery_firing (
  org TEXT NOT NULL,
  channel TEXT NOT NULL,
  alert TEXT NOT NULL,
  delivery TEXT NOT NULL,
  PRIMARY KEY (org, channel, alert, delivery)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox_message (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  channel TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  alerts TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_message_created ON inbox_message (org, created_at, id);
