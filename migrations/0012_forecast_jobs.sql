-- definition is what its owner says of it, as JSON. next_run_at is NULL while it is off.
CREATE TABLE forecast_job (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  next_run_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX forecast_job_org ON forecast_job (org, id);
CREATE INDEX forecast_job_due ON forecast_job (next_run_at) WHERE next_run_at IS NOT NULL;

-- definition is the job's as it was when the run began. Nobody else works on a run before due_at: while somebody does it is the end of their
-- lease, after a failure the end of the wait. step grows with each claim, and says which of them an event or a write belongs to; attempts are
-- the claims since the run last got on. Series up to after are done. series is how many there are, NULL until they are counted.
CREATE TABLE forecast_run (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  job TEXT NOT NULL,
  definition TEXT NOT NULL,
  status TEXT NOT NULL,
  scheduled_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  due_at INTEGER NOT NULL,
  step INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  after TEXT NOT NULL,
  series INTEGER,
  completed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  refusals TEXT NOT NULL,
  error TEXT
) STRICT;
CREATE INDEX forecast_run_job ON forecast_run (org, job, scheduled_at, id);
CREATE UNIQUE INDEX forecast_run_open ON forecast_run (job) WHERE status IN ('pending', 'running');
CREATE INDEX forecast_run_due ON forecast_run (due_at) WHERE status IN ('pending', 'running');
CREATE INDEX forecast_run_ended ON forecast_run (ended_at) WHERE ended_at IS NOT NULL;
