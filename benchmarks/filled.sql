-- Our schema with rows in every table that grows, as after some weeks of work; the same each time.

SELECT setseed(0.20260);

INSERT INTO subreddits (id, name, title, type, over18, subscribers, category, state, created_at, first_seen_at,
    refreshed_at, next_due_at, posts_collected_at, posts_due_at, details_due_at)
SELECT 't5_' || i, 'community' || i, 'Community ' || i,
    CASE WHEN i % 20 = 0 THEN 'restricted' WHEN i % 50 = 0 THEN 'private' ELSE 'public' END, i % 15 = 0,
    (random() ^ 6 * 1e6)::bigint, 'category' || i % 23,
    CASE WHEN i % 40 = 0 THEN 'refused' WHEN i % 90 = 0 THEN 'unknown' ELSE 'alive' END,
    now() - random() * interval '15 years', now() - random() * interval '30 days', now() - random() * interval '2 h',
    now() + random() * interval '3 hours', now() - random() * interval '6 hours',
    now() + random() * interval '6 hours', now() + random() * interval '30 days'
FROM generate_series(1, 20000) AS i;

INSERT INTO subreddit_snapshots (subreddit_id, at, subscribers)
SELECT 't5_' || i, date_trunc('hour', now()) - hours * interval '1 hour', 1000 + hours
FROM generate_series(1, 2000) AS i, generate_series(0, 720, 24) AS hours;

INSERT INTO posts (id, subreddit_id, author, title, created_at, score, num_comments, domain, collected_at, read_at)
SELECT 't3_' || i, 't5_' || 1 + (random() ^ 3 * 19999)::int, 'author' || (random() * 9999)::int,
    'Post ' || i, now() - random() * interval '60 days', (random() ^ 4 * 5000)::int, (random() * 200)::int,
    'example.org', now(), now()
FROM generate_series(1, 100000) AS i;

INSERT INTO categorizations (subreddit_id, category, confidence, method, version, decided_at)
SELECT 't5_' || 1 + i % 20000, 'category' || i % 23, random(), 'built-in', '1',
    now() - random() * interval '30 days'
FROM generate_series(1, 40000) AS i;

INSERT INTO subreddit_details (subreddit_id) SELECT id FROM subreddits ORDER BY id LIMIT 10000;

INSERT INTO post_readings (post_id, age_hours, read_at, score)
SELECT 't3_' || i, age, CASE WHEN i % 25 > 0 THEN now() END, 5
FROM generate_series(1, 20000) AS i, unnest('{1,6,24,36}'::int[]) AS age;

INSERT INTO source_answers (at, source, instance, outcome, reason, count, last_at)
SELECT date_trunc('minute', now()) - i * interval '1 minute', source, 'app', outcome, '', 5, now()
FROM generate_series(1, 10000) AS i, unnest('{reddit,instagram}'::text[]) AS source,
    unnest('{alive,request}'::text[]) AS outcome;

INSERT INTO instances (id, hostname, pid, created, role, stopped_at)
SELECT 'app-' || i, 'machine', i, 0, 'app', CASE WHEN i > 2 THEN now() END FROM generate_series(1, 500) AS i;

INSERT INTO job_runs (job, instance, queue_id, outcome, started_at, finished_at, wall_seconds, memory_before,
    memory_peak, items)
SELECT 'job' || i % 14, 'app-' || i % 3, i,
    CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 7000 = 1 THEN 'running' ELSE 'succeeded' END,
    now() - i * interval '30 seconds', now() - i * interval '29 seconds', 1, 1, 2, 3
FROM generate_series(1, 30000) AS i;

INSERT INTO procrastinate_jobs (queue_name, task_name, status)
SELECT 'default', 'job' || i % 14, (CASE WHEN i % 50 = 0 THEN 'todo' ELSE 'failed' END)::procrastinate_job_status
FROM generate_series(1, 500) AS i;

INSERT INTO alert_transitions (rule, instance, state, at, value, threshold, message, sent_at)
SELECT 'rule' || i % 8, 'app', 'firing', now() - i * interval '10 minutes', 1, 1, '', now()
FROM generate_series(1, 20000) AS i;

INSERT INTO deployments (at, version) SELECT now() - i * interval '1 day', i::text FROM generate_series(1, 400) AS i;

INSERT INTO probes (name, url, method, headers, expected_status, timeout_seconds, every_seconds, follow_redirects,
    down_after, up_after, tls_warn_days)
SELECT 'probe ' || i, 'https://example.org', 'GET', '{}', '200-299', 5, 60, true, 3, 2, 14
FROM generate_series(1, 50) AS i;

INSERT INTO probe_outages (probe_id, began_at, ended_at, reasons)
SELECT probes.id, now() - i * interval '1 hour', now() - i * interval '50 minutes', '{}'
FROM probes, generate_series(1, 400) AS i;

INSERT INTO instagram_accounts (username, id, followers, follows, media_count, state, refreshed_at, next_due_at)
SELECT 'account' || i, i::text, (random() ^ 4 * 1e6)::bigint, 100, 500, 'alive', now(),
    now() + random() * interval '1 hour'
FROM generate_series(1, 200) AS i;

INSERT INTO instagram_snapshots (username, at, followers, media_count)
SELECT username, date_trunc('hour', now()) - i * interval '6 hours', 1000 + i, 500
FROM instagram_accounts, generate_series(1, 150) AS i;

INSERT INTO instagram_posts (id, username, media_type, product_type, timestamp, likes, comments)
SELECT i::text, 'account' || 1 + (random() ^ 2 * 199)::int, 'IMAGE', 'FEED', now() - random() * interval '3 years',
    (random() ^ 3 * 10000)::bigint, (random() * 500)::bigint
FROM generate_series(1, 50000) AS i;

INSERT INTO latency_live (at, instance, counted)
SELECT now() + i * interval '1 second', 'app', '' FROM generate_series(0, 3000) AS i;

INSERT INTO samples_live (at, instance, process, readings)
SELECT now() + i * interval '1 second', 'app', 'app', '{"memory": 1}' FROM generate_series(0, 3000) AS i;

INSERT INTO slow_requests (at, instance, route, method, status, seconds, parameters, calls, sql_seconds, statements)
SELECT now() + i * interval '1 second', 'app', '/api/route' || i % 9, 'GET', 200, random(), '{}', 3, 0.1, '[]'
FROM generate_series(0, 15000) AS i;

UPDATE totals SET value = 100000 WHERE name = 'posts';
