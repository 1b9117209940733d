-- What a protocol or a person has said of a series; NULL while nobody has.
ALTER TABLE series ADD COLUMN kind TEXT;
ALTER TABLE series ADD COLUMN unit TEXT;
ALTER TABLE series ADD COLUMN timezone TEXT;
CREATE INDEX series_undescribed ON series (org, metric_key) WHERE kind IS NULL;
