-- name: join
-- A process enters.
INSERT INTO instances (id, hostname, pid, created, role)
VALUES (%(id)s, %(hostname)s, %(pid)s, %(created)s, %(role)s)

-- name: beat
-- It is still there, whatever another process may have thought.
UPDATE instances SET seen_at = now(), stopped_at = NULL WHERE id = %(id)s

-- name: leave
-- It left in good order.
UPDATE instances SET stopped_at = now() WHERE id = %(id)s

-- name: on_host
-- Processes of one machine that have not said goodbye.
SELECT id, pid, created FROM instances WHERE hostname = %(hostname)s AND stopped_at IS NULL

-- name: prune
-- Forget processes gone for longer than %(keep)s.
DELETE FROM instances WHERE coalesce(stopped_at, seen_at) < now() - %(keep)s
