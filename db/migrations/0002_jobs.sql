-- Who runs, what ran, and how it went.

CREATE TABLE instances (
    id         text PRIMARY KEY,
    hostname   text NOT NULL,
    pid        integer NOT NULL,
    created    double precision NOT NULL,          -- when the process was made, by its own machine's clock
    role       text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    stopped_at timestamptz
);

CREATE TABLE job_runs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job           text NOT NULL,
    instance      text NOT NULL,
    queue_id      bigint,                          -- procrastinate_jobs.id, when it came through the queue
    arguments     jsonb NOT NULL DEFAULT '{}',
    outcome       text NOT NULL CHECK
        (outcome IN ('running', 'succeeded', 'failed', 'lost', 'missed', 'skipped')),
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    wall_seconds  double precision,
    cpu_seconds   double precision,
    memory_before bigint,
    memory_peak   bigint,
    memory_after  bigint,
    items         bigint,
    error         text
);
CREATE INDEX job_runs_by_start ON job_runs (started_at DESC);
CREATE INDEX job_runs_by_job ON job_runs (job, started_at DESC);
CREATE INDEX job_runs_running ON job_runs (instance) WHERE outcome = 'running';

CREATE TABLE job_controls (
    job       text PRIMARY KEY,
    paused    boolean NOT NULL DEFAULT false,
    ticked_at timestamptz                          -- the last start that a clock asked for
);
