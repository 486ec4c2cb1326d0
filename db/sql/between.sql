-- name: runs
-- Job runs under way within a range: those that failed first, then the longest. Started at most a week before.
SELECT job, outcome, started_at, finished_at, wall_seconds, memory_before, memory_peak FROM job_runs
WHERE started_at >= %(since)s::timestamptz - interval '7 days' AND started_at < %(until)s
  AND (finished_at IS NULL OR finished_at >= %(since)s)
  AND outcome NOT IN ('missed', 'skipped') AND job <> ALL(%(but)s)
  AND (%(job)s::text IS NULL OR job = %(job)s) AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY outcome IN ('failed', 'lost') DESC, coalesce(finished_at, now()) - started_at DESC, started_at DESC
LIMIT %(limit)s

-- name: job_runs
-- The newest starts within a range, of one job or all, with one outcome or any.
SELECT id, job, instance, outcome, started_at, finished_at, wall_seconds, cpu_seconds, memory_before,
       memory_peak, memory_after, items, error, arguments
FROM job_runs
WHERE started_at >= %(since)s AND started_at < %(until)s AND job <> ALL(%(but)s)
  AND (%(job)s::text IS NULL OR job = %(job)s) AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY started_at DESC, id DESC LIMIT %(limit)s

-- name: answers
-- One source's (or all sources') answers in steps of %(step)s, oldest first.
SELECT date_bin(%(step)s, at, 'epoch') AS at,
       coalesce(sum(count) FILTER (WHERE outcome = 'request'), 0)::bigint AS requests,
       coalesce(sum(count) FILTER (WHERE outcome = 'alive'), 0)::bigint AS alive,
       coalesce(sum(count) FILTER (WHERE outcome = 'refused'), 0)::bigint AS refused,
       coalesce(sum(count) FILTER (WHERE outcome = 'unknown'), 0)::bigint AS unknown
FROM source_answers
WHERE at >= date_trunc('minute', %(since)s::timestamptz) AND at < %(until)s
  AND (%(source)s::text IS NULL OR source = %(source)s)
GROUP BY 1 ORDER BY 1

-- name: answer_reasons
-- How each source answered within a range, the most frequent first.
SELECT source, outcome, reason, sum(count)::bigint AS count, max(last_at) AS last_at
FROM source_answers WHERE at >= date_trunc('minute', %(since)s::timestamptz) AND at < %(until)s
GROUP BY source, outcome, reason ORDER BY count DESC, source, outcome, reason
