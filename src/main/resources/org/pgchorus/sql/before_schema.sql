-- Goes before the script of pg_dump, in the same psql session and transaction: notes what is there
-- already, so that after_schema.sql can say how to take back what was made, and only that: under
-- one snapshot, so that what others make meanwhile is not taken for ours.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
\o /dev/null
SELECT pg_catalog.set_config('pgchorus.there', coalesce(pg_catalog.string_agg(
    o.classid || '/' || o.objid, ' '), ''), true)
FROM (
    SELECT 'pg_catalog.pg_namespace'::regclass::oid AS classid, oid AS objid
              FROM pg_catalog.pg_namespace
    UNION ALL SELECT 'pg_catalog.pg_extension'::regclass, oid FROM pg_catalog.pg_extension
    UNION ALL SELECT 'pg_catalog.pg_class'::regclass, oid FROM pg_catalog.pg_class
    UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid FROM pg_catalog.pg_type
    UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid FROM pg_catalog.pg_ts_config
    UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid FROM pg_catalog.pg_ts_dict
    UNION ALL SELECT 'pg_catalog.pg_event_trigger'::regclass, oid FROM pg_catalog.pg_event_trigger
    UNION ALL SELECT 'pg_catalog.pg_foreign_server'::regclass, oid FROM pg_catalog.pg_foreign_server
    UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid
              FROM pg_catalog.pg_foreign_data_wrapper
) o
WHERE o.objid >= 16384;

