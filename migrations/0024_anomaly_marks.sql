-- 1 where days_per_false_alarm is that of the run of anomalous points that one goes on with; where value, expected, lo and hi are a counter's, what it adds
-- a second; where a point came behind the watermark: it was scored, and not learned.
ALTER TABLE anomaly ADD COLUMN goes_on INTEGER NOT NULL DEFAULT 0;
ALTER TABLE anomaly ADD COLUMN per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE anomaly ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
