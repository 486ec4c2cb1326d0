-- name: lacking
-- Communities whose subscribers of old were never asked for, the largest first.
SELECT id, name FROM subreddits
WHERE history_read_at IS NULL AND state = 'alive' AND id NOT LIKE 'r/%%'
ORDER BY coalesce(subscribers, -1) DESC, id DESC LIMIT %(limit)s

-- name: keep
-- Points of a growth curve where there are none yet; a reading of our own stays.
INSERT INTO subreddit_snapshots (subreddit_id, at, subscribers)
SELECT DISTINCT ON (date_trunc('hour', at)) %(id)s, date_trunc('hour', at), subscribers
FROM unnest(%(times)s::timestamptz[], %(subscribers)s::bigint[]) AS told (at, subscribers)
ORDER BY date_trunc('hour', at), at DESC
ON CONFLICT (subreddit_id, at) DO NOTHING

-- name: was_read
-- The community's history was asked for.
UPDATE subreddits SET history_read_at = now() WHERE id = %(id)s
