-- Event triggers that find clients' changes of the schema. Needs a superuser, or a role that a
-- managed service lets create event triggers. They do not fire for what is applied.

-- Who says it and how: what a function with its owner's rights cannot see any more. Every name is
-- qualified, since this runs with the client's search_path.
CREATE FUNCTION pgchorus.note_ddl_caller() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    context pg_catalog.text;
BEGIN
    GET DIAGNOSTICS context = PG_CONTEXT;
    PERFORM pg_catalog.set_config('pgchorus.ddl_context', context, true);
    PERFORM pg_catalog.set_config('pgchorus.ddl_role', current_user, true);
    PERFORM pg_catalog.set_config('pgchorus.ddl_path',
                                  pg_catalog.current_setting('search_path'), true);
END $$;

-- Whether this session's changes stay here, or are ours.
CREATE FUNCTION pgchorus.stays_here() RETURNS boolean LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(current_setting('pgchorus.replicate_ddl', true), '')
           IN ('off', 'false', 'no', '0') $$;

CREATE FUNCTION pgchorus.note_dropped() RETURNS event_trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('pgchorus.ddl_dropped', (
        SELECT format('%s %s', count(*) FILTER (WHERE d.is_temporary OR d.schema_name = 'pgchorus'
                                                OR d.schema_name LIKE 'pg\_temp%'),
                      count(*))
        FROM pg_event_trigger_dropped_objects() d
        WHERE d.original OR d.schema_name = 'pgchorus'), true);
END $$;

-- After a statement: the group's objects follow, and the others hear of it.
CREATE FUNCTION pgchorus.capture_ddl() RETURNS event_trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    role text := current_setting('pgchorus.ddl_role', true);
    path text := current_setting('pgchorus.ddl_path', true);
    context text := current_setting('pgchorus.ddl_context', true);
    dropped text[] := string_to_array(
        nullif(current_setting('pgchorus.ddl_dropped', true), ''), ' ');
    below text := substr(context, nullif(position(E'\n' IN context), 0) + 1);
    said text := current_query();
    seen text[] := string_to_array(current_setting('pgchorus.ddl_seen', true), ' ');
    nth integer := 0;
    commands integer;
    foreign_ones integer;
    statement text;
    done jsonb;
BEGIN
    IF current_setting('pgchorus.ddl_ours', true) = 'on' THEN
        RETURN;
    END IF;
    PERFORM set_config('pgchorus.ddl_dropped', '', true);
    IF below IS NOT NULL THEN
        -- Said by a function or a DO block; what a function in SQL says has no text here.
        said := CASE WHEN below LIKE 'SQL statement "%'
                     THEN substring(split_part(below, E'"\nPL/pgSQL function ', 1)
                                    FROM '^SQL statement "(.*)$') END;
        said := CASE WHEN position(E'"\nPL/pgSQL function ' IN below) > 0 THEN said END;
    ELSE
        -- Which one it is of those with this tag in the same string.
        nth := CASE WHEN seen[1] = md5(said || statement_timestamp() || TG_TAG)
                    THEN seen[2]::integer + 1 ELSE 1 END;
        PERFORM set_config('pgchorus.ddl_seen',
                           md5(said || statement_timestamp() || TG_TAG) || ' ' || nth, true);
    END IF;
    SELECT count(*), count(*) FILTER (
        WHERE c.in_extension AND c.command_tag <> 'CREATE EXTENSION'
           OR c.schema_name IN ('pg_temp', 'pgchorus') OR c.schema_name LIKE 'pg\_temp%')
    INTO commands, foreign_ones FROM pg_event_trigger_ddl_commands() c;
    IF (commands > 0 AND commands = foreign_ones)
       OR (commands = 0 AND dropped[1]::integer > 0 AND TG_TAG LIKE 'DROP %')
       OR TG_TAG IN ('REINDEX', 'CREATE PUBLICATION', 'ALTER PUBLICATION', 'DROP PUBLICATION',
                     'CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION', 'DROP SUBSCRIPTION') THEN
        RETURN;
    END IF;
    PERFORM set_config('pgchorus.ddl_ours', 'on', true);
    IF pgchorus.stays_here() THEN
        PERFORM pgchorus.follow_schema(false);
    ELSE
        done := pgchorus.follow_schema(true);
        statement := pgchorus.find_statement(said, TG_TAG, nth);
        IF statement IS NOT NULL THEN
            PERFORM pgchorus.say_ddl(role, path, TG_TAG, statement, done);
        ELSIF commands > 0 OR dropped IS NOT NULL THEN
            INSERT INTO pgchorus.ddl_entry (id, node, said, role, tag, statement, state, reason)
            SELECT gen_random_uuid(), node_id, clock_timestamp(), role, TG_TAG,
                   coalesce(said, current_query()), 'local',
                   'not replicated: which of these statements it was is not certain; '
                   'say it alone on one node: pgchorus ddl exec'
            FROM pgchorus.local;
        END IF;
    END IF;
    PERFORM set_config('pgchorus.ddl_ours', 'off', true);
END $$;

CREATE EVENT TRIGGER pgchorus_ddl_1_caller ON ddl_command_end
    EXECUTE FUNCTION pgchorus.note_ddl_caller();
CREATE EVENT TRIGGER pgchorus_ddl_2_capture ON ddl_command_end
    EXECUTE FUNCTION pgchorus.capture_ddl();
CREATE EVENT TRIGGER pgchorus_ddl_dropped ON sql_drop EXECUTE FUNCTION pgchorus.note_dropped();
