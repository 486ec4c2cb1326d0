-- name: all
-- Every index of the judged tables, the partitions of one together: how it is made, its bytes, how often it was used,
-- and what would drop it and make it again. `building` is when somebody may just be making or vacuuming it.
WITH leaf AS (
    SELECT indexrelid, coalesce(pg_partition_root(indexrelid)::oid, indexrelid) AS root FROM pg_index
), whole AS (
    SELECT root, count(*) FILTER (WHERE indexrelid <> root) AS partitions,
           coalesce(sum(pg_relation_size(indexrelid)), 0)::bigint AS bytes, coalesce(sum(idx_scan), 0)::bigint AS scans
    FROM leaf LEFT JOIN pg_stat_all_indexes AS used USING (indexrelid)
    GROUP BY root
), being_changed AS MATERIALIZED (
    SELECT relation FROM pg_locks WHERE locktype = 'relation' AND granted AND mode = 'ShareUpdateExclusiveLock'
)
SELECT index.oid::regclass::text AS index, nspname::text AS schema_name, index.relname::text AS index_name,
       indrelid::regclass::text AS table, amname::text AS method,
       ARRAY(SELECT pg_get_indexdef(index.oid, number, false) FROM generate_series(1, indnkeyatts) AS number) AS keys,
       ARRAY(SELECT pg_get_indexdef(index.oid, number, false)
             FROM generate_series(indnkeyatts + 1, indnatts) AS number) AS included,
       indclass::text AS operator_classes, indcollation::text AS collations, indoption::text AS orders,
       pg_get_expr(indpred, indrelid) AS predicate, indexprs IS NOT NULL AS has_expressions,
       indisunique AS is_unique, indnullsnotdistinct AS nulls_not_distinct,
       indisprimary OR indisexclusion OR indisreplident OR indisclustered
           OR EXISTS (SELECT FROM pg_constraint WHERE conindid = index.oid) AS is_needed,
       indisvalid AND indisready AND indislive AS is_valid, index.relkind = 'I' AS is_partitioned,
       indrelid IN (SELECT relation FROM being_changed) AS building,
       bytes, scans, partitions,
       'DROP INDEX ' || way.word || index.oid::regclass AS drop_sql,
       head.before || 'INDEX ' || way.word || quote_ident(index.relname) || ' ON '
           || substr(pg_get_indexdef(index.oid), length(head.before || 'INDEX ' || quote_ident(index.relname)
               || ' ON ' || CASE index.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END) + 1) AS create_sql
FROM whole
JOIN pg_index AS made ON made.indexrelid = root
JOIN pg_class AS index ON index.oid = root
JOIN pg_class AS owner ON owner.oid = indrelid
JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
JOIN pg_am AS method ON method.oid = index.relam
CROSS JOIN LATERAL (SELECT CASE WHEN indisunique THEN 'CREATE UNIQUE ' ELSE 'CREATE ' END AS before) AS head
CROSS JOIN LATERAL (SELECT CASE index.relkind WHEN 'I' THEN '' ELSE 'CONCURRENTLY ' END AS word) AS way
WHERE owner.relkind IN ('r', 'p', 'm') AND owner.relpersistence <> 't'
  AND CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
ORDER BY bytes DESC, index

-- name: counted_since
-- Since when uses are counted, at least; whether replicas read from this server, and whether it is one.
SELECT greatest(database.stats_reset, shared.stats_reset) AS since,
       EXISTS (SELECT FROM pg_stat_replication) AS has_replicas, pg_is_in_recovery() AS is_replica
FROM pg_stat_database AS database, pg_stat_bgwriter AS shared
WHERE datname = current_database()
