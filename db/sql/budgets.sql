-- name: take
-- Count one request against the client's window, when it has room. A window that has ended begins anew.
INSERT INTO request_budgets AS budget (client, allowed, used, window_ends_at)
VALUES (%(client)s, %(allowed)s, 1, now() + %(window)s)
ON CONFLICT (client) DO UPDATE SET
    granted = budget.window_ends_at <= now() OR budget.used < budget.allowed,
    used = CASE WHEN budget.window_ends_at <= now() THEN 1
                WHEN budget.used < budget.allowed THEN budget.used + 1
                ELSE budget.used END,
    window_ends_at = CASE WHEN budget.window_ends_at <= now() THEN now() + %(window)s
                          ELSE budget.window_ends_at END
RETURNING granted, extract(epoch FROM window_ends_at - now())::float8 AS seconds_left

-- name: report
-- Correct the window from the source's own headers. Requests under way are not in its count yet, so within one
-- window the larger count holds.
UPDATE request_budgets SET
    allowed = %(allowed)s,
    used = CASE WHEN abs(extract(epoch FROM window_ends_at - now()) - %(reset)s) < 30
                THEN greatest(used, %(used)s) ELSE %(used)s END,
    window_ends_at = now() + make_interval(secs => %(reset)s),
    reported_at = now()
WHERE client = %(client)s

-- name: left
-- What is left of the client's window, and for how long.
SELECT CASE WHEN window_ends_at <= now() THEN allowed ELSE greatest(allowed - used, 0) END AS remaining,
       allowed, greatest(extract(epoch FROM window_ends_at - now()), 0)::float8 AS seconds_left
FROM request_budgets WHERE client = %(client)s
