-- name: enter
-- A file that is imported for the first time; one that is known keeps its row.
INSERT INTO imports (fingerprint, path, bytes) VALUES (%(fingerprint)s, %(path)s, %(bytes)s)
ON CONFLICT (fingerprint) DO NOTHING

-- name: hold
-- How far a file is in; waits for a batch that a killed process sent off, and keeps others away until the commit.
SELECT fingerprint, path, bytes, position, lines, stored, new, rejected, left_out, started_at, moved_at, finished_at
FROM imports WHERE fingerprint = %(fingerprint)s FOR UPDATE

-- name: move
-- A batch is in, up to this position, with these counts of the whole file.
UPDATE imports SET
    position = %(position)s, lines = %(lines)s, stored = %(stored)s, new = %(new)s, rejected = %(rejected)s,
    left_out = %(left_out)s, moved_at = now()
WHERE fingerprint = %(fingerprint)s

-- name: finish
-- The whole file is in.
UPDATE imports SET moved_at = now(), finished_at = now() WHERE fingerprint = %(fingerprint)s

-- name: restart
-- A file is to be read from its beginning once more.
UPDATE imports SET
    position = 0, lines = 0, stored = 0, new = 0, rejected = '{}', left_out = '{}', started_at = now(),
    moved_at = now(), finished_at = NULL
WHERE fingerprint = %(fingerprint)s

-- name: claim
-- Whether this connection now is the only one that imports the file; it stays so until it is closed or lets go.
SELECT pg_try_advisory_lock(hashtextextended(%(fingerprint)s, hashtext(current_schema())))

-- name: let_go
-- The file is free for others.
SELECT pg_advisory_unlock(hashtextextended(%(fingerprint)s, hashtext(current_schema())))

-- name: ids_by_name
-- The id of each community with one of these names in lower case; of several the one that was last heard of.
SELECT DISTINCT ON (lower(name)) lower(name) AS name, id FROM subreddits
WHERE lower(name) = ANY(%(names)s) AND id NOT LIKE 'r/%%'
ORDER BY lower(name), refreshed_at DESC NULLS LAST, id DESC

-- name: note_communities
-- Communities that are known from posts alone: there from now on, and due to be asked about; how many were new. One
-- that is there already is held until the commit, so that no stand-in vanishes before its posts are in.
WITH noted AS (
    INSERT INTO subreddits AS known (id, name, type, subscribers, state, state_reason)
    SELECT *, 'unknown', 'imported'
    FROM unnest(%(ids)s::text[], %(names)s::text[], %(types)s::text[], %(subscribers)s::bigint[]) AS told (id)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET name = known.name WHERE known.id LIKE 'r/%%'
    RETURNING xmax = 0 AS is_new
), counted AS (
    UPDATE totals SET value = value + (SELECT count(*) FROM noted WHERE is_new)
    WHERE name = 'subreddits' AND EXISTS (SELECT FROM noted WHERE is_new)
)
SELECT count(*) FROM noted WHERE is_new

-- name: any_known
-- Whether one of these posts (ids with commas between) is in the table already.
SELECT EXISTS (SELECT FROM posts WHERE id = ANY(string_to_array(%(ids)s, ',')))

-- name: stage
-- A place for a batch with known posts in it, gone with the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_imports (LIKE posts INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- name: rename
-- Staged posts of communities that have another id than the dump could tell.
UPDATE staged_imports SET subreddit_id = pair.real
FROM unnest(%(old)s::text[], %(real)s::text[]) AS pair (old, real) WHERE subreddit_id = pair.old

-- name: insert_staged
-- Staged posts that are not known yet, of two readings the later; how many there were.
WITH inserted AS (
    INSERT INTO posts SELECT DISTINCT ON (id) * FROM staged_imports ORDER BY id, read_at DESC
    ON CONFLICT (id) DO NOTHING RETURNING id
)
SELECT count(*) FROM inserted

-- name: read_again
-- The others as readings of known posts; one that was just inserted changes nothing.
INSERT INTO staged_posts (id, author, title, text, url, domain, permalink, flair, score, upvote_ratio, num_comments,
                          over18, stickied, removed_by_category, edited_at, read_at, deleted_at)
SELECT DISTINCT ON (id) id, author, title, text, url, domain, permalink, flair, score, upvote_ratio, num_comments,
       over18, stickied, removed_by_category, edited_at, read_at, deleted_at
FROM staged_imports ORDER BY id, read_at DESC
