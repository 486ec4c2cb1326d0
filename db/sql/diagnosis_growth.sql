-- name: read
-- Bytes of the whole database, and of its largest judged tables and indexes, the partitions of one together.
WITH leaf AS (
    SELECT oid, relkind IN ('i', 'I') AS is_index, coalesce(pg_partition_root(oid)::oid, oid) AS root
    FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'i', 'I') AND relpersistence <> 't'
), whole AS (
    SELECT CASE WHEN is_index THEN 'index' ELSE 'table' END AS kind, root::regclass::text AS name,
           sum(coalesce(CASE WHEN is_index THEN pg_relation_size(leaf.oid) ELSE pg_total_relation_size(leaf.oid) END,
                        0))::bigint AS bytes
    FROM leaf
    JOIN pg_class AS owner ON owner.oid = root
    JOIN pg_namespace AS namespace ON namespace.oid = owner.relnamespace
    WHERE CASE WHEN %(schema)s::text IS NULL THEN nspname !~ '^pg_' AND nspname <> 'information_schema'
          ELSE nspname = %(schema)s END
    GROUP BY is_index, root
), ranked AS (
    SELECT kind, name, bytes, row_number() OVER (PARTITION BY kind ORDER BY bytes DESC, name) AS place FROM whole
)
SELECT 'database' AS kind, current_database()::text AS name, pg_database_size(current_database()) AS bytes
UNION ALL
SELECT kind, name, bytes FROM ranked WHERE place <= %(most)s

-- name: note
-- Sizes as of today, in UTC; a later reading of the day replaces an earlier one.
INSERT INTO relation_sizes (at, target, kind, name, bytes)
SELECT date_trunc('day', now(), 'UTC'), %(target)s, kind, name, bytes
FROM unnest(%(kinds)s::text[], %(names)s::text[], %(bytes)s::bigint[]) AS read (kind, name, bytes)
ON CONFLICT (target, kind, name, at) DO UPDATE SET bytes = excluded.bytes

-- name: first_seen
-- Since which day each index of a target is known, of those that were there at the last reading.
SELECT name, min(at) AS at FROM relation_sizes
WHERE target = %(target)s AND kind = 'index'
GROUP BY name
HAVING max(at) = (SELECT max(at) FROM relation_sizes WHERE target = %(target)s AND kind = 'database')

-- name: between
-- First and last size of each in a range of days, those that grew most first.
SELECT kind, name, min(at) AS since, max(at) AS until, (array_agg(bytes ORDER BY at))[1] AS bytes_before,
       (array_agg(bytes ORDER BY at DESC))[1] AS bytes
FROM relation_sizes
WHERE target = %(target)s AND at >= %(since)s AND at <= %(until)s
GROUP BY kind, name
ORDER BY (array_agg(bytes ORDER BY at DESC))[1] - (array_agg(bytes ORDER BY at))[1] DESC, kind, name
