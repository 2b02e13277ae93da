-- Goes behind the script of pg_dump: a DROP for each object that was not there before. What belongs
-- to an extension or to another object goes with that.
CREATE TEMPORARY TABLE pgchorus_made ON COMMIT DROP AS
SELECT pg_catalog.row_number() OVER (ORDER BY o.objid DESC)::integer AS seq, pg_catalog.format(
    'DROP %s IF EXISTS %s CASCADE',
    CASE i.type WHEN 'foreign-data wrapper' THEN 'foreign data wrapper' ELSE i.type END,
    i.identity) AS statement
FROM (
    SELECT 'pg_catalog.pg_namespace'::regclass::oid AS classid, oid AS objid
              FROM pg_catalog.pg_namespace
              WHERE nspname !~ '^pg_'
    UNION ALL SELECT 'pg_catalog.pg_extension'::regclass, oid FROM pg_catalog.pg_extension
    UNION ALL SELECT 'pg_catalog.pg_class'::regclass, oid FROM pg_catalog.pg_class
              WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
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
CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
WHERE o.objid >= 16384 AND coalesce(i.schema, '') !~ '^pg_'
  AND o.classid || '/' || o.objid <> ALL (pg_catalog.string_to_array(
          pg_catalog.current_setting('pgchorus.there'), ' '))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = o.classid AND d.objid = o.objid AND d.objsubid = 0
                    AND d.deptype IN ('e', 'i'));
