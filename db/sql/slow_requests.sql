-- name: add
-- One slow request.
INSERT INTO slow_requests (at, instance, route, method, status, seconds, parameters, calls, sql_seconds, statements)
VALUES (%(at)s, %(instance)s, %(route)s, %(method)s, %(status)s, %(seconds)s, %(parameters)s, %(calls)s,
        %(sql_seconds)s, %(statements)s)

-- name: between
-- The slowest of a range with the jobs that ran meanwhile, of one route or all, of some methods.
SELECT slow.*, ARRAY(
    SELECT DISTINCT job FROM job_runs
    WHERE job_runs.started_at BETWEEN slow.at - interval '7 days' AND slow.at AND job <> ALL(%(but)s)
      AND outcome NOT IN ('missed', 'skipped')
      AND coalesce(finished_at, slow.at) >= slow.at - slow.seconds * interval '1 second'
    ORDER BY job
) AS jobs
FROM (
    SELECT id, at, route, method, status, seconds, parameters, calls, sql_seconds, statements
    FROM slow_requests
    WHERE at >= %(since)s AND at < %(until)s AND method = ANY(%(methods)s)
      AND (%(route)s::text IS NULL OR route = %(route)s)
    ORDER BY seconds DESC LIMIT %(limit)s
) AS slow
ORDER BY seconds DESC, id
