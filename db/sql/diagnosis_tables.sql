-- name: sizes
-- Bytes of each judged table, the partitions of one together: of its rows, of its long values, of its indexes. Rows as
-- the planner knows them; as they were counted where it does not yet.
WITH leaf AS (
    SELECT oid, relkind, reltoastrelid, reltuples, coalesce(pg_partition_root(oid)::oid, oid) AS root
    FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relpersistence <> 't'
)
SELECT root::regclass::text AS table, count(*) FILTER (WHERE leaf.oid <> root AND leaf.relkind <> 'p') AS partitions,
       sum(CASE WHEN leaf.reltuples >= 0 THEN leaf.reltuples ELSE pg_stat_get_live_tuples(leaf.oid) END)
           FILTER (WHERE leaf.relkind <> 'p')::bigint AS rows,
       sum(coalesce(pg_table_size(leaf.oid), 0) - coalesce(pg_total_relation_size(toast.oid), 0))::bigint AS row_bytes,
       sum(coalesce(pg_total_relation_size(toast.oid), 0))::bigint AS toast_bytes,
       sum(coalesce(pg_indexes_size(leaf.oid), 0))::bigint AS index_bytes,
       sum(coalesce(pg_total_relation_size(leaf.oid), 0))::bigint AS bytes
FROM leaf
LEFT JOIN pg_class AS toast ON toast.oid = leaf.reltoastrelid
JOIN pg_class AS owner ON owner.oid = root
JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
WHERE CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
GROUP BY root
ORDER BY bytes DESC, 1

-- name: upkeep
-- Of each judged table, partition by partition, what vacuum and ANALYZE have to do and from when on they are due: the
-- table's own settings, else the server's. PostgreSQL 18 caps the number of dead rows.
SELECT own.oid::regclass::text AS table, own.relkind = 'p' AS is_partitioned,
       coalesce(pg_partition_root(own.oid)::oid, own.oid)::regclass::text AS root,
       n_live_tup AS rows, n_dead_tup AS dead_rows, n_mod_since_analyze AS changed_rows,
       greatest(last_vacuum, last_autovacuum) AS vacuumed_at, greatest(last_analyze, last_autoanalyze) AS analyzed_at,
       coalesce(chosen.options ->> 'autovacuum_enabled', 'true')::bool AND current_setting('autovacuum')::bool
           AS by_itself,
       CASE WHEN cap.rows >= 0 THEN least(cap.rows, dead.rows) ELSE dead.rows END AS dead_rows_due,
       coalesce(chosen.options ->> 'autovacuum_analyze_threshold',
                current_setting('autovacuum_analyze_threshold'))::float8
           + coalesce(chosen.options ->> 'autovacuum_analyze_scale_factor',
                      current_setting('autovacuum_analyze_scale_factor'))::float8
             * greatest(own.reltuples, 0) AS changed_rows_due,
       own.oid IN (SELECT progress.relid FROM pg_stat_progress_vacuum AS progress) AS being_vacuumed,
       pg_postmaster_start_time() AS server_started_at,
       CASE WHEN has_table_privilege(own.oid, 'SELECT') THEN EXISTS (
           SELECT FROM pg_stats WHERE pg_stats.schemaname = nspname AND tablename = own.relname
       ) END AS has_statistics
FROM pg_class AS own
JOIN pg_namespace AS namespace ON namespace.oid = own.relnamespace
JOIN pg_stat_all_tables AS counted ON counted.relid = own.oid
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(option_name, option_value) AS options FROM pg_options_to_table(own.reloptions)
) AS chosen
CROSS JOIN LATERAL (
    SELECT coalesce(chosen.options ->> 'autovacuum_vacuum_threshold',
                    current_setting('autovacuum_vacuum_threshold'))::float8
           + coalesce(chosen.options ->> 'autovacuum_vacuum_scale_factor',
                      current_setting('autovacuum_vacuum_scale_factor'))::float8 * greatest(own.reltuples, 0) AS rows
) AS dead
CROSS JOIN LATERAL (
    SELECT coalesce(chosen.options ->> 'autovacuum_vacuum_max_threshold',
                    current_setting('autovacuum_vacuum_max_threshold', true), '-1')::float8 AS rows
) AS cap
WHERE own.relkind IN ('r', 'p', 'm') AND own.relpersistence <> 't'
  AND CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
ORDER BY n_dead_tup DESC, 1
