-- name: add_query_stats
-- One interval of one statement under one asker; added to what is there.
INSERT INTO query_stats AS known
    (at, width, instance, statement, asker, calls, rows, total_seconds, max_seconds, histogram)
VALUES (%(at)s, %(width)s, %(instance)s, %(statement)s, %(asker)s, %(calls)s, %(rows)s, %(total_seconds)s,
        %(max_seconds)s, %(histogram)s)
ON CONFLICT (at, width, instance, statement, asker) DO UPDATE SET
    calls = known.calls + excluded.calls, rows = known.rows + excluded.rows,
    total_seconds = known.total_seconds + excluded.total_seconds,
    max_seconds = greatest(known.max_seconds, excluded.max_seconds),
    histogram = known.histogram || excluded.histogram

-- name: statements_since
-- Statements by total time since a time, with who asked most.
SELECT statement, sum(calls)::bigint AS calls, sum(rows)::bigint AS rows, sum(total_seconds) AS total_seconds,
       max(max_seconds) AS max_seconds, string_agg(histogram, ''::bytea) AS histogram,
       string_agg(DISTINCT asker, ', ') AS askers
FROM query_stats WHERE at >= %(since)s GROUP BY statement ORDER BY total_seconds DESC LIMIT %(limit)s

-- name: add_slow_query
-- One slow execution with its plan, or the reason why there is none.
INSERT INTO slow_queries
    (at, instance, statement, text, asker, seconds, rows, parameter_types, plan, plan_missing)
VALUES (%(at)s, %(instance)s, %(statement)s, %(text)s, %(asker)s, %(seconds)s, %(rows)s, %(parameter_types)s,
        %(plan)s, %(plan_missing)s)

-- name: slow_queries
-- The newest slow executions.
SELECT id, at, statement, text, asker, seconds, rows, parameter_types, plan, plan_missing
FROM slow_queries WHERE at >= %(since)s ORDER BY at DESC LIMIT %(limit)s
