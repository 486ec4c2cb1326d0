-- name: add
-- Keep a report, with what pg_stat_statements had counted by then.
INSERT INTO database_reports (target, at, report, counters)
VALUES (%(target)s, %(at)s, %(report)s, %(counters)s)
RETURNING id

-- name: newest
-- Numbers and times of a database's reports, newest first.
SELECT id, at FROM database_reports WHERE target = %(target)s ORDER BY at DESC, id DESC LIMIT %(limit)s

-- name: one
-- One report of a database.
SELECT report FROM database_reports WHERE id = %(id)s AND target = %(target)s

-- name: counters
-- What a report compares with: the newest counters that are as old as %(by)s, else the oldest there are.
SELECT counters FROM database_reports
WHERE target = %(target)s AND counters IS NOT NULL
ORDER BY at <= %(by)s DESC, abs(extract(epoch FROM %(by)s - at)) LIMIT 1

-- name: forget_counters
-- Counters from before those that a report now compares with, because later ones compare with none that are older.
UPDATE database_reports SET counters = NULL
WHERE target = %(target)s AND counters IS NOT NULL AND at < (
    SELECT max(at) FROM database_reports WHERE target = %(target)s AND counters IS NOT NULL AND at <= %(by)s
)

-- name: prune
-- Forget reports older than %(keep)s.
DELETE FROM database_reports WHERE at < now() - %(keep)s
