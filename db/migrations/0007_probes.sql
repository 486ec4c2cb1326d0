-- Probes: URLs of the operator's other services, asked on a schedule. Of checks only histograms are kept (latency, route
-- `probe ID`), and here how each probe stands and when it was out.

CREATE TABLE probes (
    id               integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL UNIQUE,
    url              text NOT NULL,
    method           text NOT NULL,
    headers          jsonb NOT NULL,               -- name -> value; may hold secrets
    body             text,
    expected_status  text NOT NULL,                -- such as 200-299, 401
    contains         text,
    lacks            text,
    timeout_seconds  double precision NOT NULL,
    every_seconds    integer NOT NULL,
    follow_redirects boolean NOT NULL,
    down_after       integer NOT NULL,             -- failed checks in a row
    up_after         integer NOT NULL,             -- good checks in a row
    tls_warn_days    integer NOT NULL,
    tls_fail_days    integer,
    paused           boolean NOT NULL DEFAULT false,
    revision         integer NOT NULL DEFAULT 1,   -- counts edits: a check of what it was before tells nothing
    created_at       timestamptz NOT NULL DEFAULT now(),

    state            text NOT NULL DEFAULT 'unknown' CHECK (state IN ('unknown', 'up', 'down')),
    since            timestamptz NOT NULL DEFAULT now(),
    contrary         integer NOT NULL DEFAULT 0,   -- latest checks in a row that speak against the state
    contrary_since   timestamptz,
    checked_at       timestamptz,
    seconds          double precision,             -- of the last check
    status           integer,
    reason           text,                         -- why the last check failed
    tls_ends_at      timestamptz,

    next_due_at      timestamptz NOT NULL DEFAULT now(),
    leased_until     timestamptz                   -- some process is checking it
);
CREATE INDEX probes_due ON probes (next_due_at) WHERE NOT paused;

CREATE TABLE probe_outages (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    probe_id integer NOT NULL REFERENCES probes ON DELETE CASCADE,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    reasons  text[] NOT NULL                       -- different ones, in the order in which they were met
);
CREATE UNIQUE INDEX probe_outages_open ON probe_outages (probe_id) WHERE ended_at IS NULL;
CREATE INDEX probe_outages_by_probe ON probe_outages (probe_id, began_at DESC);
CREATE INDEX probe_outages_by_end ON probe_outages (ended_at);

-- What somebody wants to try out, and what came of it; asked by whoever does the checks, for a network may differ.
CREATE UNLOGGED TABLE probe_tests (
    id       uuid PRIMARY KEY,
    asked_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz,
    question jsonb NOT NULL,                       -- may hold secrets; forgotten with the answer
    answer   jsonb
);
