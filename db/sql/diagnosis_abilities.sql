-- name: role
-- What we are to this server, and which version it has. `preloaded` is null for whoever may not see it.
SELECT current_setting('server_version_num')::int AS version, current_user::text AS role,
       quote_ident(current_user) AS quoted_role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
       pg_has_role('pg_read_all_stats', 'USAGE') AS may_read_all_stats,
       pg_has_role('pg_signal_backend', 'USAGE') AS may_cancel,
       (SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries') AS preloaded,
       current_setting('track_io_timing') = 'on' AS times_reading

-- name: extensions
-- Extensions that can be created here or were, with their versions, and the schema of those that were.
SELECT available.name, available.default_version AS available, extension.extversion AS installed,
       nspname::text AS schema, quote_ident(nspname) AS quoted_schema,
       has_schema_privilege(extnamespace, 'USAGE') AS reachable
FROM pg_available_extensions AS available
LEFT JOIN pg_extension AS extension ON extname = name
LEFT JOIN pg_namespace AS namespace ON namespace.oid = extnamespace
UNION ALL
SELECT extname, NULL, extversion, nspname, quote_ident(nspname),
       has_schema_privilege(extnamespace, 'USAGE')
FROM pg_extension AS extension JOIN pg_namespace AS namespace ON namespace.oid = extnamespace
WHERE extname NOT IN (SELECT name FROM pg_available_extensions)
ORDER BY name
