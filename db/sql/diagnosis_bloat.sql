-- name: tables
-- Bytes each judged table takes, and would take without gaps: rows, times their mean width by pg_stats with its
-- header, null bitmap and line pointer, over what its fill factor leaves of a page. Tables of which a column has no
-- statistics are left out.
WITH width AS (
    SELECT own.oid, own.reltuples, bool_or(stats.null_frac > 0) AS has_nulls, count(*) AS columns,
           count(stats.avg_width) AS known, sum((1 - stats.null_frac) * stats.avg_width) AS data
    FROM pg_class AS own
    JOIN pg_namespace AS namespace ON namespace.oid = own.relnamespace
    JOIN pg_attribute AS attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_stats AS stats ON stats.schemaname = nspname AND stats.tablename = own.relname
                               AND stats.attname = attribute.attname AND NOT stats.inherited
    WHERE own.relkind IN ('r', 'm') AND own.relpersistence <> 't' AND own.reltuples > 0
    GROUP BY own.oid
), page AS (
    SELECT current_setting('block_size')::int AS bytes
), estimate AS (
    SELECT width.oid, coalesce(pg_partition_root(width.oid)::oid, width.oid) AS root,
           pg_relation_size(width.oid) AS bytes,
           page.bytes * ceil(reltuples::float8
               * (4 + 8 * ceil((23 + CASE WHEN has_nulls THEN (columns + 7) / 8 ELSE 0 END)::float8 / 8)
                  + 8 * ceil(data / 8))
               / ((page.bytes - 24) * coalesce((
                   SELECT option_value::float8 FROM pg_options_to_table(
                       (SELECT reloptions FROM pg_class WHERE pg_class.oid = width.oid))
                   WHERE option_name = 'fillfactor'), 100) / 100)) AS needed
    FROM width, page WHERE known = columns
)
SELECT root::regclass::text AS name, root::regclass::text AS table, sum(bytes)::bigint AS bytes,
       greatest(sum(bytes - needed), 0)::bigint AS wasted_bytes
FROM estimate
JOIN pg_class AS owner ON owner.oid = root
JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
WHERE CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
GROUP BY root
ORDER BY wasted_bytes DESC, 1

-- name: indexes
-- The same of B-tree indexes: their entries' widths, with header and line pointer, over pages of their fill factor,
-- which is 90 unless chosen. Pages above the leaves are left out, being one in some hundred; deduplication makes
-- indexes smaller than that, which shows as no waste.
WITH width AS (
    SELECT index.oid, index.reltuples, count(*) AS columns, count(stats.avg_width) AS known,
           sum((1 - stats.null_frac) * stats.avg_width) AS data, bool_or(stats.null_frac > 0) AS has_nulls
    FROM pg_index AS made
    JOIN pg_class AS index ON index.oid = made.indexrelid
    JOIN pg_am AS method ON method.oid = index.relam AND amname = 'btree'
    JOIN pg_class AS owner ON owner.oid = made.indrelid
    JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
    JOIN pg_attribute AS part ON part.attrelid = index.oid
    LEFT JOIN pg_attribute AS attribute ON attribute.attrelid = owner.oid
                                       AND attribute.attnum = made.indkey[part.attnum - 1]
    LEFT JOIN pg_stats AS stats ON stats.schemaname = nspname AND NOT stats.inherited
                               AND stats.tablename = CASE WHEN made.indkey[part.attnum - 1] = 0 THEN index.relname
                                                     ELSE owner.relname END
                               AND stats.attname = CASE WHEN made.indkey[part.attnum - 1] = 0 THEN part.attname
                                                   ELSE attribute.attname END
    WHERE index.relkind = 'i' AND index.relpersistence <> 't' AND index.reltuples > 0 AND indisvalid
    GROUP BY index.oid
), page AS (
    SELECT current_setting('block_size')::int AS bytes
), estimate AS (
    SELECT width.oid, coalesce(pg_partition_root(width.oid)::oid, width.oid) AS root,
           pg_relation_size(width.oid) AS bytes,
           page.bytes * (1 + ceil(reltuples::float8
               * (4 + CASE WHEN has_nulls THEN 16 ELSE 8 END + 8 * ceil(data / 8))
               / ((page.bytes - 40) * coalesce((
                   SELECT option_value::float8 FROM pg_options_to_table(
                       (SELECT reloptions FROM pg_class WHERE pg_class.oid = width.oid))
                   WHERE option_name = 'fillfactor'), 90) / 100))) AS needed
    FROM width, page WHERE known = columns
)
SELECT root::regclass::text AS name, indrelid::regclass::text AS table, sum(bytes)::bigint AS bytes,
       greatest(sum(bytes - needed), 0)::bigint AS wasted_bytes
FROM estimate
JOIN pg_index AS made ON made.indexrelid = root
JOIN pg_class AS owner ON owner.oid = indrelid
JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
WHERE CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
GROUP BY root, indrelid
ORDER BY wasted_bytes DESC, 1

-- name: hidden
-- Judged tables of which we may not see statistics, and how many judged tables there are.
SELECT count(*) FILTER (WHERE NOT has_table_privilege(own.oid, 'SELECT')) AS hidden, count(*) AS all
FROM pg_class AS own JOIN pg_namespace AS namespace ON namespace.oid = own.relnamespace
WHERE own.relkind IN ('r', 'm') AND own.relpersistence <> 't'
  AND CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
      ELSE nspname = %(schema)s END
