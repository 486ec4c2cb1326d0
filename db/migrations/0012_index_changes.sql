-- Indexes that Subpulse makes and drops when somebody says so, here or in a database that it watches.
CREATE TABLE index_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target      text NOT NULL,                     -- `own`, or dbname@host
    action      text NOT NULL CHECK (action IN ('create', 'drop')),
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    index_name  text NOT NULL,
    columns     jsonb,                             -- of an index that we compose: name, descending, nulls_first
    definition  text,                              -- of one that was there, as its server wrote it
    sql         text NOT NULL,                     -- for people; what runs is composed when it runs
    undo_sql    text NOT NULL,
    undoes      bigint REFERENCES index_changes,   -- the change that this one takes back
    reason      text NOT NULL,
    wanted_by   text NOT NULL,
    wanted_at   timestamptz NOT NULL DEFAULT now(),
    state       text NOT NULL DEFAULT 'wanted' CHECK
        (state IN ('wanted', 'running', 'done', 'failed', 'undone', 'lost')),
    instance    text,                              -- the process that runs it
    started_at  timestamptz,
    finished_at timestamptz,
    error       text,
    remains     jsonb NOT NULL DEFAULT '[]',       -- invalid indexes that it left: schema and name of each
    statements  jsonb NOT NULL DEFAULT '[]',       -- those it is for: cost, mean and p95 before and after
    measured_at timestamptz                        -- when their times after it were filled in
);
CREATE UNIQUE INDEX index_changes_open ON index_changes (target, schema_name, index_name)
    WHERE state IN ('wanted', 'running');
-- Never two at once on one table.
CREATE UNIQUE INDEX index_changes_running ON index_changes (target, schema_name, table_name)
    WHERE state = 'running';
