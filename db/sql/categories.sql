-- name: decide
-- Keep a decision and give its category to the community, unless a person has spoken.
WITH kept AS (
    INSERT INTO categorizations (subreddit_id, category, confidence, second_best, method, version, evidence)
    VALUES (%(subreddit_id)s, %(category)s, %(confidence)s, %(second_best)s, %(method)s, %(version)s, %(evidence)s)
    RETURNING subreddit_id
)
UPDATE subreddits SET category = %(category)s, category_confidence = %(confidence)s,
    category_method = %(method)s, category_version = %(version)s
FROM kept WHERE subreddits.id = kept.subreddit_id AND category_method IS DISTINCT FROM 'person'
