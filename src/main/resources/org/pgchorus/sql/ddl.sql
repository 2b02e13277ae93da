-- Schema changes: how those of clients are found, said in the log, and followed. Runs in psql as it
-- stands, behind install.sql and the publication; undone by remove.sql.

-- Statements that change the schema, of all nodes, and where each stands here. node: where a client
-- said it. state: applied, held (it is tried again), skipped (by an operator), local (it stays
-- where it was said). message: what the link got, as long as it is held. change: its number in the
-- writer's transaction.
CREATE TABLE pgchorus.ddl_entry (
    id          text PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    node        smallint NOT NULL,
    said        timestamptz NOT NULL,
    role        text NOT NULL,
    tag         text NOT NULL,
    statement   text NOT NULL,
    state       text NOT NULL CHECK (state IN ('applied', 'held', 'skipped', 'local')),
    reason      text NOT NULL DEFAULT '',
    message     text,
    tables      text[] NOT NULL DEFAULT '{}',
    commit_lsn  pg_lsn,
    micros      bigint,
    done        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ddl_entry_said ON pgchorus.ddl_entry (said);

-- Which new tables take part: as GroupSetting "tables" says, as regular expressions.
CREATE TABLE pgchorus.ddl_pattern (
    seq        integer PRIMARY KEY,
    excludes   boolean NOT NULL,
    schema_fit text NOT NULL,
    table_fit  text NOT NULL
);

-- What the tables looked like after the last change of the schema. item: the column's number, the
-- oid of what else it is. Compared with shape_now this tells what a statement has done.
CREATE TABLE pgchorus.shape (
    relation    oid NOT NULL,
    kind        text NOT NULL,
    item        bigint NOT NULL,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    name        text NOT NULL,
    definition  text NOT NULL,
    PRIMARY KEY (relation, kind, item)
);

-- Names that tables and columns had before: a node that has not heard of a change yet still sends
-- rows by them. A relation, or a number of a column, that is not there any more was dropped.
CREATE TABLE pgchorus.former_name (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation    oid NOT NULL,
    attnum      smallint NOT NULL DEFAULT 0,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    column_name text NOT NULL DEFAULT '',
    since       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_name_table ON pgchorus.former_name (schema_name, table_name, column_name);
CREATE INDEX former_name_column ON pgchorus.former_name (relation, column_name);

-- What the rows that were there got in a column that was added for the whole group. A node that has
-- not heard of it yet still sends rows without it, and they mean just that. Not for columns whose
-- values every node makes by itself. Who applies rows looks whether seq has gone up. passed: when
-- every node was known to have the column.
CREATE TABLE pgchorus.added_column (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation oid NOT NULL,
    attnum   smallint NOT NULL,
    value    text,
    passed   timestamptz
);

-- The names of a table's key columns, in key order; empty for none.
CREATE FUNCTION pgchorus.key_columns(relation oid) RETURNS text[] LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(a.attname::text ORDER BY k.place), '{}')
    FROM pg_class c
    JOIN pg_index i ON i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
         AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE c.oid = $1 AND k.place <= i.indnkeyatts $$;

-- The shape of the tables that clients may own. The kind key is only for ourselves.
CREATE VIEW pgchorus.shape_now AS
    WITH tables AS (
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
               c.relpartbound, c.relrowsecurity, c.relhassubclass
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgchorus')
          AND n.nspname NOT LIKE 'pg\_%'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                            AND d.deptype = 'e'))
    SELECT t.oid AS relation, 'table' AS kind, 0::bigint AS item, t.nspname::text AS schema_name,
           t.relname::text AS table_name, '' AS name,
           concat_ws(' ', t.relkind, t.relpersistence, t.relrowsecurity,
                     pg_get_partkeydef(t.oid), pg_get_expr(t.relpartbound, t.oid),
                     (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
                      FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid)) AS definition
    FROM tables t
    UNION ALL
    SELECT t.oid, 'column', a.attnum, t.nspname, t.relname, a.attname,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attcollation <> y.typcollation
                          THEN (SELECT l.collname FROM pg_catalog.pg_collation l
                                WHERE l.oid = a.attcollation) END,
                     CASE WHEN a.attnotnull THEN 'not null' END,
                     nullif(a.attidentity, '')::text, nullif(a.attgenerated, '')::text,
                     pg_get_expr(d.adbin, d.adrelid))
    FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT t.oid, 'constraint', o.oid::bigint, t.nspname, t.relname, o.conname,
           pg_get_constraintdef(o.oid)
    FROM tables t JOIN pg_catalog.pg_constraint o ON o.conrelid = t.oid
    WHERE o.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT t.oid, 'index', i.indexrelid::bigint, t.nspname, t.relname, x.relname,
           concat_ws(' ', CASE WHEN NOT i.indisvalid THEN 'invalid' END,
                     pg_get_indexdef(i.indexrelid))
    FROM tables t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    UNION ALL
    SELECT t.oid, 'trigger', g.oid::bigint, t.nspname, t.relname, g.tgname,
           concat_ws(' ', g.tgenabled, pg_get_triggerdef(g.oid))
    FROM tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
    WHERE NOT g.tgisinternal AND g.tgname NOT LIKE 'pgchorus\_%'
    UNION ALL
    SELECT t.oid, 'key', 0, t.nspname, t.relname, '',
           concat_ws(' ', pgchorus.key_columns(t.oid),
                     t.relispartition OR t.relhassubclass OR EXISTS (
                         SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid))
    FROM tables t WHERE t.relkind = 'r';

