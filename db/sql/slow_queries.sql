-- name: add
-- One slow execution with its plan, or the reason why there is none.
INSERT INTO slow_queries
    (at, instance, statement, asker, seconds, rows, reused, parameter_types, plan, plan_missing)
VALUES (%(at)s, %(instance)s, %(statement)s, %(asker)s, %(seconds)s, %(rows)s, %(reused)s, %(parameter_types)s,
        %(plan)s, %(plan_missing)s)

-- name: newest
-- The newest of a range.
SELECT id, at, instance, statement, asker, seconds, rows, reused, parameter_types FROM slow_queries
WHERE at >= %(since)s AND at < %(until)s ORDER BY at DESC, id DESC LIMIT %(limit)s

-- name: of_statement
-- The newest of one statement, by whichever asker or one.
SELECT id, at, instance, statement, asker, seconds, rows, reused, parameter_types FROM slow_queries
WHERE statement = %(statement)s AND at >= %(since)s AND at < %(until)s
  AND (%(asker)s::text IS NULL OR asker = %(asker)s)
ORDER BY at DESC, id DESC LIMIT %(limit)s

-- name: of_asker
-- The newest of one asker.
SELECT id, at, instance, statement, asker, seconds, rows, reused, parameter_types FROM slow_queries
WHERE asker = %(asker)s AND at >= %(since)s AND at < %(until)s ORDER BY at DESC, id DESC LIMIT %(limit)s

-- name: one
-- One slow execution with its statement's text and its plan.
SELECT id, at, instance, statement, asker, seconds, rows, reused, parameter_types,
       coalesce(text, statement) AS text, plan, plan_missing
FROM slow_queries LEFT JOIN statements ON name = statement WHERE at = %(at)s AND id = %(id)s

-- name: overlapping
-- Others that were under way at the same time, longest first. None is thought to end more than an hour later.
SELECT id, at, instance, statement, asker, seconds, rows, reused, parameter_types FROM slow_queries
WHERE at >= %(began)s AND at < %(ended)s::timestamptz + interval '1 hour'
  AND at - seconds * interval '1 second' <= %(ended)s AND id <> %(id)s
ORDER BY seconds DESC, id LIMIT %(limit)s
