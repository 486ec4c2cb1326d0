-- name: all
-- Every probe with its last outage, those that are down first.
SELECT probes.*, last.began_at AS outage_began_at, last.ended_at AS outage_ended_at
FROM probes LEFT JOIN LATERAL (
    SELECT began_at, ended_at FROM probe_outages WHERE probe_id = probes.id ORDER BY began_at DESC LIMIT 1
) AS last ON true
ORDER BY paused, state <> 'down', lower(name), id

-- name: one
-- One probe.
SELECT * FROM probes WHERE id = %(id)s

-- name: add
-- A new probe, due at once. No row when the name is taken.
INSERT INTO probes (
    name, url, method, headers, body, expected_status, contains, lacks, timeout_seconds, every_seconds,
    follow_redirects, down_after, up_after, tls_warn_days, tls_fail_days)
VALUES (
    %(name)s, %(url)s, %(method)s, %(headers)s, %(body)s, %(expected_status)s, %(contains)s, %(lacks)s,
    %(timeout_seconds)s, %(every_seconds)s, %(follow_redirects)s, %(down_after)s, %(up_after)s, %(tls_warn_days)s,
    %(tls_fail_days)s)
ON CONFLICT (name) DO NOTHING
RETURNING id

-- name: change
-- What is asked is another from now on; how it stands is for the next check to say, which is due at once.
UPDATE probes SET
    name = %(name)s, url = %(url)s, method = %(method)s, headers = %(headers)s, body = %(body)s,
    expected_status = %(expected_status)s, contains = %(contains)s, lacks = %(lacks)s,
    timeout_seconds = %(timeout_seconds)s, every_seconds = %(every_seconds)s,
    follow_redirects = %(follow_redirects)s, down_after = %(down_after)s, up_after = %(up_after)s,
    tls_warn_days = %(tls_warn_days)s, tls_fail_days = %(tls_fail_days)s,
    tls_ends_at = CASE WHEN url = %(url)s THEN tls_ends_at END,
    contrary = 0, contrary_since = NULL, revision = revision + 1, next_due_at = now(), leased_until = NULL
WHERE id = %(id)s AND NOT EXISTS (SELECT FROM probes AS other WHERE other.name = %(name)s AND other.id <> %(id)s)

-- name: pause
-- Paused time is no outage: one that lasts ends here.
WITH paused AS (
    UPDATE probes SET paused = true, state = 'unknown', since = now(), contrary = 0, contrary_since = NULL,
        revision = revision + 1, leased_until = NULL
    WHERE id = %(id)s AND NOT paused RETURNING id
)
UPDATE probe_outages SET ended_at = greatest(now(), began_at)
FROM paused WHERE probe_id = paused.id AND ended_at IS NULL

-- name: resume
-- Watched again, and due at once.
UPDATE probes SET paused = false, since = now(), revision = revision + 1, next_due_at = now()
WHERE id = %(id)s AND paused

-- name: remove
-- Forget a probe and its outages.
DELETE FROM probes WHERE id = %(id)s

