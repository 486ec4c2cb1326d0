-- name: lease_due
-- Posts that have just reached one of the fixed ages and were not read at it, reserved until the lease ends; the
-- youngest first, whose time is shortest.
INSERT INTO post_readings AS reading (post_id, age_hours, leased_until)
SELECT due.id, age.hours, now() + %(lease)s
FROM unnest(%(ages)s::int[]) AS age (hours)
CROSS JOIN LATERAL (
    SELECT id, created_at FROM posts
    WHERE created_at <= now() - make_interval(hours => age.hours)
      AND created_at > now() - make_interval(hours => age.hours)
                       - least(age.hours * %(late_an_hour)s::interval, %(latest)s::interval)
      AND deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM post_readings AS there
                      WHERE there.post_id = posts.id AND there.age_hours = age.hours
                        AND (there.read_at IS NOT NULL OR there.leased_until >= now()))
    ORDER BY created_at LIMIT %(limit)s
) AS due
ORDER BY age.hours, due.created_at LIMIT %(limit)s
ON CONFLICT (post_id, age_hours) DO UPDATE SET leased_until = excluded.leased_until
WHERE reading.read_at IS NULL AND reading.leased_until < now()
RETURNING post_id

-- name: renew_lease
-- A batch begins only now; nobody else is to ask for the same posts meanwhile.
UPDATE post_readings SET leased_until = now() + %(lease)s WHERE post_id = ANY(%(ids)s) AND read_at IS NULL

-- name: keep
-- Figures at the age that each reading was taken at; what was read too late for an age is not written under it.
UPDATE post_readings AS reading SET
    read_at = answer.read_at, leased_until = NULL, score = answer.score, upvote_ratio = answer.upvote_ratio,
    num_comments = answer.num_comments, removed_by_category = answer.removed_by_category
FROM (
    SELECT post_id, coalesce(read_at, now()) AS read_at, score, upvote_ratio, num_comments, removed_by_category
    FROM unnest(%(ids)s::text[], %(read_at)s::timestamptz[], %(scores)s::int[], %(ratios)s::real[],
                %(comments)s::int[], %(removed_by)s::text[])
         AS told (post_id, read_at, score, upvote_ratio, num_comments, removed_by_category)
) AS answer
JOIN posts ON posts.id = answer.post_id
WHERE reading.post_id = answer.post_id AND reading.read_at IS NULL
  AND answer.read_at >= posts.created_at + make_interval(hours => reading.age_hours)
  AND answer.read_at <= posts.created_at + make_interval(hours => reading.age_hours)
                        + least(reading.age_hours * %(late_an_hour)s::interval, %(latest)s::interval)

-- name: pass_over
-- Posts that were asked for and whose answer was of another age, or that are gone: not asked for at this age again.
UPDATE post_readings SET leased_until = now() + 2 * %(latest)s::interval WHERE post_id = ANY(%(ids)s) AND read_at IS NULL

-- name: forget_late
-- Readings that never came about.
DELETE FROM post_readings WHERE read_at IS NULL AND leased_until < now() - 3 * %(latest)s::interval

-- name: bury
-- Posts that are gone at their source: what their authors wrote and who they were goes, the figures stay.
UPDATE posts SET author = NULL, title = '', text = '', url = '', domain = '', permalink = '', deleted_at = now()
WHERE id = ANY(%(ids)s) AND deleted_at IS NULL

-- name: following
-- The next posts of the round through all of them.
SELECT id FROM posts WHERE id > %(after)s AND deleted_at IS NULL ORDER BY id LIMIT %(limit)s

-- name: communities
-- Whose posts these are.
SELECT DISTINCT subreddit_id AS id FROM posts WHERE id = ANY(%(ids)s)
