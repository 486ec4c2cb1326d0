-- name: lock
-- One process at a time compares and writes.
LOCK TABLE deployments IN SHARE ROW EXCLUSIVE MODE

-- name: note_start
-- A process has started; noted when the last one to do so had another version.
INSERT INTO deployments (version, instance)
SELECT %(version)s, %(instance)s
WHERE %(version)s IS DISTINCT FROM (
    SELECT version FROM deployments WHERE what IS NULL ORDER BY at DESC, id DESC LIMIT 1)
RETURNING id

-- name: add
-- The operator says that something went out.
INSERT INTO deployments (version, what) VALUES (%(version)s, %(what)s)

-- name: between
-- The newest deployments of a range, newest first.
SELECT at, version, what FROM deployments WHERE at >= %(since)s AND at < %(until)s ORDER BY at DESC, id DESC
LIMIT %(limit)s
