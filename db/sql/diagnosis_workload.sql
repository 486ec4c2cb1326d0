-- name: statements
-- The statements of this database that took most time in all, as pg_stat_statements counts them; `{schema}` is where
-- that extension is, and `{read_time}` its column of the seconds spent reading blocks. Without the right to see others'
-- statements they have no id and no text, and are counted together.
SELECT queryid::text AS id, CASE WHEN queryid IS NOT NULL THEN pg_get_userbyid(userid)::text END AS role,
       toplevel AS is_direct, max(CASE WHEN queryid IS NOT NULL THEN query END) AS text,
       sum(calls)::bigint AS calls, sum(total_exec_time)::float8 / 1e3 AS total_seconds, sum(rows)::bigint AS rows,
       sum(shared_blks_hit)::bigint AS blocks_hit, sum(shared_blks_read)::bigint AS blocks_read,
       CASE WHEN current_setting('track_io_timing')::bool THEN sum({read_time})::float8 / 1e3 END AS read_seconds
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND calls > 0
GROUP BY queryid, 2, toplevel
ORDER BY total_seconds DESC, id
LIMIT %(most)s

-- name: since
-- Since when it counts, and how often it dropped statements to make room.
SELECT stats_reset AS since, dealloc AS dropped FROM {schema}.pg_stat_statements_info
