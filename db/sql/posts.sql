-- name: known
-- Which of these posts are in the table, and which of these communities.
SELECT ARRAY(SELECT id FROM posts WHERE id = ANY(%(posts)s)) AS posts,
       ARRAY(SELECT id FROM subreddits WHERE id = ANY(%(communities)s)) AS communities

-- name: stage
-- A place for readings of known posts, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_posts (
    id text, author text, title text, text text, url text, domain text, permalink text, flair text, score integer,
    upvote_ratio real, num_comments integer, over18 boolean, stickied boolean, removed_by_category text,
    edited_at timestamptz, read_at timestamptz, deleted_at timestamptz
) ON COMMIT DELETE ROWS

-- name: other_plans
-- Whether rows may be found without an index, for the rest of the transaction or until set again.
SELECT set_config('enable_seqscan', %(others)s, true), set_config('enable_hashjoin', %(others)s, true),
       set_config('enable_mergejoin', %(others)s, true)

-- name: merge
-- Staged readings into their posts. An older reading changes nothing, nor does one that says the same, and what was
-- deleted stays so.
UPDATE posts AS known SET
    author = read.author, title = read.title, text = read.text, url = read.url, domain = read.domain,
    permalink = read.permalink, flair = read.flair, score = read.score, upvote_ratio = read.upvote_ratio,
    num_comments = read.num_comments, over18 = read.over18, stickied = read.stickied,
    removed_by_category = read.removed_by_category, edited_at = read.edited_at, read_at = read.read_at,
    deleted_at = read.deleted_at
FROM staged_posts AS read
WHERE known.id = read.id AND known.deleted_at IS NULL AND read.read_at >= known.read_at
  AND (known.score, known.num_comments, known.author, known.title, known.text, known.removed_by_category,
       known.edited_at, known.over18, known.stickied, known.flair)
      IS DISTINCT FROM
      (read.score, read.num_comments, read.author, read.title, read.text, read.removed_by_category,
       read.edited_at, read.over18, read.stickied, read.flair)

-- name: grow
-- Subscribers as posts carry them: points of the communities' growth curves. The larger of two in one place holds,
-- because Reddit's answers come from several machines and the count rarely falls.
INSERT INTO subreddit_snapshots AS known (subreddit_id, at, subscribers)
SELECT * FROM unnest(%(ids)s::text[], %(times)s::timestamptz[], %(subscribers)s::bigint[])
    AS point (subreddit_id, at, subscribers)
WHERE NOT EXISTS (
    SELECT FROM subreddit_snapshots AS held
    WHERE held.subreddit_id = point.subreddit_id AND held.at = point.at AND held.subscribers >= point.subscribers
)
ON CONFLICT (subreddit_id, at) DO UPDATE SET subscribers = excluded.subscribers
WHERE known.subscribers < excluded.subscribers

-- name: count
-- Posts in all, kept up to date here so that nobody need count them.
UPDATE totals SET value = value + %(new)s WHERE name = 'posts'
