-- name: announce
-- Told to every listening process when the transaction commits.
SELECT pg_notify(current_schema() || '_written', %(tag)s)
