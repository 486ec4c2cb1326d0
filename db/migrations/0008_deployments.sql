-- What went out when, so that a chart can show it.

CREATE TABLE deployments (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    version  text NOT NULL,
    what     text,                                 -- the operator's words; NULL when a process noted its own start
    instance text                                  -- which process noted it; NULL for the operator
);
CREATE INDEX deployments_by_time ON deployments (at DESC);
