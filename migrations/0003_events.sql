-- Every event leaves through a row written in the same batch as its cause.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  published_at INTEGER
) STRICT;
CREATE INDEX outbox_pending ON outbox (seq) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE processed_event (
  consumer TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX processed_event_at ON processed_event (at);

-- An event that one consumer failed on: it is tried again until dead_at is set; then an operator decides.
CREATE TABLE event_dead_letter (
  id TEXT PRIMARY KEY,
  consumer TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  org TEXT,
  event TEXT NOT NULL,
  error TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  dead_at INTEGER,
  created_at INTEGER NOT NULL,
  UNIQUE (consumer, event_id)
) STRICT;
CREATE INDEX event_dead_letter_due ON event_dead_letter (next_attempt_at) WHERE dead_at IS NULL;

-- How far a consumer has read the write log of an organisation.
CREATE TABLE cursor (
  consumer TEXT NOT NULL,
  org TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (consumer, org)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
