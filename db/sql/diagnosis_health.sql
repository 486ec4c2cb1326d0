-- name: counters
-- What this database has counted, since when at least, its size in bytes, and the whole server's connections; those
-- that only superusers may have are not counted as available.
SELECT blks_hit AS blocks_hit, blks_read AS blocks_read, temp_files, temp_bytes, deadlocks,
       greatest(database.stats_reset, shared.stats_reset) AS since,
       extract(epoch FROM now() - greatest(database.stats_reset, shared.stats_reset))::float8 AS seconds,
       pg_database_size(datid) AS bytes,
       (SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend'
           OR (backend_type IS NULL AND usesysid IS NOT NULL AND pg_stat_activity.datid IS NOT NULL)) AS connections,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS most_connections
FROM pg_stat_database AS database, pg_stat_bgwriter AS shared
WHERE datname = current_database()

-- name: ages
-- How many transactions, and multixacts, ago each database was frozen, the oldest first, and when vacuum is forced.
SELECT datname::text AS database, datname = current_database() AS is_this, age(datfrozenxid) AS transactions,
       mxid_age(datminmxid) AS multixacts,
       current_setting('autovacuum_freeze_max_age')::int AS transactions_due,
       current_setting('autovacuum_multixact_freeze_max_age')::int AS multixacts_due
FROM pg_database
ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC, 1

-- name: checkpoints
-- Checkpoints of PostgreSQL 17 and newer, on time and asked for, and the WAL written, each since it is counted.
SELECT num_timed AS on_time, num_requested AS asked_for,
       extract(epoch FROM now() - checkpointer.stats_reset)::float8 AS seconds,
       wal_bytes::float8 / nullif(extract(epoch FROM now() - wal.stats_reset), 0)::float8 AS wal_bytes_a_second,
       extract(epoch FROM current_setting('checkpoint_timeout')::interval)::float8 AS timeout_seconds,
       pg_size_bytes(current_setting('max_wal_size')) AS most_wal_bytes
FROM pg_stat_checkpointer AS checkpointer, pg_stat_wal AS wal

-- name: checkpoints_before_17
-- The same of older ones.
SELECT checkpoints_timed AS on_time, checkpoints_req AS asked_for,
       extract(epoch FROM now() - writer.stats_reset)::float8 AS seconds,
       wal_bytes::float8 / nullif(extract(epoch FROM now() - wal.stats_reset), 0)::float8 AS wal_bytes_a_second,
       extract(epoch FROM current_setting('checkpoint_timeout')::interval)::float8 AS timeout_seconds,
       pg_size_bytes(current_setting('max_wal_size')) AS most_wal_bytes
FROM pg_stat_bgwriter AS writer, pg_stat_wal AS wal

-- name: replicas
-- Who copies this server: how far behind, in bytes of WAL and in seconds; null where we may not see it.
SELECT coalesce(application_name, '') AS application, host(client_addr) AS client, state, sync_state AS synchrony,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       replay_lsn)::float8 AS behind_bytes,
       extract(epoch FROM replay_lag)::float8 AS behind_seconds
FROM pg_stat_replication
ORDER BY behind_bytes DESC NULLS LAST, 1

-- name: slots
-- Replication slots, with the bytes of WAL that each keeps; the one that keeps most first.
SELECT slot_name::text AS name, slot_type AS kind, active, temporary, wal_status AS state,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       restart_lsn)::float8 AS kept_bytes
FROM pg_replication_slots
ORDER BY kept_bytes DESC NULLS LAST, 1

-- name: standby
-- Of a server that is a copy itself, how long ago that was committed what it replayed last; null when it has all.
SELECT pg_is_in_recovery() AS is_replica,
       CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
            THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS behind_seconds
