-- How large databases, tables and indexes are, once a day: for their growth, and for since when an index is known.
CREATE TABLE relation_sizes (
    at     timestamptz NOT NULL,                   -- the day, in UTC; its last reading holds
    target text NOT NULL,                          -- `own`, or the name of a watched database
    kind   text NOT NULL,                          -- database, table, index
    name   text NOT NULL,                          -- with its schema; partitions count with their table
    bytes  bigint NOT NULL,
    PRIMARY KEY (target, kind, name, at)
) PARTITION BY RANGE (at);
