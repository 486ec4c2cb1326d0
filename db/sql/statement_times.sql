-- name: keep_texts
-- What some statements are, by their names.
INSERT INTO statements (name, text)
SELECT name, text FROM unnest(%(names)s::text[], %(texts)s::text[]) AS met (name, text)
WHERE NOT EXISTS (SELECT FROM statements AS known WHERE (known.name, known.text) = (met.name, met.text))
ON CONFLICT (name) DO UPDATE SET text = excluded.text

-- name: series_ids
-- The numbers of some series, given where they had none.
WITH asked AS (
    SELECT * FROM unnest(%(statements)s::text[], %(askers)s::text[]) AS asked (statement, asker)
), added AS (
    INSERT INTO statement_series (statement, asker)
    SELECT statement, asker FROM asked
    WHERE NOT EXISTS (SELECT FROM statement_series AS known
                      WHERE (known.statement, known.asker) = (asked.statement, asked.asker))
    ON CONFLICT (statement, asker) DO UPDATE SET statement = excluded.statement
    RETURNING id, statement, asker
)
SELECT id, statement, asker FROM added
UNION ALL
SELECT id, statement, asker FROM statement_series JOIN asked USING (statement, asker)

-- name: series
-- What the numbers mean.
SELECT id, statement, asker FROM statement_series

-- name: texts
-- What some statements are.
SELECT name, text FROM statements WHERE name = ANY(%(names)s)
