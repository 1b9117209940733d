-- What was changed in what is watched: deployments, flags, configuration. ends_at is starts_at where it is over at once.
CREATE TABLE change_event (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  dimensions TEXT NOT NULL,
  link TEXT,
  source TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX change_event_started ON change_event (org, starts_at, id);
CREATE INDEX change_event_age ON change_event (starts_at);
