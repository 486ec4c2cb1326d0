-- name: tables
-- Rows read by going through tables and through indexes, of tables of so many rows or more; partitions of one together.
WITH leaf AS (
    SELECT relid, coalesce(pg_partition_root(relid)::oid, relid) AS root, n_live_tup AS rows, seq_scan, seq_tup_read,
           (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_all_indexes AS index
            WHERE index.relid = scanned.relid) AS index_read
    FROM pg_stat_all_tables AS scanned
)
SELECT root::regclass::text AS table, sum(rows)::bigint AS rows, sum(seq_scan)::bigint AS scans,
       sum(seq_tup_read)::bigint AS scanned_rows, sum(index_read)::bigint AS index_rows,
       100 * sum(index_read)::float8 / nullif(sum(index_read) + sum(seq_tup_read), 0)::float8 AS percent
FROM leaf
JOIN pg_class AS owner ON owner.oid = root
JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
WHERE CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
GROUP BY root
HAVING sum(rows) >= %(least_rows)s
ORDER BY scanned_rows DESC, 1
