-- name: settings
-- Settings that are judged, as they hold for a new connection of ours; bytes where the unit is one of memory.
SELECT name, setting, boot_val AS usual, pending_restart,
       CASE WHEN unit IN ('B', 'kB', '8kB', 'MB') THEN pg_size_bytes(current_setting(name)) END AS bytes
FROM pg_settings
WHERE name = ANY(%(names)s) OR name LIKE 'enable\_%%' OR pending_restart
ORDER BY name
