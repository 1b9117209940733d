-- Chunks of one series never overlap in time; seq is the highest log sequence number merged in. tier 2: small, as one pass of compaction
-- left it at the end of its series, until there are enough for a full chunk; 1: merged; 0: its points are past their retention, its
-- rollup is not. rollup: what its points come to by the hour, NULL where reading the points is as good. data comes last: who reads what
-- is before it touches none of its pages.
CREATE TABLE chunk_with_rollup (
  id INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  series TEXT NOT NULL,
  t0 INTEGER NOT NULL,
  t1 INTEGER NOT NULL,
  n INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  tier INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  rollup BLOB,
  data BLOB NOT NULL
) STRICT;
INSERT INTO chunk_with_rollup (id, org, series, t0, t1, n, seq, tier, encoding, data)
  SELECT id, org, series, t0, t1, n, seq,
    CASE WHEN n < 2400 AND NOT EXISTS (SELECT 1 FROM chunk AS newer WHERE newer.series = c.series AND newer.t0 > c.t0) THEN 2 ELSE 1 END,
    encoding, data
  FROM chunk AS c ORDER BY id;
DROP TABLE chunk;
ALTER TABLE chunk_with_rollup RENAME TO chunk;
CREATE INDEX chunk_series ON chunk (series, t0);
CREATE INDEX chunk_seq ON chunk (org, seq);
CREATE INDEX chunk_age ON chunk (org, tier, t1);
CREATE INDEX chunk_small ON chunk (series, t0, t1, n) WHERE tier = 2;

-- How long an organisation keeps its points, and their rollups; NULL, as without a row: for ever. What lies before dropped_before is
-- gone, or about to go.
CREATE TABLE retention (
  org TEXT PRIMARY KEY,
  raw_ms INTEGER,
  rollups_ms INTEGER,
  dropped_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letter_age ON dead_letter (created_at);
