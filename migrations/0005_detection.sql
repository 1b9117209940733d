-- seq: the log row up to which the series was scored, so that a row is never scored twice. scored_to: the newest scored timestamp, calm_to:
-- the newest that was no anomaly. open: 0 no open anomaly, 1 historical ones only, 2 a live one.
CREATE TABLE detector_state (
  series TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  scored_to INTEGER,
  calm_to INTEGER,
  cadence_ms INTEGER,
  open INTEGER NOT NULL,
  state BLOB NOT NULL
) STRICT;

-- Points that came before their time, until it has come; columns of many series, encoded as in the write log.
CREATE TABLE points_ahead (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  org TEXT NOT NULL,
  seq INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  n INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX points_ahead_due ON points_ahead (due_at, org);
CREATE INDEX points_ahead_org ON points_ahead (org, due_at);

CREATE TABLE anomaly (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  series TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  value REAL NOT NULL,
  expected REAL,
  lo REAL,
  hi REAL,
  score REAL NOT NULL,
  severity INTEGER NOT NULL,
  direction TEXT,
  days_per_false_alarm REAL,
  methods TEXT NOT NULL,
  historical INTEGER NOT NULL,
  cleared_at INTEGER,
  detected_at INTEGER NOT NULL
) STRICT;
CREATE INDEX anomaly_newest ON anomaly (org, timestamp, id);
CREATE INDEX anomaly_series ON anomaly (series, timestamp, id);
CREATE INDEX anomaly_cleared ON anomaly (series, cleared_at);
