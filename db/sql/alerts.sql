-- name: ensure_state
-- Every rule begins in order.
INSERT INTO alert_states (rule, instance, state) VALUES (%(rule)s, %(instance)s, 'ok') ON CONFLICT DO NOTHING

-- name: state
-- A rule's state and since when.
SELECT state, since FROM alert_states WHERE rule = %(rule)s AND instance = %(instance)s

-- name: change_state
-- Compare and set: only if the rule is still in the state the caller saw. One row, or none when another was first.
WITH seen AS (
    SELECT since FROM alert_states WHERE rule = %(rule)s AND instance = %(instance)s
), changed AS (
    UPDATE alert_states SET state = %(new)s, since = now(), value = %(value)s
    WHERE rule = %(rule)s AND instance = %(instance)s AND state = %(old)s
    RETURNING rule, instance, state
)
INSERT INTO alert_transitions (rule, instance, state, lasted, value, threshold, message, freed_bytes)
SELECT rule, instance, state, now() - seen.since, %(value)s, %(threshold)s, %(message)s, %(freed_bytes)s
FROM changed, seen
RETURNING id, lasted

-- name: firing
-- What fires at present.
SELECT alert_states.rule, alert_states.instance, since, alert_states.value, last.threshold, last.message
FROM alert_states CROSS JOIN LATERAL (
    SELECT threshold, message FROM alert_transitions
    WHERE alert_transitions.rule = alert_states.rule AND alert_transitions.instance = alert_states.instance
    ORDER BY id DESC LIMIT 1
) AS last
WHERE alert_states.state = 'firing' ORDER BY since

-- name: unsent
-- Transitions to be sent now: each rule's in their order, the second try after 20 s, each further one four times
-- later; what is older than %(news)s is no news. Those just being tried by another process are left to it.
SELECT id, rule, instance, state, at, value, threshold, message, attempts FROM alert_transitions AS next
WHERE sent_at IS NULL AND attempts < %(attempts)s AND at > now() - %(news)s
  AND (attempts = 0 OR at < now() - make_interval(secs => 5 * 4 ^ attempts))
  AND NOT EXISTS (
    SELECT FROM alert_transitions AS earlier
    WHERE earlier.rule = next.rule AND earlier.instance = next.instance AND earlier.id < next.id
      AND earlier.sent_at IS NULL AND earlier.attempts < %(attempts)s AND earlier.at > now() - %(news)s)
ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED

-- name: mark_sent
-- It went out.
UPDATE alert_transitions SET sent_at = now(), attempts = attempts + 1, send_error = NULL WHERE id = %(id)s

-- name: mark_unsent
-- It did not go out, and why.
UPDATE alert_transitions SET attempts = attempts + 1, send_error = %(error)s WHERE id = %(id)s

-- name: resolve_gone
-- Alerts of processes that no longer exist are over, which whoever heard of them shall hear too.
WITH gone AS (
    UPDATE alert_states AS present SET state = 'ok', since = now()
    FROM alert_states AS before
    WHERE before.rule = present.rule AND before.instance = present.instance
      AND present.state = 'firing' AND present.instance <> '' AND NOT EXISTS (
        SELECT FROM instances
        WHERE id = present.instance AND stopped_at IS NULL AND seen_at > now() - %(silence)s)
    RETURNING present.rule, present.instance, before.since
)
INSERT INTO alert_transitions (rule, instance, state, lasted, value, threshold, message)
SELECT rule, instance, 'ok', now() - gone.since, last.value, last.threshold,
       'The process that it was about has ended'
FROM gone CROSS JOIN LATERAL (
    SELECT value, threshold FROM alert_transitions
    WHERE alert_transitions.rule = gone.rule AND alert_transitions.instance = gone.instance
    ORDER BY id DESC LIMIT 1
) AS last

-- name: prune
-- Forget transitions older than %(keep)s.
DELETE FROM alert_transitions WHERE at < now() - %(keep)s

-- name: prune_states
-- Forget the rules' states of processes that are forgotten themselves.
DELETE FROM alert_states
WHERE state = 'ok' AND instance <> '' AND NOT EXISTS (SELECT FROM instances WHERE id = instance)
