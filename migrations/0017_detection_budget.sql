-- How many episodes an organisation wants to be told of in 24 hours; NULL: all of them. version grows with each pass that has looked at it.
CREATE TABLE detection_budget (
  org TEXT PRIMARY KEY,
  anomalies_per_day INTEGER,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The episodes that people were told of in the last days, and how rare each was: days per false alarm.
CREATE TABLE told_episode (
  id INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  told_at INTEGER NOT NULL,
  days REAL NOT NULL
) STRICT;
CREATE INDEX told_episode_newest ON told_episode (org, told_at, days);

-- 1: an anomaly of which nobody was told, because there were rarer ones. detector_state.open: 3 a live one of which nobody was told.
ALTER TABLE anomaly ADD COLUMN over_budget INTEGER NOT NULL DEFAULT 0;
