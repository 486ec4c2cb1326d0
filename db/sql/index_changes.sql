-- name: want
-- Note an index that is to be made or dropped; null where the same is wanted or running already.
INSERT INTO index_changes (target, action, schema_name, table_name, index_name, columns, definition, sql, undo_sql,
    undoes, reason, wanted_by, statements)
VALUES (%(target)s, %(action)s, %(schema_name)s, %(table_name)s, %(index_name)s, %(columns)s, %(definition)s, %(sql)s,
    %(undo_sql)s, %(undoes)s, %(reason)s, %(wanted_by)s, %(statements)s)
ON CONFLICT (target, schema_name, index_name) WHERE state IN ('wanted', 'running') DO NOTHING
RETURNING id

-- name: open_one
-- The change of an index that is wanted or running.
SELECT id FROM index_changes
WHERE target = %(target)s AND schema_name = %(schema_name)s AND index_name = %(index_name)s
  AND state IN ('wanted', 'running')

-- name: one
-- One change.
SELECT * FROM index_changes WHERE id = %(id)s

-- name: newest
-- The newest changes, of one database or all.
SELECT * FROM index_changes WHERE %(target)s::text IS NULL OR target = %(target)s ORDER BY id DESC LIMIT %(limit)s

-- name: open_targets
-- Where something is wanted, under way, or to be cleared away.
SELECT DISTINCT target FROM index_changes WHERE state IN ('wanted', 'running') OR remains <> '[]'

-- name: take
-- The oldest change that is wanted of a database, now running; none on a table where another runs.
UPDATE index_changes SET state = 'running', instance = %(instance)s, started_at = now()
WHERE state = 'wanted' AND id = (
    SELECT id FROM index_changes AS wanted
    WHERE target = %(target)s AND state = 'wanted' AND NOT EXISTS (
        SELECT FROM index_changes AS other
        WHERE other.target = wanted.target AND other.schema_name = wanted.schema_name
          AND other.table_name = wanted.table_name AND other.state = 'running')
    ORDER BY id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING *

-- name: finish
-- How a change ended; one that takes another back leaves that one undone.
WITH ended AS (
    UPDATE index_changes SET state = %(state)s, error = %(error)s, remains = %(remains)s, finished_at = now()
    WHERE id = %(id)s AND state = 'running'
    RETURNING undoes, state
)
UPDATE index_changes SET state = 'undone' FROM ended WHERE id = ended.undoes AND ended.state = 'done'

-- name: running
-- What was begun longer than %(ago)s ago and has not ended.
SELECT * FROM index_changes WHERE target = %(target)s AND state = 'running' AND started_at < now() - %(ago)s

-- name: with_remains
-- What left invalid indexes behind.
SELECT id, remains FROM index_changes WHERE target = %(target)s AND remains <> '[]'

-- name: cleared
-- Nothing is left of it any more.
UPDATE index_changes SET remains = '[]' WHERE id = %(id)s

-- name: to_measure
-- Indexes that were made longer than %(ago)s ago and whose statements were not timed since.
SELECT * FROM index_changes
WHERE target = %(target)s AND action = 'create' AND state = 'done' AND measured_at IS NULL
  AND finished_at < now() - %(ago)s AND statements <> '[]'

-- name: keep_statements
-- What is known of a change's statements by now.
UPDATE index_changes SET statements = %(statements)s,
    measured_at = CASE WHEN %(is_measured)s THEN now() ELSE measured_at END
WHERE id = %(id)s

-- name: found
-- An index as it is: its table, how it is defined, and what would stand against dropping it.
SELECT table_class.relname AS table, indisvalid AS is_valid, pg_get_indexdef(index_class.oid) AS definition,
       index_class.relkind = 'I' OR index_class.relispartition AS is_partitioned,
       indisunique OR indisexclusion OR indisreplident
           OR EXISTS (SELECT FROM pg_constraint WHERE conindid = index_class.oid) AS is_needed,
       EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = index_class.oid) AS is_being_made
FROM pg_class AS index_class
JOIN pg_namespace ON pg_namespace.oid = index_class.relnamespace
JOIN pg_index ON indexrelid = index_class.oid
JOIN pg_class AS table_class ON table_class.oid = indrelid
WHERE nspname = %(schema)s AND index_class.relname = %(index)s

-- name: is_at_work
-- Whether a connection of this name is there.
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %(application)s)
