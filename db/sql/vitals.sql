-- name: read
-- How PostgreSQL fares: this database's sessions by state, counters that only grow, sizes in bytes; and the queue.
-- Without the right to see others' sessions their states are null; the number of them is known all the same.
SELECT numbackends AS connections, current_setting('max_connections')::int AS max_connections,
       session.active, session.idle, session.idle_in_transaction,
       xact_commit + xact_rollback AS transactions, blks_hit, blks_read, temp_files, temp_bytes, deadlocks,
       pg_database_size(datid)::float8 AS size,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 END AS wal,
       queue.waiting AS queue_waiting, queue.running AS queue_running, queue.oldest AS queue_oldest
FROM pg_stat_database AS database
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'idle') AS idle,
           count(*) FILTER (WHERE state LIKE 'idle in transaction%%') AS idle_in_transaction
    FROM pg_stat_activity AS activity WHERE activity.datid = database.datid
) AS session
CROSS JOIN (
    SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS running,
           extract(epoch FROM now() - min(deferred.at) FILTER (WHERE status = 'todo'))::float8 AS oldest
    FROM procrastinate_jobs
    LEFT JOIN procrastinate_events AS deferred ON job_id = procrastinate_jobs.id AND deferred.type = 'deferred'
    WHERE status IN ('todo', 'doing')
) AS queue
WHERE datname = current_database()
