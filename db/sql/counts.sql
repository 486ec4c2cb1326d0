-- families: latency, statement_times, statement_sums

-- name: add
-- One process's interval; added to what is there.
INSERT INTO FAMILY_live AS known (at, instance, counted) VALUES (%(at)s, %(instance)s, %(counted)s)
ON CONFLICT (at, instance) DO UPDATE SET counted = known.counted || excluded.counted

-- name: fresh
-- Intervals of a range, all processes merged.
SELECT at, string_agg(counted, ''::bytea) AS counted FROM FAMILY_live
WHERE at >= %(since)s AND at < %(until)s GROUP BY at

-- name: fresh_together
-- A range as one, all processes merged.
SELECT string_agg(counted, ''::bytea) AS counted FROM FAMILY_live WHERE at >= %(since)s AND at < %(until)s

-- name: stored
-- The rows of some pieces of the past, each with the piece that asked for it.
SELECT width, at, packed, piece.since, piece.until
FROM unnest(%(widths)s::integer[], %(rows)s::interval[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
         AS piece (of_width, of_row, since, until)
CROSS JOIN LATERAL (
    SELECT width, at, packed FROM FAMILY
    WHERE width = of_width AND at > piece.since - of_row AND at < piece.until
) AS stored

-- name: store
-- One row of a level.
INSERT INTO FAMILY (width, at, packed) VALUES (%(width)s, %(at)s, %(packed)s)
ON CONFLICT (width, at) DO UPDATE SET packed = excluded.packed
