-- name: usual_search_path
-- For the rest of this transaction names mean what they mean to whoever connects as we do; one more schema comes last.
SELECT set_config('search_path', concat_ws(', ', reset_val, quote_ident(%(also)s)), true) FROM pg_settings WHERE name = 'search_path'

-- name: tables
-- What is known of tables: to which partitioned table each belongs, rows and pages; and of that one and all of its
-- partitions together rows, what was written without being there still, and what was read of it.
WITH named AS (
    SELECT nspname AS schema, relname AS name, c.oid, coalesce(pg_partition_root(c.oid), c.oid) AS root,
           CASE WHEN reltuples < 0 THEN pg_stat_get_live_tuples(c.oid) ELSE reltuples END AS rows,
           (pg_relation_size(c.oid) / current_setting('block_size')::int)::int AS pages
    FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS asked (schema, name)
    JOIN pg_namespace ON nspname = asked.schema
    JOIN pg_class AS c ON relnamespace = pg_namespace.oid AND relname = asked.name
    WHERE relkind = 'r' AND relpersistence <> 't'
), whole AS (
    SELECT root, sum(CASE WHEN reltuples < 0 THEN pg_stat_get_live_tuples(c.oid) ELSE reltuples END) AS rows,
           sum(greatest(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
               - pg_stat_get_live_tuples(c.oid), 0)) AS written,
           sum(pg_stat_get_tuples_returned(c.oid) + pg_stat_get_tuples_fetched(c.oid)) AS read
    FROM (SELECT DISTINCT root FROM named) AS roots
    LEFT JOIN LATERAL pg_partition_tree(root) AS tree ON isleaf
    JOIN pg_class AS c ON c.oid = coalesce(tree.relid, root)
    GROUP BY root
)
SELECT named.schema, named.name, named.rows, named.pages, root_schema.nspname AS root_schema, root_class.relname AS root_name,
       whole.rows AS root_rows, whole.written, whole.read
FROM named JOIN whole USING (root)
JOIN pg_class AS root_class ON root_class.oid = root
JOIN pg_namespace AS root_schema ON root_schema.oid = root_class.relnamespace

-- name: columns
-- What is known of the columns of tables; what ANALYZE has not seen yet is null.
SELECT nspname AS schema, relname AS name, pg_attribute.attname AS column, null_frac, n_distinct, avg_width,
       most_common_vals::text::text[] AS common, most_common_freqs AS frequencies,
       coalesce(nullif(typbasetype, 0), pg_type.oid)::regtype::text AS type,
       typcategory IN ('A', 'E', 'R', 'S') OR EXISTS (
           SELECT FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod
           WHERE amname = 'btree' AND opcdefault AND opcintype = coalesce(nullif(typbasetype, 0), pg_type.oid)
       ) AS is_sortable
FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS asked (schema, name)
JOIN pg_namespace ON nspname = asked.schema
JOIN pg_class AS c ON relnamespace = pg_namespace.oid AND relname = asked.name
JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type ON pg_type.oid = atttypid
LEFT JOIN pg_stats ON schemaname = nspname AND tablename = relname AND pg_stats.attname = pg_attribute.attname
    AND NOT inherited

-- name: indexes
-- The valid indexes of tables that can be asked for single columns: key columns (null for an expression), direction of
-- each, and for which rows.
SELECT nspname AS schema, c.relname AS name, index_class.relname AS index, amname AS method, pg_get_expr(indpred, indrelid) AS predicate,
       array_agg(attname::text ORDER BY position) AS columns,
       array_agg((indoption[position] & 1) = 1 ORDER BY position) AS descending,
       array_agg((indoption[position] & 2) = 2 ORDER BY position) AS nulls_first
FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS asked (schema, name)
JOIN pg_namespace ON nspname = asked.schema
JOIN pg_class AS c ON relnamespace = pg_namespace.oid AND c.relname = asked.name
JOIN pg_index ON indrelid = c.oid AND indisvalid AND indisready
JOIN pg_class AS index_class ON index_class.oid = indexrelid
JOIN pg_am ON pg_am.oid = index_class.relam AND amname IN ('btree', 'hash')
CROSS JOIN generate_series(0, indnkeyatts - 1) AS position
LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum = indkey[position] AND attnum > 0
GROUP BY nspname, c.relname, index_class.relname, amname, indpred, indrelid

-- name: partitions
-- A table and what it consists of, the whole before its parts.
SELECT own.nspname AS schema, c.relname AS table, c.relkind = 'p' AS is_partitioned,
       parent_schema.nspname AS parent_schema, parent.relname AS parent_table
FROM (
    SELECT c.oid, tree.parentrelid, coalesce(level, 0) AS level FROM pg_class AS asked
    JOIN pg_namespace ON pg_namespace.oid = asked.relnamespace
    LEFT JOIN LATERAL pg_partition_tree(asked.oid) AS tree ON true
    JOIN pg_class AS c ON c.oid = coalesce(tree.relid, asked.oid)
    WHERE nspname = %(schema)s AND asked.relname = %(table)s AND asked.relkind IN ('r', 'p', 'm')
) AS part
JOIN pg_class AS c ON c.oid = part.oid
JOIN pg_namespace AS own ON own.oid = c.relnamespace
LEFT JOIN pg_class AS parent ON parent.oid = parentrelid
LEFT JOIN pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
ORDER BY level, own.nspname, c.relname

-- name: hypothetical
-- Imagine an index, for this connection alone: what it is called in plans.
SELECT indexname FROM hypopg_create_index(%(definition)s)

-- name: forget_hypothetical
-- Imagine none any more.
SELECT hypopg_reset()
