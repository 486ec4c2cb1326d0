-- name: identity
-- Which data this is, among all that a Redis may hold answers of: PostgreSQL's own number, database and schema.
SELECT concat_ws('/', 'subpulse', system_identifier, oid, current_schema())
FROM pg_control_system(), pg_database WHERE datname = current_database()

-- name: announce
-- Told to every listening process when the transaction commits: an id, and what was written. Not the transaction's id,
-- which PostgreSQL may give again after a crash.
SELECT pg_notify(current_schema() || '_written', gen_random_uuid() || ' ' || %(tags)s)
