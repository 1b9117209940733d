-- Detectors as they were: of a series the newest few, some thousand points apart, and one each time it was learned anew. at: the newest point that
-- was scored, Unix ms. is_rate: 1 where it was scored by its rates.
CREATE TABLE detector_checkpoint (
  series TEXT NOT NULL,
  at INTEGER NOT NULL,
  org TEXT NOT NULL,
  is_rate INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY (series, at)
) STRICT;
CREATE INDEX detector_checkpoint_age ON detector_checkpoint (org, at);
