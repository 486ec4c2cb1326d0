-- name: series_ids
-- The numbers of some series, given where they had none.
WITH asked AS (
    SELECT * FROM unnest(%(routes)s::text[], %(methods)s::text[], %(status_classes)s::smallint[])
        AS asked (route, method, status_class)
), added AS (
    INSERT INTO latency_series (route, method, status_class)
    SELECT route, method, status_class FROM asked
    WHERE NOT EXISTS (SELECT FROM latency_series AS known
                      WHERE (known.route, known.method, known.status_class)
                            = (asked.route, asked.method, asked.status_class))
    ON CONFLICT (route, method, status_class) DO UPDATE SET route = excluded.route
    RETURNING id, route, method, status_class
)
SELECT id, route, method, status_class FROM added
UNION ALL
SELECT id, route, method, status_class FROM latency_series JOIN asked USING (route, method, status_class)

-- name: series
-- What the numbers mean.
SELECT id, route, method, status_class FROM latency_series

-- name: add
-- One process's interval; added to what is there.
INSERT INTO latency_live AS known (at, instance, counted) VALUES (%(at)s, %(instance)s, %(counted)s)
ON CONFLICT (at, instance) DO UPDATE SET counted = known.counted || excluded.counted

-- name: fresh
-- Intervals of a range, all processes merged.
SELECT at, string_agg(counted, ''::bytea) AS counted FROM latency_live
WHERE at >= %(since)s AND at < %(until)s GROUP BY at

-- name: fresh_together
-- A range as one, all processes merged.
SELECT string_agg(counted, ''::bytea) AS counted FROM latency_live WHERE at >= %(since)s AND at < %(until)s

-- name: stored
-- The rows of some pieces of the past, each with the piece that asked for it.
SELECT width, at, packed, piece.since, piece.until
FROM unnest(%(widths)s::integer[], %(rows)s::interval[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
         AS piece (of_width, of_row, since, until)
CROSS JOIN LATERAL (
    SELECT width, at, packed FROM latency
    WHERE width = of_width AND at > piece.since - of_row AND at < piece.until
) AS stored

-- name: store
-- One row of a level.
INSERT INTO latency (width, at, packed) VALUES (%(width)s, %(at)s, %(packed)s)
ON CONFLICT (width, at) DO UPDATE SET packed = excluded.packed
