-- What statements cost goes the way of latency: any range of it costs about the same to ask. What earlier versions
-- measured is not carried over; neither are their slow statements, whose texts had literals in them.
DROP TABLE query_stats, slow_queries;

CREATE TABLE statements (
    name text PRIMARY KEY,                         -- `topic.name` in db/sql, or the beginning of another's text
    text text NOT NULL                             -- ours as it stood there, another without its literals
);

CREATE TABLE statement_series (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement text NOT NULL REFERENCES statements,
    asker     text NOT NULL,                       -- the endpoint, job or page that ran it
    UNIQUE (statement, asker)
);

-- How long they took: the buckets of db/histogram.py, as in latency.
CREATE TABLE statement_times_live (
    at       timestamptz NOT NULL,
    instance text NOT NULL,
    counted  bytea NOT NULL,                       -- db/packed.py: triples of series, bucket, count
    PRIMARY KEY (at, instance)
) PARTITION BY RANGE (at);

CREATE TABLE statement_times (
    width  integer NOT NULL,                       -- seconds of an interval
    at     timestamptz NOT NULL,                   -- where the row begins
    packed bytea NOT NULL,                         -- db/packed.py: series, bucket and interval, with counts
    PRIMARY KEY (width, at)
) PARTITION BY LIST (width);
ALTER TABLE statement_times ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE TABLE statement_times_10s PARTITION OF statement_times FOR VALUES IN (10) PARTITION BY RANGE (at);
CREATE TABLE statement_times_1m PARTITION OF statement_times FOR VALUES IN (60) PARTITION BY RANGE (at);
CREATE TABLE statement_times_1h PARTITION OF statement_times FOR VALUES IN (3600) PARTITION BY RANGE (at);
CREATE TABLE statement_times_1d PARTITION OF statement_times FOR VALUES IN (86400) PARTITION BY RANGE (at);
CREATE TABLE statement_times_30d PARTITION OF statement_times FOR VALUES IN (2592000) PARTITION BY RANGE (at);

-- What adds up beside: calls, rows, reuses, microseconds. Apart, because a curve of these reads a tenth as much.
CREATE TABLE statement_sums_live (
    at       timestamptz NOT NULL,
    instance text NOT NULL,
    counted  bytea NOT NULL,
    PRIMARY KEY (at, instance)
) PARTITION BY RANGE (at);

CREATE TABLE statement_sums (
    width  integer NOT NULL,
    at     timestamptz NOT NULL,
    packed bytea NOT NULL,                         -- a bucket is a sum: db/statement_times.py
    PRIMARY KEY (width, at)
) PARTITION BY LIST (width);
ALTER TABLE statement_sums ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE TABLE statement_sums_10s PARTITION OF statement_sums FOR VALUES IN (10) PARTITION BY RANGE (at);
CREATE TABLE statement_sums_1m PARTITION OF statement_sums FOR VALUES IN (60) PARTITION BY RANGE (at);
CREATE TABLE statement_sums_1h PARTITION OF statement_sums FOR VALUES IN (3600) PARTITION BY RANGE (at);
CREATE TABLE statement_sums_1d PARTITION OF statement_sums FOR VALUES IN (86400) PARTITION BY RANGE (at);
CREATE TABLE statement_sums_30d PARTITION OF statement_sums FOR VALUES IN (2592000) PARTITION BY RANGE (at);

-- Of each statement and asker the slowest execution in ten seconds; how many there were is in statement_sums.
CREATE TABLE slow_queries (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    at              timestamptz NOT NULL,          -- when it ended
    instance        text NOT NULL,
    statement       text NOT NULL,
    asker           text NOT NULL,
    seconds         double precision NOT NULL,
    rows            bigint NOT NULL,
    reused          boolean,                       -- whether a prepared statement was; NULL where that is not known
    parameter_types jsonb NOT NULL DEFAULT '{}',   -- types, never values
    plan            jsonb,
    plan_missing    text,                          -- why there is no plan
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX slow_queries_by_statement ON slow_queries (statement, at DESC);
CREATE INDEX slow_queries_by_asker ON slow_queries (asker, at DESC);
