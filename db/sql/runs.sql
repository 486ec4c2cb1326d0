-- name: start
-- A run has begun; its number.
INSERT INTO job_runs (job, instance, queue_id, arguments, outcome, started_at, memory_before)
VALUES (%(job)s, %(instance)s, %(queue_id)s, %(arguments)s, 'running', %(started_at)s, %(memory_before)s)
RETURNING id

-- name: finish
-- How it went. A run already marked lost stays so.
UPDATE job_runs SET
    outcome = %(outcome)s, finished_at = %(finished_at)s, wall_seconds = %(wall_seconds)s,
    cpu_seconds = %(cpu_seconds)s, memory_peak = %(memory_peak)s, memory_after = %(memory_after)s,
    items = %(items)s, error = %(error)s
WHERE id = %(id)s AND outcome = 'running'

-- name: note_absent
-- A start that did not happen: missed (the clock was late) or skipped (the one before was still at it).
INSERT INTO job_runs (job, instance, outcome, started_at, finished_at, error)
VALUES (%(job)s, %(instance)s, %(outcome)s, %(at)s, %(at)s, %(error)s)

-- name: mark_lost
-- Runs whose process is gone: stopped, not heard of for %(silence)s, or among those known to be dead. A queue entry
-- that a later run has taken up already is not named: it is not lost.
UPDATE job_runs AS run SET outcome = 'lost', finished_at = now(),
    error = 'the process that ran it ended before it did'
WHERE outcome = 'running' AND instance <> %(me)s
  AND NOT EXISTS (
    SELECT FROM instances
    WHERE instances.id = instance AND stopped_at IS NULL AND seen_at > now() - %(silence)s
      AND instances.id <> ALL(%(dead)s)
  )
RETURNING id, job, CASE WHEN NOT EXISTS (
    SELECT FROM job_runs AS later WHERE later.queue_id = run.queue_id AND later.id > run.id
) THEN queue_id END AS queue_id

-- name: recent
-- The newest runs, of one job or all, with one outcome or any.
SELECT id, job, instance, outcome, started_at, finished_at, wall_seconds, cpu_seconds, memory_before,
       memory_peak, memory_after, items, error, arguments
FROM job_runs
WHERE (%(job)s::text IS NULL OR job = %(job)s) AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY started_at DESC, id DESC LIMIT %(limit)s

-- name: by_job
-- Each job's last run and its record of the last 24 hours.
SELECT job,
       count(*) FILTER (WHERE outcome IN ('succeeded', 'failed', 'lost')) AS runs,
       count(*) FILTER (WHERE outcome IN ('failed', 'lost')) AS failures,
       count(*) FILTER (WHERE outcome IN ('missed', 'skipped')) AS absent,
       count(*) FILTER (WHERE outcome = 'running') AS running,
       avg(wall_seconds) AS mean_seconds, max(wall_seconds) AS max_seconds,
       max(memory_peak - memory_before) AS memory_rise, sum(items)::bigint AS items,
       max(started_at) FILTER (WHERE outcome NOT IN ('missed', 'skipped')) AS last_started_at,
       max(finished_at) FILTER (WHERE outcome IN ('failed', 'lost')) AS last_failed_at
FROM job_runs WHERE started_at > now() - interval '24 hours' GROUP BY job

-- name: prune
-- Forget runs older than %(keep)s.
DELETE FROM job_runs WHERE id IN (
    SELECT id FROM job_runs WHERE started_at < now() - %(keep)s AND outcome <> 'running' LIMIT %(limit)s)

-- name: controls
-- Which jobs are paused, and when each was last asked to start.
SELECT job, paused, ticked_at FROM job_controls

-- name: pause
-- Pause a job, or let it go on.
INSERT INTO job_controls (job, paused) VALUES (%(job)s, %(paused)s)
ON CONFLICT (job) DO UPDATE SET paused = excluded.paused

-- name: tick
-- The clock asks for a start: granted to the first process that asks within an interval, unless paused. Clocks tick a
-- little early or late, hence the tolerance.
INSERT INTO job_controls AS control (job, ticked_at) VALUES (%(job)s, now())
ON CONFLICT (job) DO UPDATE SET ticked_at = now()
WHERE NOT control.paused
  AND (control.ticked_at IS NULL OR control.ticked_at <= now() - (%(every)s - least(%(every)s::interval * 0.1, interval '1 min')))
RETURNING job

-- name: is_paused
-- Whether a job is paused.
SELECT paused FROM job_controls WHERE job = %(job)s

-- name: present
-- Runs of some jobs that are under way or ended since a time, for the pulse.
SELECT id, job, outcome, started_at, finished_at, memory_peak - memory_before AS rise, items
FROM job_runs
WHERE job = ANY(%(jobs)s) AND (outcome = 'running' OR finished_at >= %(since)s OR id = ANY(%(ids)s))
  AND outcome NOT IN ('missed', 'skipped')
ORDER BY started_at DESC LIMIT 500

-- name: last_failure
-- The last run that failed or was lost, of any job.
SELECT job, finished_at, error FROM job_runs
WHERE outcome IN ('failed', 'lost') AND started_at > now() - interval '24 hours'
ORDER BY started_at DESC LIMIT 1
