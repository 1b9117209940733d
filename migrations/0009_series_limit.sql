-- How many series an organisation may have; NULL: as many as the default allows.
ALTER TABLE org ADD COLUMN series_limit INTEGER;
