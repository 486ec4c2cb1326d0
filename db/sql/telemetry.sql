-- name: add_latency
-- One interval of one route; added to what is there.
INSERT INTO latency AS known
    (at, width, instance, route, method, status_class, count, sum_seconds, max_seconds, histogram)
VALUES (%(at)s, %(width)s, %(instance)s, %(route)s, %(method)s, %(status_class)s, %(count)s, %(sum_seconds)s,
        %(max_seconds)s, %(histogram)s)
ON CONFLICT (at, width, instance, route, method, status_class) DO UPDATE SET
    count = known.count + excluded.count, sum_seconds = known.sum_seconds + excluded.sum_seconds,
    max_seconds = greatest(known.max_seconds, excluded.max_seconds),
    histogram = known.histogram || excluded.histogram

-- name: latency_by_route
-- Each route's requests since a time, histograms merged.
SELECT route, method, sum(count)::bigint AS count,
       coalesce(sum(count) FILTER (WHERE status_class = 5), 0)::bigint AS server_errors,
       coalesce(sum(count) FILTER (WHERE status_class = 4), 0)::bigint AS client_errors,
       sum(sum_seconds) AS sum_seconds, max(max_seconds) AS max_seconds,
       string_agg(histogram, ''::bytea) AS histogram
FROM latency WHERE at >= %(since)s AND width = 10 GROUP BY route, method ORDER BY count DESC

-- name: latency_over_time
-- One route's (or every route's) requests in steps of %(step)s, histograms merged.
SELECT date_bin(%(step)s, at, 'epoch') AS at, sum(count)::bigint AS count,
       coalesce(sum(count) FILTER (WHERE status_class = 5), 0)::bigint AS server_errors,
       string_agg(histogram, ''::bytea) AS histogram
FROM latency
WHERE at >= %(since)s AND width = 10 AND (%(route)s::text IS NULL OR route = %(route)s)
GROUP BY 1 ORDER BY 1

-- name: add_sample
-- One value of one series at one moment.
INSERT INTO samples (series, at, instance, value) VALUES (%(series)s, %(at)s, %(instance)s, %(value)s)
ON CONFLICT DO NOTHING

-- name: samples_since
-- Stored samples of some series, oldest first.
SELECT series, at, value FROM samples
WHERE series = ANY(%(series)s) AND at >= %(since)s AND (%(instance)s::text IS NULL OR instance = %(instance)s)
ORDER BY at

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

-- name: prune_latency
-- Forget intervals older than %(keep)s.
DELETE FROM latency WHERE at < now() - %(keep)s

-- name: prune_samples
-- Forget samples older than %(keep)s.
DELETE FROM samples WHERE at < now() - %(keep)s

-- name: prune_query_stats
-- Forget statement statistics older than %(keep)s.
DELETE FROM query_stats WHERE at < now() - %(keep)s

-- name: prune_slow_queries
-- Forget slow executions older than %(keep)s.
DELETE FROM slow_queries WHERE at < now() - %(keep)s
