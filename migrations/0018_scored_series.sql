-- How many series of an organisation were scored in an hour, or in a day (span: its length in ms). Each counts with its first point in order.
CREATE TABLE scored_series (
  org TEXT NOT NULL,
  span INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (org, span, starts_at)
) STRICT, WITHOUT ROWID;
