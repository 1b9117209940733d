CREATE TABLE series (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  metric_key TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX series_metric ON series (org, metric_key, id);

-- One row a request. AUTOINCREMENT: a sequence number is never used again, also after the log drains.
CREATE TABLE write_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  org TEXT NOT NULL,
  n INTEGER NOT NULL,
  t_min INTEGER NOT NULL,
  t_max INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX write_log_org ON write_log (org, seq);

-- Chunks of one series never overlap in time; seq is the highest log sequence number merged in.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  series TEXT NOT NULL,
  t0 INTEGER NOT NULL,
  t1 INTEGER NOT NULL,
  n INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_series ON chunk (series, t0);
CREATE INDEX chunk_seq ON chunk (org, seq);

CREATE TABLE dead_letter (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letter_org ON dead_letter (org, created_at, id);
