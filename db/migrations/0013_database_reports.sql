-- The weekly reports on our own database and on those that are watched.
CREATE TABLE database_reports (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target   text NOT NULL,                        -- `own`, or dbname@host
    at       timestamptz NOT NULL,
    report   jsonb NOT NULL,                       -- db.reports.Report
    counters jsonb                                 -- db.reports.Counters, until no later report compares with them
);
CREATE INDEX database_reports_newest ON database_reports (target, at DESC);
