-- The slowest requests of each minute, to be opened from a chart.
CREATE TABLE slow_requests (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,              -- when it ended
    instance    text NOT NULL,
    route       text NOT NULL,
    method      text NOT NULL,
    status      smallint NOT NULL,
    seconds     double precision NOT NULL,
    parameters  text[] NOT NULL,                   -- their names, never values
    calls       integer NOT NULL,                  -- of statements
    sql_seconds double precision NOT NULL,         -- of all statements; more than `seconds` when several ran at once
    statements  jsonb NOT NULL,                    -- the longest: statement, calls, seconds
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
