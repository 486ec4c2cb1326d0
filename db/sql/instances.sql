-- name: join
-- A process enters.
INSERT INTO instances (id, hostname, pid, role) VALUES (%(id)s, %(hostname)s, %(pid)s, %(role)s)

-- name: beat
-- It is still there.
UPDATE instances SET seen_at = now() WHERE id = %(id)s

-- name: leave
-- It left in good order.
UPDATE instances SET stopped_at = now() WHERE id = %(id)s

-- name: on_host
-- Processes of one machine that have not said goodbye.
SELECT id, pid, started_at FROM instances WHERE hostname = %(hostname)s AND stopped_at IS NULL

-- name: prune
-- Forget processes gone for longer than %(keep)s.
DELETE FROM instances WHERE coalesce(stopped_at, seen_at) < now() - %(keep)s
