-- name: stage
-- A place for a batch of records, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_subreddits (
    id text, name text, title text, description text, type text, over18 boolean, subscribers bigint,
    quarantine boolean, lang text, created_at timestamptz, read_at timestamptz
) ON COMMIT DELETE ROWS

-- name: merge
-- Staged records into the table; how many were new. Whoever is listed is alive as of the reading, and an older reading
-- than the one known changes nothing. A change halves the time to the next refresh; when half of that time has passed
-- without one, it grows by half: a reading soon after another tells little of how often a community changes.
WITH batch AS (
    SELECT DISTINCT ON (id) *, coalesce(read_at, now()) AS as_of
    FROM staged_subreddits ORDER BY id, read_at DESC NULLS FIRST
), paced AS (
    SELECT batch.*, CASE
        WHEN known.id IS NULL OR known.refreshed_at IS NULL THEN %(first)s
        WHEN (known.name, known.title, known.description, known.type, known.over18, known.quarantine, known.lang,
              known.state, known.subscribers IS NULL)
             IS DISTINCT FROM
             (batch.name, batch.title, batch.description, batch.type, batch.over18, batch.quarantine, batch.lang,
              'alive', batch.subscribers IS NULL)
             OR abs(batch.subscribers - known.subscribers)
                >= greatest(%(least_change)s, known.subscribers * %(least_share)s::float8)
        THEN greatest(known.refresh_every / 2, %(soonest)s)
        WHEN as_of - known.refreshed_at >= known.refresh_every / 2
        THEN least(known.refresh_every * 1.5, %(latest)s)
        ELSE known.refresh_every END AS every
    FROM batch LEFT JOIN subreddits AS known ON known.id = batch.id
), written AS (
    INSERT INTO subreddits AS known
        (id, name, title, description, type, over18, subscribers, quarantine, lang, created_at,
         state, refreshed_at, refresh_every, next_due_at)
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at,
           'alive', as_of, every, as_of + every
    FROM paced ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, title = excluded.title, description = excluded.description,
        type = excluded.type, over18 = excluded.over18, subscribers = excluded.subscribers,
        quarantine = excluded.quarantine, lang = excluded.lang,
        created_at = coalesce(excluded.created_at, known.created_at),
        state = 'alive', state_reason = NULL,
        state_since = CASE WHEN known.state = 'alive' THEN known.state_since ELSE now() END,
        refreshed_at = excluded.refreshed_at, refresh_every = excluded.refresh_every,
        next_due_at = excluded.next_due_at, leased_until = NULL
    WHERE known.refreshed_at IS NULL OR known.refreshed_at < excluded.refreshed_at
    RETURNING xmax = 0 AS is_new
), noted AS (
    INSERT INTO subreddit_snapshots (subreddit_id, at, subscribers)
    SELECT id, date_trunc('hour', as_of), subscribers FROM batch WHERE subscribers IS NOT NULL ORDER BY id
    ON CONFLICT (subreddit_id, at) DO UPDATE SET subscribers = excluded.subscribers
    WHERE excluded.at = date_trunc('hour', now()) -- this hour's last word; a past hour has had its own
), counted AS (
    UPDATE totals SET value = value + (SELECT count(*) FROM written WHERE is_new)
    WHERE name = 'subreddits' AND EXISTS (SELECT FROM written WHERE is_new)
)
SELECT count(*) FROM written WHERE is_new

-- name: refreshed
-- Communities that were asked for and answered: whoever's answer was of an older day is not due at once again.
UPDATE subreddits SET
    refresh_every = CASE WHEN next_due_at <= now() THEN least(refresh_every * 1.5, %(latest)s) ELSE refresh_every END,
    next_due_at = CASE WHEN next_due_at <= now() THEN now() + least(refresh_every * 1.5, %(latest)s)
                       ELSE next_due_at END,
    leased_until = NULL
WHERE id = ANY(%(ids)s) AND (next_due_at <= now() OR leased_until IS NOT NULL)

