-- name: announce
-- Told to every listening process when the transaction commits: the transaction's id, and what it wrote.
SELECT pg_notify(current_schema() || '_written', pg_current_xact_id() || ' ' || %(tags)s)
