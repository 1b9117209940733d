-- due_at: when the instance is to be looked at again though no point has come in; NULL where nothing would change.
-- checkpoints: JSON, states of evaluations before, which points that come late lead back to.
ALTER TABLE rule_instance ADD COLUMN due_at INTEGER;
ALTER TABLE rule_instance ADD COLUMN checkpoints TEXT NOT NULL DEFAULT '[]';
-- Of the series that it watches, also where that was never seen; NULL where the instance watches none.
ALTER TABLE rule_instance ADD COLUMN metric_key TEXT;
ALTER TABLE rule_instance ADD COLUMN dimensions TEXT;
UPDATE rule_instance SET
  metric_key = (SELECT metric_key FROM series WHERE id = rule_instance.series),
  dimensions = (SELECT dimensions FROM series WHERE id = rule_instance.series);
CREATE INDEX rule_instance_due ON rule_instance (org, due_at) WHERE due_at IS NOT NULL;

-- unseen: it is new or changed, and the series that it selects are still to be gone through.
ALTER TABLE rule ADD COLUMN unseen INTEGER NOT NULL DEFAULT 1;
CREATE INDEX rule_unseen ON rule (org, id) WHERE unseen = 1 AND enabled = 1;

-- Grows with each change of an organisation's rules: a process that has read them need not read them again.
CREATE TABLE rule_generation (
  org TEXT PRIMARY KEY,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_instance ON alert (org, instance, started_at);
