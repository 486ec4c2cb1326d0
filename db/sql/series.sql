-- name: processes
-- Who stored readings in a range; a rolled-up row stands for the hour or the day that it begins.
SELECT DISTINCT process, process NOT LIKE 'app@%%' AS other FROM (
    SELECT process FROM samples_live WHERE at >= %(since)s AND at < %(until)s
    UNION
    SELECT process FROM samples WHERE width = 3600 AND at > %(since)s - interval '1 hour' AND at < %(until)s
) AS found ORDER BY other, process
