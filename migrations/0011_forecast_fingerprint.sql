-- What a forecast was made of and asked for: the same again is answered by it. NULL where it does not stand for that.
ALTER TABLE forecast ADD COLUMN fingerprint TEXT;
CREATE INDEX forecast_fingerprint ON forecast (series, fingerprint, created_at) WHERE fingerprint IS NOT NULL;
