-- name: add_answers
-- What one process heard of a source within one minute; added to what is there.
INSERT INTO source_answers AS known (at, source, instance, outcome, reason, count, last_at)
VALUES (date_trunc('minute', %(at)s::timestamptz), %(source)s, %(instance)s, %(outcome)s, %(reason)s, %(count)s, %(at)s)
ON CONFLICT (at, source, instance, outcome, reason) DO UPDATE SET
    count = known.count + excluded.count, last_at = greatest(known.last_at, excluded.last_at)

-- name: answers_by_reason
-- How each source answered since a time, the most frequent first.
SELECT source, outcome, reason, sum(count)::bigint AS count, max(last_at) AS last_at
FROM source_answers WHERE at >= date_trunc('minute', %(since)s::timestamptz) GROUP BY source, outcome, reason
ORDER BY count DESC, source, outcome, reason

-- name: answers_over_time
-- One source's (or all sources') answers in steps of %(step)s, oldest first.
SELECT date_bin(%(step)s, at, 'epoch') AS at,
       coalesce(sum(count) FILTER (WHERE outcome = 'request'), 0)::bigint AS requests,
       coalesce(sum(count) FILTER (WHERE outcome = 'alive'), 0)::bigint AS alive,
       coalesce(sum(count) FILTER (WHERE outcome = 'refused'), 0)::bigint AS refused,
       coalesce(sum(count) FILTER (WHERE outcome = 'unknown'), 0)::bigint AS unknown
FROM source_answers
WHERE at >= date_trunc('minute', %(since)s::timestamptz) AND (%(source)s::text IS NULL OR source = %(source)s)
GROUP BY 1 ORDER BY 1

-- name: last_answers
-- When each source last gave what was asked for, and when it last failed to, however long ago.
SELECT source, (SELECT max(last_at) FROM source_answers AS answer
                WHERE answer.source = asked.source AND outcome = 'alive') AS alive_at,
       (SELECT max(last_at) FROM source_answers AS answer
        WHERE answer.source = asked.source AND outcome = 'unknown') AS failed_at
FROM unnest(%(sources)s::text[]) AS asked (source)

-- name: note_credentials
-- What a source says of our credentials and quota, in place of what it said before.
INSERT INTO source_credentials
    (source, token_expires_at, token_problem, quota_percent, quota_name, quota_back_at, reported_at)
VALUES (%(source)s, %(token_expires_at)s, %(token_problem)s, %(quota_percent)s, %(quota_name)s,
        %(quota_back_at)s, now())
ON CONFLICT (source) DO UPDATE SET
    token_expires_at = excluded.token_expires_at, token_problem = excluded.token_problem,
    quota_percent = excluded.quota_percent, quota_name = excluded.quota_name,
    quota_back_at = excluded.quota_back_at, reported_at = excluded.reported_at

-- name: credentials
-- What each source last said of our credentials and quota.
SELECT source, token_expires_at, token_problem, quota_percent, quota_name, quota_back_at, reported_at
FROM source_credentials

-- name: overdue
-- Communities whose metadata is due for longer than %(grace)s, %(most)s at most, and since when the first of them is.
SELECT count(*) AS count, min(due_at) AS since FROM (
    SELECT next_due_at AS due_at FROM subreddits WHERE next_due_at < now() - %(grace)s
    ORDER BY next_due_at LIMIT %(most)s
) AS due

-- name: posts_overdue
-- The same for communities whose new posts are due.
SELECT count(*) AS count, min(due_at) AS since FROM (
    SELECT posts_due_at AS due_at FROM subreddits
    WHERE posts_due_at < now() - %(grace)s AND state = 'alive' AND type IN ('public', 'restricted')
    ORDER BY posts_due_at LIMIT %(most)s
) AS due

-- name: accounts_overdue
-- The same for Instagram accounts.
SELECT count(*) AS count, min(due_at) AS since FROM (
    SELECT next_due_at AS due_at FROM instagram_accounts WHERE next_due_at < now() - %(grace)s
    ORDER BY next_due_at LIMIT %(most)s
) AS due

-- name: freshness
-- Communities by state, and by the age of what is known of them, in a sample of %(percent)s of the table's blocks:
-- each row is read, and an index with all these times would slow down every merge only to halve that.
SELECT state, state_reason AS reason, count(*) AS communities,
       count(*) FILTER (WHERE refreshed_at > now() - interval '1 hour') AS refreshed_1_h,
       count(*) FILTER (WHERE refreshed_at > now() - interval '6 hours') AS refreshed_6_h,
       count(*) FILTER (WHERE refreshed_at > now() - interval '24 hours') AS refreshed_24_h,
       count(refreshed_at) AS refreshed,
       min(refreshed_at) AS oldest_refresh_at,
       count(*) FILTER (WHERE with_posts) AS with_posts,
       count(*) FILTER (WHERE with_posts AND posts_collected_at > now() - interval '1 hour') AS collected_1_h,
       count(*) FILTER (WHERE with_posts AND posts_collected_at > now() - interval '6 hours') AS collected_6_h,
       count(*) FILTER (WHERE with_posts AND posts_collected_at > now() - interval '24 hours') AS collected_24_h,
       count(posts_collected_at) FILTER (WHERE with_posts) AS collected,
       min(posts_collected_at) FILTER (WHERE with_posts) AS oldest_collection_at
FROM (SELECT state, state_reason, refreshed_at, posts_collected_at,
             state = 'alive' AND type IN ('public', 'restricted') AS with_posts
      FROM subreddits TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (0)) AS sampled
GROUP BY state, state_reason ORDER BY communities DESC, state, reason

-- name: prune
-- Forget answers older than %(keep)s.
DELETE FROM source_answers WHERE at < now() - %(keep)s
