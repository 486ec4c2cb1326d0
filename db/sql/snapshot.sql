-- name: begin
-- All that follows in this transaction sees the data as of one moment.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
