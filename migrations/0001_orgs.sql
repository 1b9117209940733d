CREATE TABLE org (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- org is NULL for the platform's own key only.
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  org TEXT REFERENCES org (id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  rate_limit TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;
CREATE INDEX api_key_org ON api_key (org, id);

-- status is NULL while the request is being worked on.
CREATE TABLE idempotency (
  org TEXT NOT NULL,
  key TEXT NOT NULL,
  route TEXT NOT NULL,
  payload_hash TEXT NOT NULL,
  status INTEGER,
  answer TEXT,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (org, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
