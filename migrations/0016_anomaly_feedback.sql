-- What somebody said of a stretch of a series, a run of anomalous points. is_open: 1 while no point has ended it; to_at is then how far it may
-- reach. cleared_at: when this cleared its anomalies; NULL where it did not.
CREATE TABLE anomaly_verdict (
  series TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  org TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT,
  said_by TEXT NOT NULL,
  said_at INTEGER NOT NULL,
  cleared_at INTEGER,
  PRIMARY KEY (series, from_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX anomaly_verdict_said ON anomaly_verdict (org, verdict, series);

-- 1: the series has verdicts.
ALTER TABLE detector_state ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;
