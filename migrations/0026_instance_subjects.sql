-- An instance watches what metric_key and dimensions name: one series, or the group of those that share the dimensions. series keeps the
-- instances of a rule apart: the series' id, or the instance's own where it does not watch one series.
UPDATE rule_instance SET series = id WHERE series = '';
CREATE INDEX rule_instance_watching ON rule_instance (org, rule) WHERE metric_key IS NOT NULL;

-- What a rule may say since then, as it was before.
UPDATE rule SET definition = json_set(definition, '$.maxInstances', 500) WHERE definition ->> 'kind' <> 'composite';
UPDATE rule SET definition = json_set(definition, '$.expireAfter', 86400000) WHERE definition ->> 'kind' NOT IN ('anomaly', 'composite');
UPDATE definition_history SET definition = json_set(definition, '$.maxInstances', 500)
WHERE definition ->> 'kind' IN ('threshold', 'rate-of-change', 'missing-data', 'forecast', 'anomaly');
UPDATE definition_history SET definition = json_set(definition, '$.expireAfter', 86400000)
WHERE definition ->> 'kind' IN ('threshold', 'rate-of-change', 'missing-data', 'forecast');
UPDATE rule_generation SET generation = generation + 1;
