-- Telemetry in partitions of time and rolled up: any range costs about the same to ask, and what is too old is
-- dropped, never deleted by row. What earlier versions measured is not carried over.
DROP TABLE latency, samples, query_stats, slow_queries;

-- Up to which hour `…_live` is rolled up into the coarser levels; writers share a lock on it, the roll-up has it alone.
CREATE TABLE rolled_up (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    until    timestamptz NOT NULL
);
INSERT INTO rolled_up (until) VALUES (date_trunc('hour', now()));

CREATE TABLE latency_series (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    route        text NOT NULL,
    method       text NOT NULL,
    status_class smallint NOT NULL,                -- 2 for 2xx …
    UNIQUE (route, method, status_class)
);

-- Each process's own ten seconds. Concatenating two `counted` merges them.
CREATE TABLE latency_live (
    at       timestamptz NOT NULL,
    instance text NOT NULL,
    counted  bytea NOT NULL,                       -- db/packed.py: triples of series, bucket, count
    PRIMARY KEY (at, instance)
) PARTITION BY RANGE (at);

-- All processes together. A row holds an hour of 10 s or 1 min intervals, or one longer interval.
CREATE TABLE latency (
    width  integer NOT NULL,                       -- seconds of an interval
    at     timestamptz NOT NULL,                   -- where the row begins
    packed bytea NOT NULL,                         -- db/packed.py: series, bucket and interval, with counts
    PRIMARY KEY (width, at)
) PARTITION BY LIST (width);
ALTER TABLE latency ALTER COLUMN packed SET STORAGE EXTERNAL; -- CREATE TABLE can say so only from PostgreSQL 16 on
CREATE TABLE latency_10s PARTITION OF latency FOR VALUES IN (10) PARTITION BY RANGE (at);
CREATE TABLE latency_1m PARTITION OF latency FOR VALUES IN (60) PARTITION BY RANGE (at);
CREATE TABLE latency_1h PARTITION OF latency FOR VALUES IN (3600) PARTITION BY RANGE (at);
CREATE TABLE latency_1d PARTITION OF latency FOR VALUES IN (86400) PARTITION BY RANGE (at);
CREATE TABLE latency_30d PARTITION OF latency FOR VALUES IN (2592000) PARTITION BY RANGE (at);

CREATE TABLE samples_live (
    at       timestamptz NOT NULL,
    instance text NOT NULL,
    process  text NOT NULL,                        -- a name that survives restarts
    readings jsonb NOT NULL,                       -- series -> value
    PRIMARY KEY (at, instance)
) PARTITION BY RANGE (at);

CREATE TABLE samples (
    width   integer NOT NULL,
    at      timestamptz NOT NULL,
    process text NOT NULL,
    packed  bytea NOT NULL,                        -- db/samples.py: count, mean, low and high
    PRIMARY KEY (width, at, process)
) PARTITION BY LIST (width);
ALTER TABLE samples ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE TABLE samples_10s PARTITION OF samples FOR VALUES IN (10) PARTITION BY RANGE (at);
CREATE TABLE samples_1m PARTITION OF samples FOR VALUES IN (60) PARTITION BY RANGE (at);
CREATE TABLE samples_1h PARTITION OF samples FOR VALUES IN (3600) PARTITION BY RANGE (at);
CREATE TABLE samples_1d PARTITION OF samples FOR VALUES IN (86400) PARTITION BY RANGE (at);
CREATE TABLE samples_30d PARTITION OF samples FOR VALUES IN (2592000) PARTITION BY RANGE (at);

CREATE TABLE query_stats (
    at            timestamptz NOT NULL,
    width         integer NOT NULL,
    instance      text NOT NULL,
    statement     text NOT NULL,                   -- its name in db/sql, or its normalised text
    asker         text NOT NULL,                   -- the endpoint, job or page that ran it
    calls         bigint NOT NULL,
    rows          bigint NOT NULL,
    total_seconds double precision NOT NULL,
    max_seconds   double precision NOT NULL,
    histogram     bytea NOT NULL,                  -- db/histogram.py; concatenation merges
    PRIMARY KEY (at, width, instance, statement, asker)
) PARTITION BY RANGE (at);

CREATE TABLE slow_queries (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    at              timestamptz NOT NULL,
    instance        text NOT NULL,
    statement       text NOT NULL,
    text            text NOT NULL,
    asker           text NOT NULL,
    seconds         double precision NOT NULL,
    rows            bigint,
    parameter_types jsonb NOT NULL DEFAULT '{}',   -- types, never values
    plan            jsonb,
    plan_missing    text,                          -- why there is no plan
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
