-- name: begin
-- For the rest of this transaction: no statement takes longer, or waits longer for a lock, than that.
SELECT set_config('statement_timeout', %(statement_timeout)s, true),
       set_config('lock_timeout', %(lock_timeout)s, true)

-- name: relation
-- Schema and name of a table that is told as PostgreSQL quotes it; nothing when it is gone.
SELECT nspname AS schema, relname AS name
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass(%(table)s)
