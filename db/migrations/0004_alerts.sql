-- Rules have a state; only its changes are kept and sent.

CREATE TABLE alert_states (
    rule         text NOT NULL,
    instance     text NOT NULL,
    state        text NOT NULL CHECK (state IN ('ok', 'firing')),
    since        timestamptz NOT NULL DEFAULT now(),
    value        double precision,
    PRIMARY KEY (rule, instance)
);

CREATE TABLE alert_transitions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text NOT NULL,
    instance    text NOT NULL,
    state       text NOT NULL CHECK (state IN ('ok', 'firing')),
    at          timestamptz NOT NULL DEFAULT now(),
    lasted      interval,                          -- of the state it left
    value       double precision NOT NULL,
    threshold   double precision NOT NULL,
    message     text NOT NULL,
    freed_bytes bigint,                            -- what collecting garbage gave back first
    sent_at     timestamptz,
    send_error  text,
    attempts    integer NOT NULL DEFAULT 0
);
CREATE INDEX alert_transitions_by_time ON alert_transitions (at DESC);
CREATE INDEX alert_transitions_unsent ON alert_transitions (id) WHERE sent_at IS NULL;
