-- New alerts that a channel is told of within ten minutes, at most.
ALTER TABLE channel ADD COLUMN storm_limit INTEGER NOT NULL DEFAULT 100;
UPDATE channel SET storm_limit = 10000 WHERE kind IN ('inbox', 'console', 'alertmanager');
UPDATE definition_history SET definition = json_set(definition, '$.stormLimit', iif(definition ->> 'kind' IN ('inbox', 'console', 'alertmanager'), 10000, 100))
WHERE id LIKE 'chn_%' AND definition IS NOT NULL;

-- Of how many new alerts a channel was told lately, and whether others are held back. over_at: when that is over where nothing more is.
CREATE TABLE channel_storm (
  channel TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  over_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_storm_over ON channel_storm (over_at) WHERE over_at IS NOT NULL;

-- The sets of labels under which a receiver in Alertmanager's format may have an alert open.
CREATE TABLE told_labels (
  org TEXT NOT NULL,
  channel TEXT NOT NULL,
  alert TEXT NOT NULL,
  labels TEXT NOT NULL,
  PRIMARY KEY (org, channel, alert, labels)
) STRICT, WITHOUT ROWID;
