-- name: waiting
-- Who waits for which lock, since when, and for whom. A row that is waited for shows as a transaction; its table is
-- known by the row lock that the waiting one holds.
SELECT DISTINCT ON (waiting.pid) waiting.pid, waiting.mode, waiting.locktype AS kind, waiting.waitstart AS since,
       extract(epoch FROM clock_timestamp() - waiting.waitstart)::float8 AS seconds,
       coalesce(waiting.relation, (
           SELECT held.relation FROM pg_locks AS held
           WHERE held.pid = waiting.pid AND held.locktype = 'tuple' AND held.granted LIMIT 1
       ))::regclass::text AS relation,
       pg_blocking_pids(waiting.pid) AS blocked_by
FROM pg_locks AS waiting
WHERE NOT waiting.granted
  AND waiting.pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
ORDER BY waiting.pid, waiting.waitstart

-- name: blocked
-- How many backends of this database have waited for a lock for so long, and how long the longest of them has.
SELECT count(*) AS count, coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8 AS longest_seconds
FROM pg_locks
WHERE NOT granted AND waitstart < clock_timestamp() - %(least)s::interval
  AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())

-- name: cancel
-- Ask a backend to give up its statement. Nothing happens unless it is still that very backend and a client's, or an
-- autovacuum; `own` says that it is the connection that asks.
WITH found AS (
    SELECT pid, pid = pg_backend_pid() AS own, backend_start = %(backend_start)s AS same,
           backend_type IN ('client backend', 'autovacuum worker') AS may_be
    FROM pg_stat_activity WHERE pid = %(pid)s
)
SELECT own, same, may_be, CASE WHEN same AND may_be AND NOT own THEN pg_cancel_backend(pid) END AS done FROM found

-- name: terminate
-- End a backend and its transaction, under the same conditions.
WITH found AS (
    SELECT pid, pid = pg_backend_pid() AS own, backend_start = %(backend_start)s AS same,
           backend_type IN ('client backend', 'autovacuum worker') AS may_be
    FROM pg_stat_activity WHERE pid = %(pid)s
)
SELECT own, same, may_be, CASE WHEN same AND may_be AND NOT own THEN pg_terminate_backend(pid) END AS done FROM found
