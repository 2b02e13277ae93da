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
           IN ('off', 'false', 'no', '0', 'ours') $$;

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

-- What was said: the client's string, or the statement of a function or a DO block; null where
-- there is no text, as in functions written in SQL.
CREATE FUNCTION pgchorus.said_by(context text) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN position(E'\n' IN $1) = 0 THEN current_query()
                WHEN split_part($1, E'\n', 2) LIKE 'SQL statement "%'
                     AND position(E'"\nPL/pgSQL function ' IN $1) > 0
                THEN substring(split_part(substr($1, position(E'\n' IN $1) + 1),
                                          E'"\nPL/pgSQL function ', 1)
                               FROM '^SQL statement "(.*)$') END $$;

-- Before a statement.
CREATE FUNCTION pgchorus.prepare_ddl() RETURNS event_trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    path text := current_setting('pgchorus.ddl_path', true);
    statement text;
BEGIN
    IF coalesce(current_setting('pgchorus.ddl_ours', true), '') <> 'on' THEN
        PERFORM set_config('pgchorus.ddl_ours', 'on', true);
        FOREACH statement IN ARRAY coalesce(pgchorus.split_statements(
            pgchorus.said_by(current_setting('pgchorus.ddl_context', true))), '{}')
        LOOP
            PERFORM pgchorus.make_way(statement, path);
        END LOOP;
        PERFORM set_config('pgchorus.ddl_ours', 'off', true);
    END IF;
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
    said text := pgchorus.said_by(context);
    seen text[] := string_to_array(current_setting('pgchorus.ddl_seen', true), ' ');
    nth integer := 0;
    commands integer;
    foreign_ones integer;
    statement text;
    made oid;
    done jsonb;
BEGIN
    IF current_setting('pgchorus.ddl_ours', true) = 'on' THEN
        RETURN;
    END IF;
    PERFORM set_config('pgchorus.ddl_dropped', '', true);
    IF below IS NULL THEN
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
        IF TG_TAG IN ('CREATE TABLE AS', 'SELECT INTO') AND commands > 0 THEN
            -- The others make it empty, and get its rows as rows.
            made := (SELECT objid FROM pg_event_trigger_ddl_commands() LIMIT 1);
            EXECUTE format('CREATE TEMPORARY TABLE pgchorus_rows AS TABLE %s', made::regclass);
            EXECUTE format('TRUNCATE %s', made::regclass);
            statement := pgchorus.make_empty(made);
        ELSE
            statement := pgchorus.find_statement(said, TG_TAG, nth);
        END IF;
        done := pgchorus.follow_schema(true);
        IF statement IS NOT NULL THEN
            PERFORM pgchorus.say_ddl(role, path, TG_TAG, statement, done);
            PERFORM pgchorus.send_new_values(done -> 'added');
            IF made IS NOT NULL THEN
                EXECUTE format('INSERT INTO %s TABLE pg_temp.pgchorus_rows', made::regclass);
                DROP TABLE pg_temp.pgchorus_rows;
            END IF;
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

CREATE EVENT TRIGGER pgchorus_ddl_0_caller ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION pgchorus.note_ddl_caller();
CREATE EVENT TRIGGER pgchorus_ddl_0_prepare ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION pgchorus.prepare_ddl();
CREATE EVENT TRIGGER pgchorus_ddl_1_caller ON ddl_command_end
    EXECUTE FUNCTION pgchorus.note_ddl_caller();
CREATE EVENT TRIGGER pgchorus_ddl_2_capture ON ddl_command_end
    EXECUTE FUNCTION pgchorus.capture_ddl();
CREATE EVENT TRIGGER pgchorus_ddl_dropped ON sql_drop EXECUTE FUNCTION pgchorus.note_dropped();