-- Takes a table's triggers away, for a change that they would be in the way of.
CREATE FUNCTION pgchorus.detach_table(relation oid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS pgchorus_deleted ON %1$s;
                    DROP TRIGGER IF EXISTS pgchorus_key_changed ON %1$s;
                    DROP TRIGGER IF EXISTS pgchorus_emptied ON %1$s', relation::regclass);
END $$;

-- What a row that leaves has as its tombstone: its key's hashes and texts.
CREATE FUNCTION pgchorus.entry_of(key text[], alias text) RETURNS text LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('SELECT TG_RELID, pg_catalog.hash_record_extended(ROW(%1$s), 0),'
                  ' pg_catalog.hash_record_extended(ROW(%1$s), 1), ARRAY[%2$s]',
                  string_agg(format('%s.%I', $2, k), ', ' ORDER BY place),
                  string_agg(format('%s.%I::text', $2, k), ', ' ORDER BY place))
    FROM unnest($1) WITH ORDINALITY u (k, place) $$;

-- Makes a table's triggers (again), as TableSql does. Bodies are literals: a column's name may be
-- whatever could end a body in dollars.
CREATE FUNCTION pgchorus.attach_table(relation oid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := relation::regclass;
    key text[] := pgchorus.key_columns(relation);
    row_by_row boolean := (SELECT c.relispartition OR EXISTS (
            SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid)
        FROM pg_class c WHERE c.oid = relation);
    make text := 'CREATE OR REPLACE FUNCTION pgchorus.%s() RETURNS trigger LANGUAGE plpgsql'
        ' SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET DateStyle = ''ISO'''
        ' SET TimeZone = ''UTC'' SET IntervalStyle = ''postgres'' SET extra_float_digits = 3'
        ' SET bytea_output = ''hex'' AS %L';
    body text := '
BEGIN
    INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2, key) %s;
    RETURN NULL;
END ';
    old_key text := (SELECT string_agg(format('OLD.%I', k), ', ' ORDER BY place)
                     FROM unnest(key) WITH ORDINALITY u (k, place));
    new_key text := (SELECT string_agg(format('NEW.%I', k), ', ' ORDER BY place)
                     FROM unnest(key) WITH ORDINALITY u (k, place));
BEGIN
    PERFORM pgchorus.detach_table(relation);
    IF key <> '{}' THEN
        EXECUTE format(make, 'row_left_' || relation,
                       format(body, pgchorus.entry_of(key, 'OLD')));
        IF row_by_row THEN
            EXECUTE format('CREATE TRIGGER pgchorus_deleted AFTER DELETE ON %s
                FOR EACH ROW EXECUTE FUNCTION pgchorus.row_left_%s()', name, relation);
        ELSE
            EXECUTE format(make, 'rows_left_' || relation,
                           format(body, pgchorus.entry_of(key, 'o') || ' FROM gone AS o'));
            EXECUTE format('CREATE TRIGGER pgchorus_deleted AFTER DELETE ON %s
                REFERENCING OLD TABLE AS gone
                FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.rows_left_%s()', name, relation);
        END IF;
        EXECUTE format('CREATE TRIGGER pgchorus_key_changed AFTER UPDATE ON %s FOR EACH ROW
            WHEN (ROW(%s) IS DISTINCT FROM ROW(%s)) EXECUTE FUNCTION pgchorus.row_left_%s()',
            name, old_key, new_key, relation);
    END IF;
    EXECUTE format(make, 'emptied_' || relation,
                   format(body, 'VALUES (TG_RELID, 0, 0, NULL)'));
    EXECUTE format('CREATE TRIGGER pgchorus_emptied AFTER TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.emptied_%s()', name, relation);
END $$;

-- Whether a new table takes part.
CREATE FUNCTION pgchorus.takes_part(schema_name text, table_name text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (NOT EXISTS (SELECT FROM pgchorus.ddl_pattern WHERE NOT excludes)
            OR EXISTS (SELECT FROM pgchorus.ddl_pattern p WHERE NOT p.excludes
                       AND $1 ~ p.schema_fit AND $2 ~ p.table_fit))
        AND NOT EXISTS (SELECT FROM pgchorus.ddl_pattern p WHERE p.excludes
                        AND $1 ~ p.schema_fit AND $2 ~ p.table_fit) $$;

-- Looks at what has become of the tables, and lets the group's objects follow: new tables take
-- part, triggers follow keys, policies follow names. Answers what was added and removed, a JSON
-- array each: kind, schema, table, name, definition.
CREATE FUNCTION pgchorus.follow_schema(replicated boolean) RETURNS jsonb LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before pgchorus.shape[];
    added jsonb;
    removed jsonb;
    it record;
BEGIN
    -- Two that change the schema at once, in one database: one after the other.
    LOCK TABLE pgchorus.shape IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(array_agg(s), '{}') INTO before FROM pgchorus.shape s;
    WITH gone AS (
        DELETE FROM pgchorus.shape s WHERE NOT EXISTS (
            SELECT FROM pgchorus.shape_now n
            WHERE (n.relation, n.kind, n.item, n.schema_name, n.table_name, n.name, n.definition)
                = (s.relation, s.kind, s.item, s.schema_name, s.table_name, s.name, s.definition)))
    SELECT NULL INTO it;
    WITH news AS (
        INSERT INTO pgchorus.shape SELECT * FROM pgchorus.shape_now ON CONFLICT DO NOTHING
        RETURNING *)
    SELECT coalesce(jsonb_agg(jsonb_build_array(kind, schema_name, table_name, name, definition))
                    FILTER (WHERE kind <> 'key'), '[]') INTO added FROM news;
    SELECT coalesce(jsonb_agg(jsonb_build_array(b.kind, b.schema_name, b.table_name, b.name)),
                    '[]') INTO removed
    FROM unnest(before) b
    WHERE b.kind <> 'key' AND NOT EXISTS (
        SELECT FROM pgchorus.shape s
        WHERE (s.kind, s.schema_name, s.table_name, s.name)
            = (b.kind, b.schema_name, b.table_name, b.name));
    IF replicated THEN
        INSERT INTO pgchorus.former_name (relation, attnum, schema_name, table_name, column_name)
        SELECT b.relation, b.item, b.schema_name, b.table_name, b.name FROM unnest(before) b
        LEFT JOIN pgchorus.shape s USING (relation, kind, item)
        WHERE b.kind IN ('table', 'column')
          AND (s.relation IS NULL OR b.name <> s.name
               OR b.kind = 'table' AND (b.schema_name, b.table_name)
                                       <> (s.schema_name, s.table_name))
          AND NOT (b.kind = 'column' AND s.relation IS NULL AND NOT EXISTS (
              SELECT FROM pgchorus.shape t WHERE t.relation = b.relation));
        PERFORM pgchorus.note_added_columns(before);
        FOR it IN SELECT s.relation::regclass AS name FROM pgchorus.shape s
            WHERE s.kind = 'table' AND s.definition LIKE 'r p %'
              AND pgchorus.takes_part(s.schema_name, s.table_name)
              AND NOT EXISTS (SELECT FROM unnest(before) b WHERE b.relation = s.relation
                              AND b.kind = 'table' AND b.definition LIKE 'r p %')
              AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p
                              ON p.oid = r.prpubid WHERE p.pubname = 'pgchorus'
                              AND r.prrelid = s.relation)
        LOOP
            EXECUTE format('ALTER PUBLICATION pgchorus ADD TABLE ONLY %s', it.name);
        END LOOP;
    END IF;
    PERFORM pgchorus.follow_names(before);
    FOR it IN SELECT s.relation FROM pgchorus.shape s
        JOIN pg_publication_rel r ON r.prrelid = s.relation
        JOIN pg_publication p ON p.oid = r.prpubid AND p.pubname = 'pgchorus'
        LEFT JOIN unnest(before) b ON b.relation = s.relation AND b.kind = 'key'
        WHERE s.kind = 'key'
          -- Who works for us makes triggers himself.
          AND (replicated
               OR coalesce(current_setting('pgchorus.replicate_ddl', true), '') <> 'ours')
          AND (b.definition IS DISTINCT FROM s.definition
               OR NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = s.relation
                              AND g.tgname = 'pgchorus_emptied'))
    LOOP
        PERFORM pgchorus.attach_table(it.relation);
    END LOOP;
    RETURN jsonb_build_object('added', added, 'removed', removed);
END $$;

-- Whether a default gives every node other values: what is left of it without literals and types
-- has a function in it.
CREATE FUNCTION pgchorus.differs_by_node(default_value text) RETURNS boolean LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(regexp_replace(regexp_replace(
               $1, '''([^'']|'''')*''', '', 'g'), '::[[:alpha:] ]+(\([0-9, ]+\))?', '', 'g')
           ~ '[(]|CURRENT_|LOCALTIME|SESSION_USER', false) $$;

-- Notes what rows have now in columns that their tables did not have before. (A box has no comma
-- between it and the next one.)
CREATE FUNCTION pgchorus.note_added_columns(before pgchorus.shape[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO' SET TimeZone = 'UTC'
    SET IntervalStyle = 'postgres' SET extra_float_digits = 3 SET bytea_output = 'hex' AS $$
    INSERT INTO pgchorus.added_column (relation, attnum, value)
    SELECT a.attrelid, a.attnum, (a.attmissingval::text::text[])[1]
    FROM pgchorus.shape s
    JOIN pg_attribute a ON a.attrelid = s.relation AND a.attnum = s.item
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE s.kind = 'column' AND y.typdelim = ','
      AND (a.atthasmissing OR d.oid IS NULL) AND a.attidentity = '' AND a.attgenerated = ''
      AND NOT pgchorus.differs_by_node(pg_get_expr(d.adbin, d.adrelid))
      AND EXISTS (SELECT FROM unnest($1) b WHERE b.relation = s.relation)
      AND NOT EXISTS (SELECT FROM unnest($1) b
                      WHERE (b.relation, b.kind, b.item) = (s.relation, s.kind, s.item)) $$;

-- What is kept by the names of tables and columns goes with them.
CREATE FUNCTION pgchorus.follow_names(before pgchorus.shape[]) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
BEGIN
    -- Under their new names, without those that are gone: another one may get such a name.
    UPDATE pgchorus.displaced_row d SET (columns, "row") = (
        SELECT array_agg(coalesce(s.name, v.name) ORDER BY v.place),
               array_agg(v.value ORDER BY v.place)
        FROM unnest(d.columns, d."row") WITH ORDINALITY v (name, value, place)
        LEFT JOIN unnest(before) b ON (b.relation, b.kind, b.name) = (d.relation, 'column', v.name)
        LEFT JOIN pgchorus.shape s ON (s.relation, s.kind, s.item) = (b.relation, b.kind, b.item)
        WHERE b.relation IS NULL OR s.relation IS NOT NULL)
    WHERE EXISTS (SELECT FROM pgchorus.shape s WHERE s.relation = d.relation)
      AND EXISTS (
        SELECT FROM unnest(before) b LEFT JOIN pgchorus.shape s USING (relation, kind, item)
        WHERE b.relation = d.relation AND b.kind = 'column' AND b.name IS DISTINCT FROM s.name);
    FOR it IN SELECT b.kind, b.relation, b.schema_name AS old_schema, b.table_name AS old_table,
                     b.name AS old_name, s.schema_name, s.table_name, s.name
        FROM unnest(before) b LEFT JOIN pgchorus.shape s USING (relation, kind, item)
        WHERE b.kind IN ('table', 'column', 'constraint')
          AND (b.schema_name, b.table_name, b.name)
              IS DISTINCT FROM (s.schema_name, s.table_name, s.name)
    LOOP
        IF it.kind = 'table' AND it.table_name IS NULL THEN
            DELETE FROM pgchorus.policy p
            WHERE (p.schema_name, p.table_name) = (it.old_schema, it.old_table);
            DELETE FROM pgchorus.orphan_policy p
            WHERE (p.schema_name, p.table_name) = (it.old_schema, it.old_table);
            DELETE FROM pgchorus.displaced_row d WHERE d.relation = it.relation;
            EXECUTE format('DROP FUNCTION IF EXISTS pgchorus.row_left_%1$s();
                            DROP FUNCTION IF EXISTS pgchorus.rows_left_%1$s();
                            DROP FUNCTION IF EXISTS pgchorus.emptied_%1$s();
                            DROP FUNCTION IF EXISTS pgchorus.added_%1$s();
                            DROP FUNCTION IF EXISTS pgchorus.changed_%1$s()', it.relation);
        ELSIF it.kind = 'table' THEN
            UPDATE pgchorus.policy p SET schema_name = it.schema_name, table_name = it.table_name
            WHERE (p.schema_name, p.table_name) = (it.old_schema, it.old_table);
            UPDATE pgchorus.orphan_policy p
            SET schema_name = it.schema_name, table_name = it.table_name
            WHERE (p.schema_name, p.table_name) = (it.old_schema, it.old_table);
        ELSIF it.kind = 'constraint' AND it.name <> it.old_name THEN
            UPDATE pgchorus.orphan_policy p SET constraint_name = it.name
            WHERE (p.schema_name, p.table_name, p.constraint_name)
                = (it.schema_name, it.table_name, it.old_name);
        END IF;
    END LOOP;
END $$;

-- Where clients' changes are not captured: finds tables and columns that somebody has changed on
-- this node only, lets the group's objects follow, and writes it down.
CREATE FUNCTION pgchorus.notice_changes() RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    names text;
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'pgchorus_ddl_2_capture') THEN
        RETURN;
    END IF;
    WITH now AS (
        SELECT schema_name, table_name, name, definition FROM pgchorus.shape_now
        WHERE kind IN ('table', 'column')
    ), before AS (
        SELECT schema_name, table_name, name, definition FROM pgchorus.shape
        WHERE kind IN ('table', 'column'))
    SELECT string_agg(DISTINCT format('%s.%s', d.schema_name, d.table_name), ', ') INTO names
    FROM ((TABLE now EXCEPT TABLE before) UNION ALL (TABLE before EXCEPT TABLE now)) d;
    IF names IS NOT NULL THEN
        PERFORM pgchorus.follow_schema(false);
        INSERT INTO pgchorus.ddl_entry (id, node, said, role, tag, statement, state, reason)
        SELECT gen_random_uuid(), node_id, clock_timestamp(), '', '', 'something changed ' || names,
               'local', 'not replicated: statements are not captured here; '
               'say it on another node too: pgchorus ddl exec'
        FROM pgchorus.local;
    END IF;
END $$;

-- Whether all that a statement added elsewhere is here, just so, and what it removed is not.
CREATE FUNCTION pgchorus.is_in_effect(added jsonb, removed jsonb) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT $1 || $2 <> '[]'
       AND NOT EXISTS (
           SELECT FROM jsonb_array_elements($1) a WHERE NOT EXISTS (
               SELECT FROM pgchorus.shape_now n
               WHERE (n.kind, n.schema_name, n.table_name, n.name, n.definition)
                   = (a ->> 0, a ->> 1, a ->> 2, a ->> 3, a ->> 4)))
       AND NOT EXISTS (
           SELECT FROM jsonb_array_elements($2) r JOIN pgchorus.shape_now n
               ON (n.kind, n.schema_name, n.table_name, n.name)
                = (r ->> 0, r ->> 1, r ->> 2, r ->> 3)) $$;

-- The statements of a client's string, with comments before them cut off.
CREATE FUNCTION pgchorus.split_statements(sql text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rest text := sql;
    one text := '';
    statements text[] := '{}';
    part text;
    depth integer := 0;
    found integer;
BEGIN
    WHILE rest <> '' LOOP
        part := substring(rest FROM '^[^''"$;/()-]+');
        IF part IS NULL THEN
            part := left(rest, 1);
            IF part = '''' THEN
                part := substring(rest FROM CASE WHEN one ~ '(^|[^[:alnum:]_$])[eE]$'
                    THEN '^''(?:[^''\\]|''''|\\.)*''' ELSE '^''(?:[^'']|'''')*''' END);
            ELSIF part = '"' THEN
                part := substring(rest FROM '^"(?:[^"]|"")*"');
            ELSIF part = '$' AND one !~ '[[:alnum:]_]$' THEN
                part := substring(rest FROM '^\$(?:[[:alpha:]_][[:alnum:]_]*)?\$');
                IF part IS NULL THEN
                    part := '$';
                ELSE
                    found := position(part IN substr(rest, length(part) + 1));
                    part := CASE WHEN found > 0
                                 THEN left(rest, found + 2 * length(part) - 1) END;
                END IF;
            ELSIF rest LIKE '--%' THEN
                part := substring(rest FROM '^--[^\n\r]*');
            ELSIF rest LIKE '/*%' THEN
                part := pgchorus.leading_comment(rest);
            ELSIF part = '(' THEN
                depth := depth + 1;
            ELSIF part = ')' THEN
                depth := depth - 1;
            END IF;
        END IF;
        IF part IS NULL THEN
            RETURN NULL;  -- something is not closed, or not understood
        END IF;
        rest := substr(rest, length(part) + 1);
        IF part = ';' AND depth = 0 THEN
            statements := statements || one;
            one := '';
        ELSIF one = '' AND part ~ '^(\s+|--.*|/\*.*)$' THEN
            NULL;
        ELSE
            one := one || CASE WHEN one = '' THEN ltrim(part, E' \t\n\r') ELSE part END;
        END IF;
    END LOOP;
    RETURN array_remove(statements || one, '');
END $$;

-- The comment that a text begins with; they nest.
CREATE FUNCTION pgchorus.leading_comment(sql text) RETURNS text LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    depth integer := 0;
    place integer := 1;
BEGIN
    LOOP
        IF substr(sql, place, 2) = '/*' THEN
            depth := depth + 1;
            place := place + 2;
        ELSIF substr(sql, place, 2) = '*/' THEN
            depth := depth - 1;
            place := place + 2;
            EXIT WHEN depth = 0;
        ELSE
            place := place + 1;
        END IF;
        IF place > length(sql) THEN
            RETURN NULL;
        END IF;
    END LOOP;
    RETURN left(sql, place - 1);
END $$;

-- The statement with a tag in what a client or a function said; null if it is not certain.
CREATE FUNCTION pgchorus.find_statement(said text, tag text, nth integer) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    words text[] := string_to_array(CASE tag WHEN 'CREATE TABLE AS' THEN 'CREATE TABLE'
                                             ELSE tag END, ' ');
    noise text := '(OR|REPLACE|TEMP|TEMPORARY|GLOBAL|LOCAL|UNLOGGED|UNIQUE|RECURSIVE|CONSTRAINT'
        '|TRUSTED|PROCEDURAL)';
    pattern text := CASE WHEN tag = 'SELECT INTO' THEN '^\(*\s*(SELECT|WITH)\M'
        ELSE '^' || words[1] || '\M' || CASE WHEN cardinality(words) > 1
             THEN '(\s+' || noise || ')*\s+' || array_to_string(words[2:], '\s+') || '\M'
             ELSE '' END END;
    statements text[];
    fitting text[];
BEGIN
    IF said ~* '\mBEGIN\s+ATOMIC\M' THEN
        -- Has semicolons inside: understood only where it is all there is.
        said := regexp_replace(said, '^(\s+|--[^\n]*\n)+', '');
        RETURN CASE WHEN said ~* pattern AND said ~* '\mEND\s*;?\s*$'
                     AND said !~* '\mEND\s*;\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|SELECT)\M'
                    THEN said END;
    END IF;
    statements := pgchorus.split_statements(said);
    SELECT array_agg(s ORDER BY place) INTO fitting
    FROM unnest(statements) WITH ORDINALITY u (s, place)
    WHERE regexp_replace(s, '/\*.*?\*/|--[^\n]*', ' ', 'g') ~* pattern;
    IF cardinality(fitting) = 1 THEN
        RETURN fitting[1];
    ELSIF nth > 0 AND NOT EXISTS (
        SELECT FROM unnest(statements) s
        WHERE s ~* '^(ROLLBACK|ABORT|COMMIT|END|BEGIN|START|SAVEPOINT|DO|CALL|EXECUTE)\M') THEN
        RETURN fitting[nth];
    END IF;
    RETURN NULL;
END $$;

-- Proves that a message was said by the group: only we can read its key.
CREATE FUNCTION pgchorus.ddl_proof(payload text) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT encode(sha256(convert_to(value || encode(sha256(convert_to(value || $1, 'UTF8')), 'hex'),
                                    'UTF8')), 'hex')
    FROM pgchorus.setting WHERE name = 'ddl_key' $$;

-- Writes a statement down, and says it in the log for the others.
CREATE FUNCTION pgchorus.say_ddl(role text, path text, tag text, statement text, done jsonb)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    payload text;
    id text := gen_random_uuid();
    here integer := (SELECT node_id FROM pgchorus.local);
    names text[] := ARRAY(
        SELECT DISTINCT format('%s.%s', e ->> 1, e ->> 2)
        FROM jsonb_array_elements((done -> 'added') || (done -> 'removed')) e
        WHERE e ->> 0 <> 'trigger' ORDER BY 1);
BEGIN
    INSERT INTO pgchorus.ddl_entry (id, node, said, role, tag, statement, state, tables)
    VALUES (id, here, clock_timestamp(), role, tag, statement, 'applied', names);
    payload := jsonb_build_object('id', id, 'node', here, 'said', clock_timestamp(), 'role', role,
        'path', path, 'tag', tag, 'sql', statement, 'tables', to_jsonb(names)) || done;
    PERFORM pg_logical_emit_message(true, 'pgchorus.ddl',
                                    pgchorus.ddl_proof(payload) || ' ' || payload);
END $$;

-- Before a statement: triggers of ours that would be in its way go, and come back behind it; and
-- where it writes rows anew, these keep their stamps.
CREATE FUNCTION pgchorus.make_way(statement text, path text) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one text := '(?:"(?:[^"]|"")+"|[[:alnum:]_$]+)';
    name text := '(' || one || '(?:\s*\.\s*' || one || ')?)';
    altered text := (regexp_match(statement,
        '^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?' || name, 'i'))[1];
    way text := CASE WHEN statement ~* '\mATTACH\s+PARTITION\M'
                     THEN (regexp_match(statement, '\mATTACH\s+PARTITION\s+' || name, 'i'))[1]
                     WHEN statement ~* '\m(INHERIT|TYPE|DROP)\M' THEN altered END;
    again boolean := statement ~* '\mTYPE\M|\mSTORED\M|\mSET\s+(UNLOGGED|LOGGED|ACCESS)\M';
    it record;
BEGIN
    IF altered IS NULL OR (way IS NULL AND NOT again) THEN
        RETURN;
    END IF;
    PERFORM set_config('search_path', path, true);
    FOR it IN
        WITH RECURSIVE below (relation) AS (
            SELECT pg_catalog.to_regclass(coalesce(way, altered))::pg_catalog.oid
            UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b
                  ON i.inhparent OPERATOR(pg_catalog.=) b.relation)
        SELECT b.relation FROM below b
        JOIN pg_catalog.pg_publication_rel r ON r.prrelid OPERATOR(pg_catalog.=) b.relation
        JOIN pg_catalog.pg_publication p ON p.oid OPERATOR(pg_catalog.=) r.prpubid
             AND p.pubname OPERATOR(pg_catalog.=) 'pgchorus'
    LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', it.relation::regclass);
        IF way IS NOT NULL THEN
            PERFORM pgchorus.detach_table(it.relation);
        END IF;
        IF again THEN
            PERFORM pgchorus.keep_stamps(it.relation);
        END IF;
        PERFORM set_config('search_path', path, true);
    END LOOP;
END $$;

-- Rows that this transaction is about to write anew, all of a table, are the versions they were.
CREATE FUNCTION pgchorus.keep_stamps(relation oid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    keys text := (SELECT string_agg('t.' || quote_ident(k), ', ')
                  FROM unnest(pgchorus.key_columns(relation)) k);
BEGIN
    IF keys IS NOT NULL THEN
        EXECUTE format(
            'INSERT INTO pgchorus.stamp_entry (relation, hash, hash2, row_xmin, micros, node)
             WITH writers AS MATERIALIZED (
                 SELECT o.roident, pgchorus.writer(o.roident) AS node
                 FROM (SELECT 0::oid AS roident UNION SELECT roident FROM pg_replication_origin) o)
             SELECT %1$s, r.hash, r.hash2, pg_current_xact_id()::xid,
                    coalesce(s.micros, pgchorus.micros(x.timestamp), 0),
                    coalesce(s.node, w.node, 0)
             FROM (SELECT t.xmin AS row_xmin, hash_record_extended(ROW(%2$s), 0) AS hash,
                          hash_record_extended(ROW(%2$s), 1) AS hash2 FROM ONLY %3$s t) r
             CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(r.row_xmin) x
             LEFT JOIN writers w ON w.roident = x.roident
             LEFT JOIN LATERAL (
                 SELECT s.micros, s.node FROM pgchorus.stamp s
                 WHERE s.relation = %1$s AND s.hash = r.hash AND s.hash2 = r.hash2
                   AND s.row_xmin = r.row_xmin LIMIT 1) s ON true
             WHERE r.row_xmin <> pg_current_xact_id()::xid',
            relation, keys, relation::regclass);
    END IF;
END $$;

-- What a table made from a question looks like, as a statement that makes it empty.
CREATE FUNCTION pgchorus.make_empty(relation oid) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('CREATE %sTABLE %s (%s)',
                  CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, c.oid::regclass,
                  (SELECT string_agg(format('%I %s%s', a.attname,
                              format_type(a.atttypid, a.atttypmod),
                              CASE WHEN a.attcollation <> y.typcollation
                                   THEN (SELECT format(' COLLATE %I.%I', n.nspname, l.collname)
                                         FROM pg_collation l
                                         JOIN pg_namespace n ON n.oid = l.collnamespace
                                         WHERE l.oid = a.attcollation) ELSE '' END),
                          ', ' ORDER BY a.attnum)
                   FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                   WHERE a.attrelid = c.oid AND a.attnum > 0))
    FROM pg_class c WHERE c.oid = $1 $$;

-- Sends the rows of tables that got a column whose values are other ones on every node.
CREATE FUNCTION pgchorus.send_new_values(added jsonb) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
    role text := current_setting('session_replication_role');
BEGIN
    FOR it IN SELECT DISTINCT a.attrelid::regclass AS name, pgchorus.key_columns(a.attrelid) AS key
        FROM jsonb_array_elements(added) e
        JOIN pgchorus.shape s ON (s.kind, s.schema_name, s.table_name, s.name)
                                 = ('column', e ->> 1, e ->> 2, e ->> 3)
        JOIN pg_attribute a ON a.attrelid = s.relation AND a.attnum = s.item
        JOIN pg_publication_rel r ON r.prrelid = s.relation
        JOIN pg_publication p ON p.oid = r.prpubid AND p.pubname = 'pgchorus'
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE e ->> 0 = 'column' AND a.attgenerated = ''
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(added) t
                          WHERE (t ->> 0, t ->> 1, t ->> 2) = ('table', e ->> 1, e ->> 2))
          AND (a.attidentity <> '' OR pgchorus.differs_by_node(pg_get_expr(d.adbin, d.adrelid)))
    LOOP
        IF it.key <> '{}' THEN
            PERFORM set_config('session_replication_role', 'replica', true);
            EXECUTE format('UPDATE ONLY %1$s SET %2$I = %2$I', it.name, it.key[1]);
            PERFORM set_config('session_replication_role', role, true);
        END IF;
    END LOOP;
END $$;