-- name: claim
-- Up to %(limit)s probes that are due before the next tick of the clock, for one process alone. A lease outlasts the
-- check; the next check keeps to the beat unless it fell behind.
WITH due AS (
    SELECT id FROM probes
    WHERE NOT paused AND next_due_at <= now() + %(half_tick)s AND (leased_until IS NULL OR leased_until < now())
    ORDER BY next_due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE probes SET
    leased_until = now() + make_interval(secs => timeout_seconds) + %(grace)s,
    next_due_at = greatest(
        next_due_at + make_interval(secs => every_seconds),
        now() + make_interval(secs => every_seconds) - %(half_tick)s)
FROM due WHERE probes.id = due.id
RETURNING probes.*

-- name: store
-- What a check found, unless the probe was changed or leased again meanwhile: then no row. A state in doubt is looked
-- at again soon.
UPDATE probes SET
    state = %(state)s, since = %(since)s, contrary = %(contrary)s, contrary_since = %(contrary_since)s,
    checked_at = %(at)s, seconds = %(seconds)s, status = %(status)s, reason = %(reason)s,
    tls_ends_at = coalesce(%(tls_ends_at)s, tls_ends_at), leased_until = NULL,
    next_due_at = CASE WHEN %(contrary)s > 0 THEN least(next_due_at, now() + %(retry)s) ELSE next_due_at END
WHERE id = %(id)s AND revision = %(revision)s AND leased_until = %(lease)s
RETURNING id

-- name: begin_outage
-- A probe went down.
INSERT INTO probe_outages (probe_id, began_at, reasons) VALUES (%(id)s, %(at)s, ARRAY[%(reason)s::text])
ON CONFLICT (probe_id) WHERE ended_at IS NULL DO NOTHING

-- name: note_reason
-- It still is down, for yet another reason; the first %(most)s are kept.
UPDATE probe_outages SET reasons = reasons || %(reason)s::text
WHERE probe_id = %(id)s AND ended_at IS NULL AND %(reason)s <> ALL (reasons) AND cardinality(reasons) < %(most)s

-- name: end_outage
-- A probe is up again.
UPDATE probe_outages SET ended_at = greatest(%(at)s, began_at) WHERE probe_id = %(id)s AND ended_at IS NULL

-- name: outages
-- Outages of one probe that touch a range, newest first.
SELECT began_at, ended_at, reasons FROM probe_outages
WHERE probe_id = %(id)s AND began_at < %(until)s AND coalesce(ended_at, 'infinity') > %(since)s
ORDER BY began_at DESC LIMIT %(limit)s

-- name: forget_old
-- Outages that ended longer than %(keep)s ago.
DELETE FROM probe_outages WHERE ended_at < now() - %(keep)s

-- name: alerts_due
-- Probes whose alerts do not say how they stand: down or back, a certificate that ends soon or no longer does.
SELECT probes.id, name, url, probes.state, probes.since, reason, paused, down_after, tls_ends_at, tls_warn_days,
       coalesce(down.state, 'ok') AS alert, coalesce(tls.state, 'ok') AS tls_alert, ending.soon AS tls_soon,
       last.began_at AS outage_began_at, last.ended_at AS outage_ended_at
FROM probes
CROSS JOIN LATERAL (
    SELECT coalesce(NOT paused AND tls_ends_at < now() + make_interval(days => tls_warn_days), false) AS soon
) AS ending
LEFT JOIN alert_states AS down ON down.rule = 'probe ' || probes.id AND down.instance = ''
LEFT JOIN alert_states AS tls ON tls.rule = 'probe tls ' || probes.id AND tls.instance = ''
LEFT JOIN LATERAL (
    SELECT began_at, ended_at FROM probe_outages WHERE probe_id = probes.id ORDER BY began_at DESC LIMIT 1
) AS last ON true
WHERE (probes.state = 'down') <> (coalesce(down.state, 'ok') = 'firing')
   OR ending.soon <> (coalesce(tls.state, 'ok') = 'firing')

-- name: alerts_without_probe
-- Firing alerts of probes that were deleted.
SELECT rule FROM alert_states
WHERE state = 'firing' AND instance = '' AND rule ~ '^probe (tls )?\d+$'
  AND NOT EXISTS (SELECT FROM probes WHERE id = substring(rule FROM '\d+$')::integer)

-- name: ask_test
-- Try this out.
INSERT INTO probe_tests (id, question) VALUES (%(id)s, %(question)s)

-- name: take_tests
-- What is to be tried out, for one process alone. Whoever wanted to know older ones has long gone.
WITH waiting AS (
    SELECT id FROM probe_tests WHERE taken_at IS NULL AND asked_at > now() - %(patience)s
    ORDER BY asked_at FOR UPDATE SKIP LOCKED
)
UPDATE probe_tests SET taken_at = now() FROM waiting WHERE probe_tests.id = waiting.id
RETURNING probe_tests.id, question

-- name: answer_test
-- What came of it; what was asked, secrets and all, is forgotten.
UPDATE probe_tests SET answer = %(answer)s, question = '{}' WHERE id = %(id)s

-- name: collect_test
-- The answer, told once; no row while there is none.
DELETE FROM probe_tests WHERE id = %(id)s AND answer IS NOT NULL RETURNING answer

-- name: forget_tests
-- Those that nobody waits for any more.
DELETE FROM probe_tests WHERE asked_at < now() - %(patience)s
