-- Kinds and conditions of rules as they are spelled from now on, in rules and in all their versions. A rate of a time that is no unit
-- is one of a second, its values with it.
UPDATE rule SET definition = json_replace(definition, '$.condition.per', 1000,
  '$.condition.value', (definition ->> '$.condition.value') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.recover', (definition ->> '$.condition.recover') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.critical.value', (definition ->> '$.condition.critical.value') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.critical.recover', (definition ->> '$.condition.critical.recover') * 1000.0 / (definition ->> '$.condition.per'))
WHERE definition ->> 'kind' = 'rate_of_change' AND definition ->> '$.condition.per' NOT IN (1000, 60000, 3600000, 86400000);
UPDATE rule SET definition = json_set(json_remove(definition, '$.condition.per'), '$.kind', 'rate-of-change', '$.condition.direction', 'increase',
  '$.condition.unit', CASE definition ->> '$.condition.per'
    WHEN 60000 THEN 'per_minute' WHEN 3600000 THEN 'per_hour' WHEN 86400000 THEN 'per_day' ELSE 'per_second' END)
WHERE definition ->> 'kind' = 'rate_of_change';
UPDATE rule SET definition = json_set(definition, '$.kind', 'missing-data') WHERE definition ->> 'kind' = 'missing_data';
UPDATE rule SET definition = json_set(json_remove(definition, '$.condition.need', '$.condition.of'),
  '$.condition.confirm', json_object('need', definition -> '$.condition.need', 'of', definition -> '$.condition.of'))
WHERE definition ->> 'kind' = 'forecast';
UPDATE rule SET definition = json_set(definition,
  '$.condition', json_object(definition ->> '$.condition.operator', definition -> '$.condition.rules'))
WHERE definition ->> 'kind' = 'composite';

UPDATE definition_history SET definition = json_replace(definition, '$.condition.per', 1000,
  '$.condition.value', (definition ->> '$.condition.value') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.recover', (definition ->> '$.condition.recover') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.critical.value', (definition ->> '$.condition.critical.value') * 1000.0 / (definition ->> '$.condition.per'),
  '$.condition.critical.recover', (definition ->> '$.condition.critical.recover') * 1000.0 / (definition ->> '$.condition.per'))
WHERE definition ->> 'kind' = 'rate_of_change' AND definition ->> '$.condition.per' NOT IN (1000, 60000, 3600000, 86400000);
UPDATE definition_history SET definition = json_set(json_remove(definition, '$.condition.per'), '$.kind', 'rate-of-change',
  '$.condition.direction', 'increase', '$.condition.unit', CASE definition ->> '$.condition.per'
    WHEN 60000 THEN 'per_minute' WHEN 3600000 THEN 'per_hour' WHEN 86400000 THEN 'per_day' ELSE 'per_second' END)
WHERE definition ->> 'kind' = 'rate_of_change';
UPDATE definition_history SET definition = json_set(definition, '$.kind', 'missing-data') WHERE definition ->> 'kind' = 'missing_data';
UPDATE definition_history SET definition = json_set(json_remove(definition, '$.condition.need', '$.condition.of'),
  '$.condition.confirm', json_object('need', definition -> '$.condition.need', 'of', definition -> '$.condition.of'))
WHERE definition ->> 'kind' = 'forecast';
UPDATE definition_history SET definition = json_set(definition,
  '$.condition', json_object(definition ->> '$.condition.operator', definition -> '$.condition.rules'))
WHERE definition ->> 'kind' = 'composite';
UPDATE rule_generation SET generation = generation + 1;

-- The evidence of alerts, wherever it is kept: what it said stays as it was, so a time that is no unit does too. per 0: any other.
CREATE TABLE evidence_spelling (kind TEXT NOT NULL, per INTEGER NOT NULL, patch TEXT NOT NULL, PRIMARY KEY (kind, per)) STRICT, WITHOUT ROWID;
INSERT INTO evidence_spelling (kind, per, patch) VALUES
  ('missing_data', 0, '{"kind":"missing-data"}'),
  ('rate_of_change', 0, '{"kind":"rate-of-change","direction":"increase"}'),
  ('rate_of_change', 1000, '{"kind":"rate-of-change","direction":"increase","unit":"per_second","per":null}'),
  ('rate_of_change', 60000, '{"kind":"rate-of-change","direction":"increase","unit":"per_minute","per":null}'),
  ('rate_of_change', 3600000, '{"kind":"rate-of-change","direction":"increase","unit":"per_hour","per":null}'),
  ('rate_of_change', 86400000, '{"kind":"rate-of-change","direction":"increase","unit":"per_day","per":null}');
UPDATE alert SET evidence = json_patch(evidence, (
  SELECT patch FROM evidence_spelling AS s WHERE s.kind = evidence ->> 'kind' AND s.per IN (0, evidence ->> 'per') ORDER BY s.per DESC LIMIT 1))
WHERE evidence ->> 'kind' IN ('missing_data', 'rate_of_change');
UPDATE rule_instance SET state = json_set(state, '$.episode.evidence', json_patch(state -> '$.episode.evidence', (
  SELECT patch FROM evidence_spelling AS s
  WHERE s.kind = state ->> '$.episode.evidence.kind' AND s.per IN (0, state ->> '$.episode.evidence.per') ORDER BY s.per DESC LIMIT 1)))
WHERE state ->> '$.episode.evidence.kind' IN ('missing_data', 'rate_of_change');
UPDATE rule_instance SET checkpoints = (
  SELECT json_group_array(json(iif(patch IS NULL, value, json_set(value, '$.episode.evidence', json_patch(value -> '$.episode.evidence', patch)))))
  FROM (
    SELECT value, (
      SELECT patch FROM evidence_spelling AS s
      WHERE s.kind = value ->> '$.episode.evidence.kind' AND s.per IN (0, value ->> '$.episode.evidence.per') ORDER BY s.per DESC LIMIT 1) AS patch
    FROM json_each(checkpoints) ORDER BY key))
WHERE checkpoints LIKE '%"missing_data"%' OR checkpoints LIKE '%"rate_of_change"%';
UPDATE inbox_message SET alerts = (
  SELECT json_group_array(json(iif(patch IS NULL, value, json_set(value, '$.evidence', json_patch(value -> 'evidence', patch)))))
  FROM (
    SELECT value, (
      SELECT patch FROM evidence_spelling AS s
      WHERE s.kind = value ->> '$.evidence.kind' AND s.per IN (0, value ->> '$.evidence.per') ORDER BY s.per DESC LIMIT 1) AS patch
    FROM json_each(alerts) ORDER BY key))
WHERE alerts LIKE '%"missing_data"%' OR alerts LIKE '%"rate_of_change"%';
UPDATE delivery SET payload = json_set(payload, '$.alerts', (
  SELECT json_group_array(json(iif(patch IS NULL, value, json_set(value, '$.evidence', json_patch(value -> 'evidence', patch)))))
  FROM (
    SELECT value, (
      SELECT patch FROM evidence_spelling AS s
      WHERE s.kind = value ->> '$.evidence.kind' AND s.per IN (0, value ->> '$.evidence.per') ORDER BY s.per DESC LIMIT 1) AS patch
    FROM json_each(payload, '$.alerts') ORDER BY key)))
WHERE payload LIKE '%"missing_data"%' OR payload LIKE '%"rate_of_change"%';
DROP TABLE evidence_spelling;
