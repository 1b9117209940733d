-- backend: the one that was asked for, until it is completed; then the one that made it. body is what it says beside its columns, which
-- stand apart so that a list need not read them; both are NULL until it is completed. error is set once it has failed.
CREATE TABLE forecast (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  series TEXT NOT NULL,
  status TEXT NOT NULL,
  request TEXT NOT NULL,
  cutoff INTEGER NOT NULL,
  backend TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  error TEXT,
  body TEXT,
  columns TEXT
) STRICT;
CREATE INDEX forecast_created ON forecast (org, created_at, id);
CREATE INDEX forecast_series ON forecast (org, series, created_at, id);
CREATE INDEX forecast_requested ON forecast (created_at, id) WHERE status = 'requested';
