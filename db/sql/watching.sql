-- name: stored
-- Tables of telemetry with all their partitions: bytes on disk with indexes, and rows a day at the present pace.
WITH covered AS (
    SELECT least(now() - min(at), interval '1 hour') AS hour FROM samples_live WHERE at >= now() - interval '1 hour'
), covered_day AS (
    SELECT least(now() - min(started_at), interval '1 day') AS day FROM job_runs
    WHERE started_at >= now() - interval '1 day'
), lately (name, count) AS (
    SELECT 'latency_live', count(*) FROM latency_live WHERE at >= now() - interval '1 hour'
    UNION ALL SELECT 'samples_live', count(*) FROM samples_live WHERE at >= now() - interval '1 hour'
    UNION ALL SELECT 'statement_times_live', count(*) FROM statement_times_live WHERE at >= now() - interval '1 hour'
    UNION ALL SELECT 'statement_sums_live', count(*) FROM statement_sums_live WHERE at >= now() - interval '1 hour'
    UNION ALL SELECT 'job_runs', count(*) FROM job_runs WHERE started_at >= now() - interval '1 hour'
), daily (name, count) AS (
    SELECT 'latency', count(*) FROM latency WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'samples', count(*) FROM samples WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'statement_times', count(*) FROM statement_times WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'statement_sums', count(*) FROM statement_sums WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'slow_queries', count(*) FROM slow_queries WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'slow_requests', count(*) FROM slow_requests WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'source_answers', count(*) FROM source_answers WHERE at >= now() - interval '1 day'
    UNION ALL SELECT 'alert_transitions', count(*) FROM alert_transitions WHERE at >= now() - interval '1 day'
), pace (name, rows_a_day) AS (
    SELECT name, count * 86400 / nullif(extract(epoch FROM hour), 0) FROM lately, covered
    UNION ALL SELECT name, count * 86400 / nullif(extract(epoch FROM day), 0) FROM daily, covered_day
)
SELECT name, pace.rows_a_day::float8 AS rows_a_day, part.bytes, part.partitions
FROM unnest(%(tables)s::text[]) AS name
JOIN pace USING (name)
CROSS JOIN LATERAL (
    SELECT sum(pg_total_relation_size(relid))::bigint AS bytes, count(*) FILTER (WHERE isleaf) AS partitions
    FROM (SELECT relid, isleaf FROM pg_partition_tree(name::regclass)
          UNION SELECT name::regclass, true
          WHERE NOT EXISTS (SELECT FROM pg_partition_tree(name::regclass))) AS tree
) AS part
ORDER BY part.bytes DESC, name

-- name: database_bytes
-- The whole database on disk.
SELECT pg_database_size(current_database())
