-- name: follow
-- Follow accounts; which of them are new.
INSERT INTO instagram_accounts (username) SELECT DISTINCT unnest(%(usernames)s::text[])
ON CONFLICT (username) DO NOTHING RETURNING username

-- name: unfollow
-- Forget an account with all that was kept of it; whether there was one.
WITH posts AS (
    DELETE FROM instagram_posts WHERE username = %(username)s RETURNING 1
), account AS (
    DELETE FROM instagram_accounts WHERE username = %(username)s RETURNING 1
), counted AS (
    UPDATE totals SET value = value - (SELECT count(*) FROM posts) WHERE name = 'instagram_posts'
)
SELECT EXISTS (SELECT FROM account)

-- name: lease_due
-- Accounts that are due, oldest first, reserved for whoever asked until the lease ends.
UPDATE instagram_accounts SET leased_until = now() + %(lease)s
WHERE username IN (
    SELECT username FROM instagram_accounts
    WHERE next_due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY next_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING username

-- name: renew_lease
-- The work on an account begins only now; nobody else is to take it meanwhile.
UPDATE instagram_accounts SET leased_until = now() + %(lease)s WHERE username = %(username)s

-- name: release
-- Accounts that were reserved and not asked about: due still, and for anyone to take.
UPDATE instagram_accounts SET leased_until = NULL WHERE username = ANY(%(ids)s)

-- name: known_back_to
-- When the account's %(newest)s-th newest post was published, the oldest if there are fewer; null of none.
SELECT min(timestamp) FROM (
    SELECT timestamp FROM instagram_posts WHERE username = %(username)s
    ORDER BY timestamp DESC LIMIT %(newest)s
) AS newest_ones

-- name: refreshed
-- What an account now tells of itself, with a point of its growth; how many accounts that is: none once unfollowed.
WITH account AS (
    UPDATE instagram_accounts SET
        id = coalesce(%(id)s, id), name = %(name)s, biography = %(biography)s, website = %(website)s,
        followers = %(followers)s, follows = %(follows)s, media_count = %(media_count)s,
        state = 'alive', state_reason = NULL,
        state_since = CASE WHEN state = 'alive' THEN state_since ELSE now() END,
        refreshed_at = now(), next_due_at = now() + %(again_in)s, leased_until = NULL
    WHERE username = %(username)s
    RETURNING username, followers, media_count
), point AS (
    INSERT INTO instagram_snapshots AS known (username, at, followers, media_count)
    SELECT username, date_trunc('hour', now()), followers, media_count FROM account
    WHERE followers IS NOT NULL OR media_count IS NOT NULL
    ON CONFLICT (username, at) DO UPDATE SET followers = excluded.followers, media_count = excluded.media_count
    WHERE (known.followers, known.media_count) IS DISTINCT FROM (excluded.followers, excluded.media_count)
)
SELECT count(*) FROM account

-- name: stage
-- A place for a batch of posts, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_instagram_posts (
    id text, caption text, media_type text, product_type text, permalink text, timestamp timestamptz,
    likes bigint, comments bigint, children smallint
) ON COMMIT DELETE ROWS

-- name: merge
-- Staged posts of one account into the table; how many were new. An unchanged post is not written again, and one
-- that never told when it was published has no place in time, so none here.
WITH batch AS (
    SELECT DISTINCT ON (staged.id) staged.id, staged.caption, staged.product_type, staged.permalink,
           coalesce(staged.media_type, known.media_type) AS media_type,
           coalesce(staged.timestamp, known.timestamp) AS timestamp,
           staged.likes, staged.comments, staged.children
    FROM staged_instagram_posts AS staged LEFT JOIN instagram_posts AS known USING (id)
    WHERE coalesce(staged.timestamp, known.timestamp) IS NOT NULL
), written AS (
    INSERT INTO instagram_posts AS known
        (id, username, caption, media_type, product_type, permalink, timestamp, likes, comments, children)
    SELECT id, %(username)s, caption, media_type, product_type, permalink, timestamp, likes, comments, children
    FROM batch
    ON CONFLICT (id) DO UPDATE SET
        caption = excluded.caption, media_type = excluded.media_type, product_type = excluded.product_type,
        permalink = excluded.permalink, timestamp = excluded.timestamp, likes = excluded.likes,
        comments = excluded.comments, children = excluded.children, read_at = now()
    WHERE (known.caption, known.media_type, known.product_type, known.permalink, known.timestamp, known.likes,
           known.comments, known.children)
        IS DISTINCT FROM
        (excluded.caption, excluded.media_type, excluded.product_type, excluded.permalink, excluded.timestamp,
         excluded.likes, excluded.comments, excluded.children)
    RETURNING xmax = 0 AS is_new
)
UPDATE totals SET value = value + (SELECT count(*) FROM written WHERE is_new)
WHERE name = 'instagram_posts'
RETURNING (SELECT count(*) FROM written WHERE is_new)

-- name: set_state
-- Instagram refused an account, or could not tell; asked again after %(again_in)s.
UPDATE instagram_accounts SET
    state = %(state)s, state_reason = %(reason)s,
    state_since = CASE WHEN state = %(state)s AND state_reason IS NOT DISTINCT FROM %(reason)s
                       THEN state_since ELSE now() END,
    refreshed_at = now(), next_due_at = now() + %(again_in)s, leased_until = NULL
WHERE username = %(username)s

-- name: retry
-- Nothing was learnt of an account; asked again after %(again_in)s.
UPDATE instagram_accounts SET next_due_at = now() + %(again_in)s, leased_until = NULL
WHERE username = %(username)s

-- name: accounts
-- Every account, most followers first: its growth over %(over)s where a point is that old, its pace, and the mean
-- engagement in percent of its newest %(newest)s posts older than a day that tell likes and comments (`counted`).
SELECT account.username, name, followers, media_count, state, state_reason, refreshed_at, followed_at,
       followers - before.at_first AS growth,
       CASE WHEN id IS NOT NULL THEN posts.in_4_weeks / 4.0 END AS posts_a_week, -- null until it first answered
       CASE WHEN id IS NOT NULL THEN engaged.counted END AS counted, 100.0 * engaged.reactions / nullif(followers, 0) AS engagement
FROM instagram_accounts AS account
LEFT JOIN LATERAL (
    SELECT followers AS at_first FROM instagram_snapshots
    WHERE username = account.username AND at <= now() - %(over)s AND followers IS NOT NULL
    ORDER BY at DESC LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS in_4_weeks FROM instagram_posts
    WHERE username = account.username AND timestamp > now() - interval '28 days'
) AS posts ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS counted, avg(likes + comments) AS reactions FROM (
        SELECT likes, comments FROM instagram_posts
        WHERE username = account.username AND timestamp < now() - interval '1 day'
          AND likes IS NOT NULL AND comments IS NOT NULL
        ORDER BY timestamp DESC LIMIT %(newest)s
    ) AS newest_ones
) AS engaged ON true
ORDER BY followers DESC NULLS LAST, account.username

