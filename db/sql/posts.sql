-- name: stage
-- A place for a batch of records, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_posts (
    id text, subreddit_id text, author text, title text, text text, url text, domain text, permalink text,
    flair text, created_at timestamptz, score integer, upvote_ratio real, num_comments integer, over18 boolean,
    is_self boolean, stickied boolean, removed_by_category text, edited_at timestamptz,
    subreddit_subscribers bigint
) ON COMMIT DELETE ROWS

-- name: merge
-- Staged posts of known communities into the table; how many were new. An unchanged post is not written again.
WITH batch AS (
    SELECT DISTINCT ON (staged_posts.id) staged_posts.*
    FROM staged_posts JOIN subreddits ON subreddits.id = subreddit_id
), written AS (
    INSERT INTO posts AS known
        (id, subreddit_id, author, title, text, url, domain, permalink, flair, created_at, score, upvote_ratio,
         num_comments, over18, is_self, stickied, removed_by_category, edited_at, subreddit_subscribers)
    SELECT * FROM batch
    ON CONFLICT (id) DO UPDATE SET
        author = excluded.author, title = excluded.title, text = excluded.text, flair = excluded.flair,
        score = excluded.score, upvote_ratio = excluded.upvote_ratio, num_comments = excluded.num_comments,
        over18 = excluded.over18, stickied = excluded.stickied,
        removed_by_category = excluded.removed_by_category, edited_at = excluded.edited_at, read_at = now()
    WHERE (known.score, known.num_comments, known.author, known.text, known.removed_by_category, known.edited_at,
           known.over18, known.stickied, known.flair)
        IS DISTINCT FROM
        (excluded.score, excluded.num_comments, excluded.author, excluded.text, excluded.removed_by_category,
         excluded.edited_at, excluded.over18, excluded.stickied, excluded.flair)
    RETURNING xmax = 0 AS is_new
), grown AS (
    INSERT INTO subreddit_snapshots (subreddit_id, at, subscribers)
    SELECT subreddit_id, date_trunc('hour', now()), max(subreddit_subscribers)
    FROM batch WHERE subreddit_subscribers IS NOT NULL GROUP BY subreddit_id
    ON CONFLICT (subreddit_id, at) DO UPDATE SET subscribers = excluded.subscribers
)
UPDATE totals SET value = value + (SELECT count(*) FROM written WHERE is_new)
WHERE name = 'posts'
RETURNING (SELECT count(*) FROM written WHERE is_new)
