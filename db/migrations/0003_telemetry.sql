-- What Subpulse measures of itself.

CREATE TABLE latency (
    at           timestamptz NOT NULL,             -- start of the interval
    width        integer NOT NULL,                 -- its length in seconds
    instance     text NOT NULL,
    route        text NOT NULL,
    method       text NOT NULL,
    status_class smallint NOT NULL,                -- 2 for 2xx …
    count        bigint NOT NULL,
    sum_seconds  double precision NOT NULL,
    max_seconds  double precision NOT NULL,
    histogram    bytea NOT NULL,                   -- db/histogram.py; concatenation merges
    PRIMARY KEY (at, width, instance, route, method, status_class)
);
CREATE INDEX latency_by_route ON latency (route, at);

CREATE TABLE samples (
    series   text NOT NULL,
    at       timestamptz NOT NULL,
    instance text NOT NULL,
    value    double precision NOT NULL,
    PRIMARY KEY (series, at, instance)
);
CREATE INDEX samples_by_time ON samples (at);

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
    histogram     bytea NOT NULL,
    PRIMARY KEY (at, width, instance, statement, asker)
);

CREATE TABLE slow_queries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    instance        text NOT NULL,
    statement       text NOT NULL,
    text            text NOT NULL,
    asker           text NOT NULL,
    seconds         double precision NOT NULL,
    rows            bigint,
    parameter_types jsonb NOT NULL DEFAULT '{}',   -- types, never values
    plan            jsonb,
    plan_missing    text                           -- why there is no plan
);
CREATE INDEX slow_queries_by_time ON slow_queries (at DESC);
