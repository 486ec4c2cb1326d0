-- name: limit
-- Planning is let wait for no lock and take no time, and what is planned could not write if it ran.
SELECT set_config('lock_timeout', '1s', true), set_config('statement_timeout', '5s', true),
       set_config('transaction_read_only', 'on', true)
