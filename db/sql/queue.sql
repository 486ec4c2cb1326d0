-- name: prune
-- Forget entries of the queue that ended longer than %(keep)s ago; the run table has their history.
DELETE FROM procrastinate_jobs
WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
  AND NOT EXISTS (SELECT FROM procrastinate_events
                  WHERE job_id = procrastinate_jobs.id AND at > now() - %(keep)s)

-- name: waiting_since
-- Since when the oldest queued start of a job has been waiting; null when none is.
SELECT min(at) FROM procrastinate_jobs
JOIN procrastinate_events ON job_id = procrastinate_jobs.id AND type = 'deferred'
WHERE task_name = %(job)s AND status = 'todo'

-- name: depth
-- How many wait, run, and failed.
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS doing,
       count(*) FILTER (WHERE status = 'failed') AS failed
FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')

-- name: unlock
-- Starts that have begun give back the lock that lets one of a kind wait: another may be waiting by the time they are
-- interrupted and have to be put back.
UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = ANY(%(ids)s) AND queueing_lock IS NOT NULL

-- name: again
-- Put entries that a vanished process was at back into the queue.
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)
FROM procrastinate_jobs WHERE id = ANY(%(ids)s) AND status = 'doing'

-- name: stalled
-- Entries being done by a worker that has not been heard of for %(silence)s, or by none at all.
SELECT procrastinate_jobs.id FROM procrastinate_jobs
LEFT JOIN procrastinate_workers ON procrastinate_workers.id = worker_id
WHERE status = 'doing'
  AND (last_heartbeat IS NULL OR last_heartbeat < now() - %(silence)s)
