-- Of a completed forecast: its first step, the end of its last one, and the time between two. A failed one ended when it was asked for.
ALTER TABLE forecast ADD COLUMN starts_at INTEGER;
ALTER TABLE forecast ADD COLUMN ends_at INTEGER;
ALTER TABLE forecast ADD COLUMN frequency_ms INTEGER;
-- When what came is compared with it next; NULL: there is nothing to compare any more, or not yet.
ALTER TABLE forecast ADD COLUMN evaluate_at INTEGER;

UPDATE forecast SET frequency_ms = CAST(body ->> '$.frequency' AS INTEGER) * CASE
    WHEN body ->> '$.frequency' LIKE '%ms' THEN 1
    WHEN body ->> '$.frequency' LIKE '%s' THEN 1000
    WHEN body ->> '$.frequency' LIKE '%m' THEN 60000
    WHEN body ->> '$.frequency' LIKE '%h' THEN 3600000
    ELSE 86400000 END
  WHERE status = 'completed';
UPDATE forecast SET
    starts_at = columns ->> '$.timestamps[0]',
    ends_at = (columns ->> '$.timestamps[#-1]') + frequency_ms,
    evaluate_at = (columns ->> '$.timestamps[0]') + frequency_ms
  WHERE status = 'completed';
UPDATE forecast SET ends_at = created_at WHERE status = 'failed';

CREATE INDEX forecast_evaluate ON forecast (org, evaluate_at, id) WHERE evaluate_at IS NOT NULL;
CREATE INDEX forecast_ended ON forecast (ends_at) WHERE evaluate_at IS NULL AND ends_at IS NOT NULL;
-- Which forecasts reach into a window can be read from it alone: their rows are large.
CREATE INDEX forecast_span ON forecast (org, series, ends_at, starts_at, frequency_ms, backend, created_at, id) WHERE status = 'completed';

-- How far a forecast was from what came, as of its newest evaluation; it outlives the forecast. steps: how many of its steps could be
-- compared. final: 1 once its horizon is over. intervals: JSON, of each level its coverage and mean width.
CREATE TABLE forecast_accuracy (
  forecast TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  series TEXT NOT NULL,
  backend TEXT NOT NULL,
  cutoff INTEGER NOT NULL,
  frequency_ms INTEGER NOT NULL,
  horizon INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  final INTEGER NOT NULL,
  mae REAL NOT NULL,
  rmse REAL NOT NULL,
  mape REAL,
  smape REAL NOT NULL,
  mase REAL,
  wql REAL,
  skill REAL,
  intervals TEXT NOT NULL,
  evaluated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX forecast_accuracy_cutoff ON forecast_accuracy (org, cutoff);
CREATE INDEX forecast_accuracy_series ON forecast_accuracy (org, series, cutoff);
CREATE INDEX forecast_accuracy_age ON forecast_accuracy (evaluated_at);
