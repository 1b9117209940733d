-- A forecast tells every season that was found: of one made before that is known, none.
UPDATE forecast SET body = json_set(body, '$.seasons', json('[]')) WHERE body IS NOT NULL AND body ->> '$.seasons' IS NULL;