-- name: set_state
-- Communities that the source refused or could not tell about; asked again after %(again_in)s.
UPDATE subreddits SET
    state = %(state)s, state_reason = %(reason)s,
    state_since = CASE WHEN state = %(state)s AND state_reason IS NOT DISTINCT FROM %(reason)s
                       THEN state_since ELSE now() END,
    refreshed_at = now(), next_due_at = now() + %(again_in)s, leased_until = NULL, posts_leased_until = NULL
WHERE id = ANY(%(ids)s)

-- name: lease_due
-- Communities whose metadata is due, oldest first, reserved for whoever asked until the lease ends.
UPDATE subreddits SET leased_until = now() + %(lease)s
WHERE id IN (
    SELECT id FROM subreddits
    WHERE next_due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY next_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, name

-- name: renew_lease
-- A batch of metadata begins only now; nobody else is to take it meanwhile. A lease that is young is left as it is.
WITH renewed AS (
    UPDATE subreddits SET leased_until = now() + %(lease)s
    WHERE id = ANY(%(ids)s) AND (leased_until IS NULL OR leased_until < now() + %(lease)s / 2)
)
SELECT id, name FROM subreddits WHERE id = ANY(%(ids)s)

-- name: release
-- Communities that could not be looked after: due still, and for anyone to take.
UPDATE subreddits SET leased_until = NULL WHERE id = ANY(%(ids)s)

-- name: ask_later
-- Communities of which nothing was learnt; asked again after %(again_in)s, so that others come first.
UPDATE subreddits SET next_due_at = now() + %(again_in)s, leased_until = NULL WHERE id = ANY(%(ids)s)

-- name: hold
-- Keep others from writing these communities or their growth until the transaction ends, in the one order that lets
-- nobody wait in a circle.
SELECT id FROM subreddits WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE

-- name: hold_placeholders
-- Which of these stand-ins are there still; until the transaction ends nobody can give them another post.
SELECT id, lower(name) AS name FROM subreddits WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE

-- name: adopt_posts
-- The posts of stand-ins become those of the real communities.
UPDATE posts SET subreddit_id = pair.real
FROM unnest(%(placeholders)s::text[], %(real)s::text[]) AS pair (placeholder, real)
WHERE subreddit_id = pair.placeholder

-- name: adopt_snapshots
-- So do their points of growth, where the real ones have none.
INSERT INTO subreddit_snapshots (subreddit_id, at, subscribers)
SELECT pair.real, at, subscribers
FROM unnest(%(placeholders)s::text[], %(real)s::text[]) AS pair (placeholder, real)
JOIN subreddit_snapshots ON subreddit_id = pair.placeholder
ON CONFLICT (subreddit_id, at) DO NOTHING

-- name: drop_placeholders
-- Stand-ins that nothing belongs to any more.
WITH gone AS (
    DELETE FROM subreddits WHERE id = ANY(%(placeholders)s) RETURNING id
)
UPDATE totals SET value = value - (SELECT count(*) FROM gone) WHERE name = 'subreddits'

-- name: lease_posts_due
-- Communities whose new posts are due, oldest first, reserved until the lease ends.
UPDATE subreddits SET posts_leased_until = now() + %(lease)s
WHERE id IN (
    SELECT id FROM subreddits
    WHERE posts_due_at <= now() AND (posts_leased_until IS NULL OR posts_leased_until < now())
      AND state = 'alive' AND type IN ('public', 'restricted')
      AND id NOT LIKE 'r/%%' -- a stand-in's posts would come under the real id
    ORDER BY posts_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, name, posts_per_hour, posts_collected_at

-- name: renew_posts_lease
-- The same for a batch of posts.
WITH renewed AS (
    UPDATE subreddits SET posts_leased_until = now() + %(lease)s
    WHERE id = ANY(%(ids)s) AND (posts_leased_until IS NULL OR posts_leased_until < now() + %(lease)s / 2)
)
SELECT id, name, posts_per_hour, posts_collected_at FROM subreddits WHERE id = ANY(%(ids)s)

-- name: release_posts
-- Communities whose posts were reserved and not asked for: due still, and for anyone to take.
UPDATE subreddits SET posts_leased_until = NULL WHERE id = ANY(%(ids)s)

-- name: posts_collected
-- Everything up to %(at)s was collected of these communities, each with its pace and the time to its next turn.
UPDATE subreddits SET
    posts_collected_at = %(at)s, posts_due_at = now() + paced.again_in, posts_leased_until = NULL,
    posts_per_hour = paced.posts_per_hour
FROM unnest(%(ids)s::text[], %(per_hour)s::real[], %(again_in)s::interval[]) AS paced (id, posts_per_hour, again_in)
WHERE subreddits.id = paced.id

-- name: posts_retry
-- Posts that could not be collected; try again after %(again_in)s.
UPDATE subreddits SET posts_due_at = now() + %(again_in)s, posts_leased_until = NULL WHERE id = ANY(%(ids)s)

-- name: uncategorized
-- Communities not yet judged by this version of the classifier.
SELECT id, name, title, description FROM subreddits
WHERE category_version IS DISTINCT FROM %(version)s AND category_method IS DISTINCT FROM 'person'
ORDER BY id LIMIT %(limit)s

-- name: categorization_progress
-- How many communities have a category, how many are left, and when the last was judged.
SELECT count(*) AS communities,
       count(*) FILTER (WHERE category_version = %(version)s OR category_method = 'person') AS categorized,
       (SELECT max(decided_at) FROM categorizations) AS last_decided_at
FROM subreddits

-- name: categories
-- Communities and subscribers per category, largest first.
SELECT category, count(*) AS communities, sum(subscribers)::bigint AS subscribers
FROM subreddits WHERE category IS NOT NULL GROUP BY category ORDER BY communities DESC, category

-- name: page_by_subscribers
-- One page, most subscribers first, as a JSON array built here; null subscribers come last.
WITH page AS (
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at, category,
           category_confidence, category_method, state, state_reason, first_seen_at, refreshed_at
    FROM subreddits
    WHERE (%(after_id)s::text IS NULL
           OR (coalesce(subscribers, -1), id) < (%(after_value)s::bigint, %(after_id)s))
      AND (%(category)s::text IS NULL OR category = %(category)s)
      AND (%(min_subscribers)s::bigint IS NULL OR subscribers >= %(min_subscribers)s)
      AND (%(over18)s::boolean IS NULL OR over18 = %(over18)s)
      AND (%(words)s::text IS NULL
           OR to_tsvector('simple', name || ' ' || title || ' ' || description)
              @@ to_tsquery('simple', %(words)s))
    ORDER BY coalesce(subscribers, -1) DESC, id DESC LIMIT %(limit)s
)
SELECT coalesce(json_agg(page), '[]')::text AS items, count(*) AS count,
       (array_agg(coalesce(subscribers, -1)::text))[count(*)] AS last_value, (array_agg(id))[count(*)] AS last_id
FROM page

-- name: page_by_name
-- One page in the order of names.
WITH page AS (
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at, category,
           category_confidence, category_method, state, state_reason, first_seen_at, refreshed_at
    FROM subreddits
    WHERE (%(after_id)s::text IS NULL OR (lower(name), id) > (%(after_value)s::text, %(after_id)s))
      AND (%(category)s::text IS NULL OR category = %(category)s)
      AND (%(min_subscribers)s::bigint IS NULL OR subscribers >= %(min_subscribers)s)
      AND (%(over18)s::boolean IS NULL OR over18 = %(over18)s)
      AND (%(words)s::text IS NULL
           OR to_tsvector('simple', name || ' ' || title || ' ' || description)
              @@ to_tsquery('simple', %(words)s))
    ORDER BY lower(name), id LIMIT %(limit)s
)
SELECT coalesce(json_agg(page), '[]')::text AS items, count(*) AS count,
       (array_agg(lower(name)))[count(*)] AS last_value, (array_agg(id))[count(*)] AS last_id
FROM page

-- name: page_by_first_seen
-- One page, the newest finds first.
WITH page AS (
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at, category,
           category_confidence, category_method, state, state_reason, first_seen_at, refreshed_at
    FROM subreddits
    WHERE (%(after_id)s::text IS NULL
           OR (first_seen_at, id) < (%(after_value)s::timestamptz, %(after_id)s))
      AND (%(category)s::text IS NULL OR category = %(category)s)
      AND (%(min_subscribers)s::bigint IS NULL OR subscribers >= %(min_subscribers)s)
      AND (%(over18)s::boolean IS NULL OR over18 = %(over18)s)
      AND (%(words)s::text IS NULL
           OR to_tsvector('simple', name || ' ' || title || ' ' || description)
              @@ to_tsquery('simple', %(words)s))
    ORDER BY first_seen_at DESC, id DESC LIMIT %(limit)s
)
SELECT coalesce(json_agg(page), '[]')::text AS items, count(*) AS count,
       (array_agg(first_seen_at::text))[count(*)] AS last_value, (array_agg(id))[count(*)] AS last_id
FROM page

-- name: matching
-- How many communities a page's filters leave in all.
SELECT count(*) FROM subreddits
WHERE (%(category)s::text IS NULL OR category = %(category)s)
  AND (%(min_subscribers)s::bigint IS NULL OR subscribers >= %(min_subscribers)s)
  AND (%(over18)s::boolean IS NULL OR over18 = %(over18)s)
  AND (%(words)s::text IS NULL
       OR to_tsvector('simple', name || ' ' || title || ' ' || description)
          @@ to_tsquery('simple', %(words)s))

-- name: one
-- One community by name, whatever its case, with its posts counted, as JSON.
SELECT to_json(found)::text FROM (
    SELECT id, name, title, description, type, over18, subscribers, quarantine, lang, created_at,
           category, category_confidence, category_method, category_version,
           state, state_reason, state_since, first_seen_at, refreshed_at, next_due_at, posts_collected_at,
           (SELECT count(*) FROM posts WHERE subreddit_id = subreddits.id) AS posts,
           (SELECT count(*) FROM posts WHERE subreddit_id = subreddits.id
                                         AND created_at > now() - interval '7 days') AS posts_7_days
    FROM subreddits WHERE lower(name) = lower(%(name)s)
    ORDER BY refreshed_at DESC NULLS LAST LIMIT 1
) AS found

-- name: growth
-- Subscribers over time, one point per hour at most, oldest first.
SELECT at, subreddit_snapshots.subscribers
FROM subreddit_snapshots JOIN subreddits ON id = subreddit_id
WHERE lower(name) = lower(%(name)s) AND at > now() - %(since)s
ORDER BY at

-- name: recent_posts
-- The newest posts of one community.
SELECT posts.id, posts.title, author, flair, posts.created_at, score, num_comments, permalink,
       removed_by_category
FROM posts JOIN subreddits ON subreddits.id = subreddit_id
WHERE lower(subreddits.name) = lower(%(name)s)
ORDER BY posts.created_at DESC LIMIT %(limit)s

-- name: stats
-- The collection in figures, as JSON.
SELECT json_build_object(
    'communities', (SELECT value FROM totals WHERE name = 'subreddits'),
    'posts', (SELECT value FROM totals WHERE name = 'posts'),
    'states', (SELECT coalesce(json_object_agg(state, n), '{}') FROM
               (SELECT state, count(*) AS n FROM subreddits GROUP BY state) AS s),
    'subscribers', (SELECT sum(subscribers) FROM subreddits),
    'categorized', (SELECT count(*) FROM subreddits WHERE category IS NOT NULL),
    'categories', (SELECT coalesce(json_agg(c), '[]') FROM
                   (SELECT category, count(*) AS communities FROM subreddits
                    WHERE category IS NOT NULL GROUP BY category ORDER BY 2 DESC, 1) AS c),
    'posts_last_hour', (SELECT count(*) FROM posts WHERE created_at > now() - interval '1 hour'),
    'newest_post_at', (SELECT max(created_at) FROM posts),
    'oldest_refresh_at', (SELECT min(refreshed_at) FROM subreddits WHERE state = 'alive'),
    'computed_at', now()
)::text

-- name: totals
-- Communities and posts collected so far.
SELECT name, value FROM totals
