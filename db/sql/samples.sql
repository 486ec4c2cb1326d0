-- name: add
-- One process's readings of one interval; a later reading of a series takes the place of an earlier one.
INSERT INTO samples_live AS known (at, instance, process, readings)
VALUES (%(at)s, %(instance)s, %(process)s, %(readings)s)
ON CONFLICT (at, instance) DO UPDATE SET readings = known.readings || excluded.readings

-- name: fresh
-- Fresh readings of a range.
SELECT at, process, readings FROM samples_live
WHERE at >= %(since)s AND at < %(until)s AND (%(process)s::text IS NULL OR process = %(process)s) ORDER BY at

-- name: stored
-- The rows of some pieces of the past, each with the piece that asked for it.
SELECT width, at, process, packed, piece.since, piece.until
FROM unnest(%(widths)s::integer[], %(rows)s::interval[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
         AS piece (of_width, of_row, since, until)
CROSS JOIN LATERAL (
    SELECT width, at, process, packed FROM samples
    WHERE width = of_width AND at > piece.since - of_row AND at < piece.until
          AND (%(process)s::text IS NULL OR process = %(process)s)
) AS stored

-- name: store
-- One row of a level.
INSERT INTO samples (width, at, process, packed) VALUES (%(width)s, %(at)s, %(process)s, %(packed)s)
ON CONFLICT (width, at, process) DO UPDATE SET packed = excluded.packed
