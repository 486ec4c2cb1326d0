-- name: lease_due
-- Communities whose rules are to be read, the largest first, reserved until the lease ends.
UPDATE subreddits SET details_leased_until = now() + %(lease)s
WHERE id IN (
    SELECT id FROM subreddits
    WHERE details_due_at <= now() AND (details_leased_until IS NULL OR details_leased_until < now())
      AND state = 'alive' AND type IN ('public', 'restricted') AND id NOT LIKE 'r/%%'
    ORDER BY coalesce(subscribers, -1) DESC, id DESC LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id

-- name: renew_lease
-- A batch begins only now; nobody else is to take it meanwhile.
UPDATE subreddits SET details_leased_until = now() + %(lease)s WHERE id = ANY(%(ids)s) RETURNING id, name

-- name: release
-- Communities whose rules were reserved and not read: due still, and for anyone to take.
UPDATE subreddits SET details_leased_until = NULL WHERE id = ANY(%(ids)s)

-- name: keep
-- What a community asks of a post, as of now.
INSERT INTO subreddit_details (subreddit_id, rules, requirements)
VALUES (%(id)s, %(rules)s, %(requirements)s)
ON CONFLICT (subreddit_id) DO UPDATE SET
    rules = excluded.rules, requirements = excluded.requirements, read_at = now()

-- name: due_again
-- The community's rules are to be read again after %(again_in)s.
UPDATE subreddits SET details_due_at = now() + %(again_in)s, details_leased_until = NULL WHERE id = %(id)s

-- name: one
-- What one community asks of a post, by its name in any case.
SELECT rules, requirements, read_at
FROM subreddit_details JOIN subreddits ON id = subreddit_id
WHERE lower(name) = lower(%(name)s)
ORDER BY read_at DESC LIMIT 1
