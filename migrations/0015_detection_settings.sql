-- What is said of the series that a selector picks. definition is what its owner says of it, as JSON.
CREATE TABLE detection_settings (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX detection_settings_org ON detection_settings (org, id);

-- What is said of one series. It stays when all is taken back, as {}, so that versions never start again.
CREATE TABLE series_detection_settings (
  series TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  settings TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX series_detection_settings_org ON series_detection_settings (org) WHERE settings <> '{}';

-- Whether any series of an organisation has a time zone: few have.
CREATE INDEX series_zoned ON series (org) WHERE timezone IS NOT NULL;
