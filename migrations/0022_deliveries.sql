-- How often a dead delivery was sent again by hand: its attempts begin anew each time.
ALTER TABLE delivery ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;

-- One row an attempt, begun with its lease. duration_ms is NULL until it ends, and for ever where its sender died.
CREATE TABLE delivery_attempt (
  org TEXT NOT NULL,
  delivery TEXT NOT NULL,
  replay INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  owner TEXT NOT NULL,
  at INTEGER NOT NULL,
  duration_ms INTEGER,
  status INTEGER,
  error TEXT,
  answer TEXT,
  PRIMARY KEY (org, delivery, replay, attempt)
) STRICT, WITHOUT ROWID;

-- For their retention.
CREATE INDEX delivery_done ON delivery (created_at) WHERE next_attempt_at IS NULL;

-- Who is told instead when a message on this channel is dead.
ALTER TABLE channel ADD COLUMN fallback TEXT;

-- When a channel that takes so many messages a second takes its next one, and where the line of those that wait ends.
CREATE TABLE channel_pace (
  channel TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  line_at INTEGER NOT NULL,
  taken INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The heartbeat of an organisation, to a URL (sealed; of it only shown is shown) or on a channel. slot is the newest beat that was made.
CREATE TABLE watchdog (
  org TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  every_ms INTEGER NOT NULL,
  channel TEXT,
  method TEXT,
  sealed TEXT,
  shown TEXT,
  updated_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  last_beat_at INTEGER,
  last_status INTEGER,
  last_error TEXT,
  faults TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX watchdog_due ON watchdog (org, next_at) WHERE enabled = 1;

-- Who takes care of an alert, with who said so and when: JSON.
ALTER TABLE alert ADD COLUMN assignee TEXT;

-- What people write about an alert; act names what they did with it in the same breath.
CREATE TABLE alert_comment (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  alert TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_comment_alert ON alert_comment (org, alert, id);

CREATE INDEX alert_transition_instance ON alert_transition (org, instance, at, seq);

ALTER TABLE inbox_message ADD COLUMN read_at INTEGER;
CREATE INDEX inbox_message_unread ON inbox_message (org, created_at, id) WHERE read_at IS NULL;

-- Each version of a rule or a channel, the newest 100 of each. definition is NULL where it was deleted; secrets are never in it.
CREATE TABLE definition_history (
  org TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT,
  definition TEXT,
  PRIMARY KEY (org, id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO definition_history (org, id, version, at, actor, definition)
SELECT org, id, version, updated_at, NULL, json_set(definition, '$.createdAt', created_at) FROM rule;
INSERT INTO definition_history (org, id, version, at, actor, definition)
SELECT org, id, version, updated_at, NULL,
  json_object('name', name, 'kind', kind, 'config', json(shown), 'enabled', json(iif(enabled, 'true', 'false')), 'fallback', NULL,
    'disabledReason', disabled_reason)
FROM channel;
