-- name: connections
-- Connections of clients to the whole server, by database, role, application and state. Of which kind those are that
-- we may not see is not told either; of PostgreSQL's own processes none has a role and a database.
SELECT datname::text AS database, coalesce(usename, '')::text AS role, coalesce(application_name, '') AS application,
       state, count(*) AS count
FROM pg_stat_activity
WHERE backend_type = 'client backend' OR (backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL)
GROUP BY 1, 2, 3, 4
ORDER BY count DESC, 1, 2, 3, 4

-- name: backends
-- Clients of this database that run a statement or have a transaction open, but for ourselves, the oldest first.
SELECT pid, backend_start, coalesce(usename, '')::text AS role, coalesce(application_name, '') AS application,
       host(client_addr) AS client, state, state_change AS state_since, xact_start AS transaction_since,
       query_start AS statement_since, coalesce(query, '') AS text,
       CASE WHEN wait_event_type <> 'Client' THEN wait_event_type || ': ' || wait_event END AS waits_for,
       pid IN (SELECT pid FROM pg_stat_progress_create_index UNION ALL SELECT pid FROM pg_stat_progress_vacuum
               UNION ALL SELECT pid FROM pg_stat_progress_analyze UNION ALL SELECT pid FROM pg_stat_progress_cluster
               UNION ALL SELECT pid FROM pg_stat_progress_copy) AS reports_progress,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
       extract(epoch FROM clock_timestamp() - query_start)::float8 AS statement_seconds,
       extract(epoch FROM clock_timestamp() - state_change)::float8 AS state_seconds
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (%(pids)s::int[] IS NULL AND (xact_start IS NOT NULL OR state = 'active') OR pid = ANY(%(pids)s))
ORDER BY xact_start, pid

-- name: hidden
-- Clients of this database of which we may not see what they do.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usesysid IS NOT NULL AND query = '<insufficient privilege>'
