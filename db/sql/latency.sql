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
