-- An instance watches what metric_key and dimensions name: one series, or the group of those that share the dimensions. series keeps the
-- instances of a rule apart: the series' id, or the instance's own where it does not watch one series.
UPDATE rule_instance SET series = id WHERE series = '';
CREATE INDEX rule_instance_watching ON rule_instance (org, rule) WHERE metric_key IS NOT NULL;