-- name: account
-- One account, with how many posts are kept of it.
SELECT account.*, (SELECT count(*) FROM instagram_posts WHERE username = account.username) AS posts
FROM instagram_accounts AS account WHERE username = %(username)s

-- name: growth
-- Followers over time, one point per hour at most, oldest first.
SELECT at, followers FROM instagram_snapshots
WHERE username = %(username)s AND at > now() - %(since)s AND followers IS NOT NULL
ORDER BY at

-- name: posts
-- An account's newest posts, with engagement in percent of its followers of today.
SELECT post.id, caption, media_type, product_type, permalink, timestamp, likes, comments, children,
       100.0 * (likes + comments) / nullif(followers, 0) AS engagement
FROM instagram_posts AS post JOIN instagram_accounts AS account USING (username)
WHERE username = %(username)s ORDER BY timestamp DESC LIMIT %(limit)s

-- name: engagement_by_type
-- Posts since a time and older than a day, by type: how many, how many tell likes and comments, and their median
-- engagement in percent of today's followers.
SELECT coalesce(nullif(product_type, 'FEED'), media_type) AS type, count(*) AS posts,
       count(likes + comments) AS counted,
       100.0 * percentile_cont(0.5) WITHIN GROUP (ORDER BY likes + comments) / nullif(min(followers), 0)
           AS engagement
FROM instagram_posts JOIN instagram_accounts AS account USING (username)
WHERE username = %(username)s AND timestamp > now() - %(since)s AND timestamp < now() - interval '1 day'
GROUP BY 1 ORDER BY posts DESC, type

-- name: engagement_by_time
-- The same by weekday (1 is Monday) and four hours of the day (0 to 5) in a time zone.
SELECT extract(isodow FROM timestamp AT TIME ZONE %(zone)s)::int AS weekday,
       extract(hour FROM timestamp AT TIME ZONE %(zone)s)::int / 4 AS part,
       count(*) AS counted,
       100.0 * percentile_cont(0.5) WITHIN GROUP (ORDER BY likes + comments) / nullif(min(followers), 0)
           AS engagement
FROM instagram_posts JOIN instagram_accounts AS account USING (username)
WHERE username = %(username)s AND timestamp > now() - %(since)s AND timestamp < now() - interval '1 day'
  AND likes IS NOT NULL AND comments IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
