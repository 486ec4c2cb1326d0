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
                          ELSE budget.window_ends_at END,
    reported_at = CASE WHEN budget.window_ends_at > now() THEN budget.reported_at END  -- null: not in this window
RETURNING granted, extract(epoch FROM window_ends_at - now())::float8 AS seconds_left

-- name: report
-- Correct the window from the source's own headers, by the rules of collectors.budget.LocalBudget: requests under
-- way are not in its count yet, so within one window the larger count holds; and where it says only what remains,
-- the window's first answer gives the limit.
WITH known AS (
    SELECT client, allowed, used, reported_at IS NOT NULL AS is_told,
           now() + make_interval(secs => %(reset)s) > window_ends_at + interval '5 seconds' AS is_another
    FROM request_budgets WHERE client = %(client)s FOR UPDATE
), counted AS (
    SELECT client, allowed, is_told AND NOT is_another AS is_told,
           CASE WHEN NOT is_another THEN used WHEN %(used)s::float8 IS NULL THEN 1 ELSE 0 END AS used
    FROM known
), limited AS (
    SELECT client, used, greatest(1, CASE
               WHEN %(used)s::float8 IS NOT NULL AND %(remaining)s::float8 > 0 THEN %(used)s + %(remaining)s
               WHEN %(used)s::float8 IS NOT NULL THEN least(allowed, %(used)s)
               WHEN is_told OR %(remaining)s::float8 <= 0 THEN allowed
               ELSE used + %(remaining)s END) AS allowed
    FROM counted
)
UPDATE request_budgets AS budget SET
    allowed = limited.allowed,
    used = greatest(limited.used, limited.allowed - %(remaining)s),
    window_ends_at = now() + make_interval(secs => %(reset)s),
    reported_at = now()
FROM limited WHERE budget.client = limited.client

-- name: left
-- What is left of the client's window, and for how long.
SELECT CASE WHEN window_ends_at <= now() THEN allowed ELSE greatest(allowed - used, 0) END AS remaining,
       allowed, greatest(extract(epoch FROM window_ends_at - now()), 0)::float8 AS seconds_left
FROM request_budgets WHERE client = %(client)s
