-- name: begin
-- For the rest of this transaction: read only, no longer than that, and times in UTC.
SELECT set_config('transaction_read_only', 'on', true), set_config('search_path', %(search_path)s, true),
       set_config('statement_timeout', %(statement_timeout)s, true),
       set_config('lock_timeout', %(lock_timeout)s, true), set_config('TimeZone', 'UTC', true)
