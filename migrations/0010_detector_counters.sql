-- The newest point of a series that is scored as its rate a second: a counter, or what was added since the point before.
ALTER TABLE detector_state ADD COLUMN counted_at INTEGER;
ALTER TABLE detector_state ADD COLUMN counted REAL;
