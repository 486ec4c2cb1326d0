-- name: position
-- Where a round stands.
SELECT position FROM rounds WHERE name = %(name)s

-- name: move
-- A round has come this far.
INSERT INTO rounds (name, position) VALUES (%(name)s, %(position)s)
ON CONFLICT (name) DO UPDATE SET position = excluded.position, moved_at = now()
