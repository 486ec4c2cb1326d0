-- name: known
-- Which of these posts are in the table, and which of these communities.
SELECT ARRAY(SELECT id FROM posts WHERE id = ANY(%(posts)s)) AS posts,
       ARRAY(SELECT id FROM subreddits WHERE id = ANY(%(communities)s)) AS communities

-- name: stage
-- A place for readings of known posts, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_posts (
    id text, subreddit_id text, author text, title text, text text, url text, domain text, permalink text,
    flair text, created_at timestamptz, score integer, upvote_ratio real, num_comments integer, over18 boolean,
    is_self boolean, stickied boolean, removed_by_category text, edited_at timestamptz,
    subreddit_subscribers bigint, read_at timestamptz, deleted_at timestamptz
) ON COMMIT DELETE ROWS

-- name: merge
-- Staged readings into the table; how many posts were new after all. An older reading changes nothing, nor does one
-- that says the same, and what was deleted stays so.
WITH written AS (
    INSERT INTO posts AS known
        (id, subreddit_id, author, title, text, url, domain, permalink, flair, created_at, score, upvote_ratio,
         num_comments, over18, is_self, stickied, removed_by_category, edited_at, subreddit_subscribers, read_at,
         deleted_at)
    SELECT * FROM staged_posts
    ON CONFLICT (id) DO UPDATE SET
        author = excluded.author, title = excluded.title, text = excluded.text, url = excluded.url,
        domain = excluded.domain, permalink = excluded.permalink, flair = excluded.flair,
        score = excluded.score, upvote_ratio = excluded.upvote_ratio, num_comments = excluded.num_comments,
        over18 = excluded.over18, stickied = excluded.stickied,
        removed_by_category = excluded.removed_by_category, edited_at = excluded.edited_at,
        read_at = excluded.read_at, deleted_at = excluded.deleted_at
    WHERE known.deleted_at IS NULL AND excluded.read_at >= known.read_at
      AND (known.score, known.num_comments, known.author, known.title, known.text, known.removed_by_category,
           known.edited_at, known.over18, known.stickied, known.flair)
          IS DISTINCT FROM
          (excluded.score, excluded.num_comments, excluded.author, excluded.title, excluded.text,
           excluded.removed_by_category, excluded.edited_at, excluded.over18, excluded.stickied, excluded.flair)
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new) FROM written

-- name: grow
-- Subscribers as posts carry them: points of the communities' growth curves. The larger of two in one place holds,
-- because Reddit's answers come from several machines and the count rarely falls.
INSERT INTO subreddit_snapshots AS known (subreddit_id, at, subscribers)
SELECT * FROM unnest(%(ids)s::text[], %(times)s::timestamptz[], %(subscribers)s::bigint[])
ON CONFLICT (subreddit_id, at) DO UPDATE SET subscribers = excluded.subscribers
WHERE known.subscribers < excluded.subscribers

-- name: count
-- Posts in all, kept up to date here so that nobody need count them.
UPDATE totals SET value = value + %(new)s WHERE name = 'posts'
