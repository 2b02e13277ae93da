-- What people and their programs ask in SQL: views and functions that can be replaced as a whole. Runs
-- behind install.sql, and again when a later version of the daemon serves the node; so a view only
-- ever gets new columns at its end, and nothing here holds data but the state of snowflake_nextval.

-- Databases of the first version have no room for it.
ALTER TABLE pgchorus.link_status ADD COLUMN IF NOT EXISTS transaction_bytes bigint;

CREATE OR REPLACE VIEW pgchorus.node AS
    SELECT m.id, m.name, m.address, m.state, m.id = l.node_id AS local,
           coalesce(c.paused, false) AS paused, coalesce(c.read_only, false) AS read_only
    FROM pgchorus.local l CROSS JOIN pgchorus.member m
    LEFT JOIN pgchorus.node_control c ON c.node = m.id;

CREATE OR REPLACE VIEW pgchorus.link AS
    SELECT f.name AS from_node, l.node_name AS to_node, coalesce(s.state, 'down') AS state, s.reason,
           coalesce(c.paused, false) OR EXISTS (
               SELECT FROM pgchorus.node_control n WHERE n.paused AND n.node IN (f.id, l.node_id))
               AS paused,
           s.received_lsn, s.applied_lsn, s.durable_lsn,
           CASE WHEN s.applied_micros > -9223372036854775808
               THEN pgchorus.instant(s.applied_micros) END AS applied_commit_time,
           s.applied_transactions, s.applied_changes, s.conflicts, s.said
    FROM pgchorus.local l
    JOIN pgchorus.member f ON f.id <> l.node_id
    LEFT JOIN pgchorus.link_status s ON s.from_node = f.id
    LEFT JOIN pgchorus.link_control c ON c.from_node = f.id;

CREATE OR REPLACE VIEW pgchorus.tombstone AS
    SELECT e.relation::regclass AS relation, e.key,
           coalesce(pgchorus.instant(e.micros), pg_xact_commit_timestamp(e.xmin)) AS time,
           coalesce(e.node, pgchorus.writer(
               (pg_xact_commit_timestamp_origin(e.xmin)).roident)) AS node,
           e.provisional, e.written
    FROM pgchorus.tombstone_entry e;

CREATE OR REPLACE VIEW pgchorus.displaced AS
    SELECT d.seq AS displaced_id, n.nspname AS schema, c.relname AS "table", d.key,
           (SELECT json_object_agg(v.name, v.value ORDER BY v.place)
            FROM unnest(d.columns, d."row") WITH ORDINALITY v (name, value, place)) AS "row",
           CASE WHEN d.micros > -9223372036854775808 THEN pgchorus.instant(d.micros) END
               AS commit_time,
           m.name AS node, d.since
    FROM pgchorus.displaced_row d
    JOIN pg_class c ON c.oid = d.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pgchorus.member m ON m.id = d.node;

CREATE OR REPLACE VIEW pgchorus.held_change AS
    SELECT e.seq AS held_id, e.from_node AS from_id, m.name AS from_node, e.schema_name AS schema,
           e.table_name AS "table", e.xid, e.change, e.commit_lsn,
           pgchorus.instant(e.micros) AS commit_time,
           CASE e.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' WHEN 'D' THEN 'delete'
                            ELSE 'truncate' END AS operation,
           (SELECT json_object_agg(v.name, v.value ORDER BY v.place)
            FROM unnest(e.columns, e.before) WITH ORDINALITY v (name, value, place)
            WHERE e.before IS NOT NULL) AS before,
           (SELECT json_object_agg(v.name, v.value ORDER BY v.place)
            FROM unnest(e.columns, e.after, e.unchanged)
                 WITH ORDINALITY v (name, value, missing, place)
            WHERE e.after IS NOT NULL AND v.missing IS NOT TRUE) AS after,
           t.sqlstate, t.message, t.since
    FROM pgchorus.held_change_entry e
    JOIN pgchorus.held_table t USING (from_node, schema_name, table_name)
    LEFT JOIN pgchorus.member m ON m.id = e.from_node;

CREATE OR REPLACE VIEW pgchorus.conflict_history AS
    SELECT l.node_name || '.' || c.seq AS conflict_id, c.time, c.schema_name AS schema,
           c.table_name AS "table", c.key, c.type AS conflict_type, c.resolution, c.policy,
           c.local AS local_tuple, c.remote AS remote_tuple,
           coalesce(ln.name, '') AS local_node,
           CASE WHEN c.local_micros > -9223372036854775808 THEN pgchorus.instant(c.local_micros) END
               AS local_commit_time,
           coalesce(rn.name, c.remote_node::text) AS remote_node,
           pgchorus.instant(c.remote_micros) AS remote_commit_time,
           c.remote_xid, c.remote_lsn,
           c.time AS local_conflict_time, c.schema_name AS object_schema,
           c.table_name AS object_name, c.resolution AS conflict_resolution,
           c.remote_xid AS remote_txid, c.remote_lsn AS remote_commit_lsn
    FROM pgchorus.conflict c
    CROSS JOIN pgchorus.local l
    LEFT JOIN pgchorus.member ln ON ln.id = c.local_node
    LEFT JOIN pgchorus.member rn ON rn.id = c.remote_node;

-- Where this node stands is public; the tables are not.
CREATE OR REPLACE FUNCTION pgchorus.local_node() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT node_name FROM pgchorus.local $$;

-- Waits until this node is ready; false if the time is over first.
CREATE OR REPLACE FUNCTION pgchorus.wait_for_node_ready(timeout interval DEFAULT '1 hour')
    RETURNS boolean LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + timeout;
BEGIN
    LOOP
        IF EXISTS (SELECT FROM pgchorus.node n WHERE n.local AND n.state = 'ready') THEN
            RETURN true;
        END IF;
        IF clock_timestamp() >= deadline THEN
            RETURN false;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;

-- How far each peer is behind this node, one row a peer. pending_wal_decoding: bytes of this node's
-- log that are not sent; pending_wal_to_apply: sent and not durably applied. lag_seconds: since the
-- commit time that the peer says it has reached; it says so once a second.
CREATE OR REPLACE FUNCTION pgchorus.replication_lag() RETURNS TABLE (
        node_name text, application_name text, slot_name text, active boolean, active_pid integer,
        pending_wal_decoding bigint, pending_wal_to_apply bigint, restart_lsn pg_lsn,
        confirmed_flush_lsn pg_lsn, sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn,
        replay_lsn pg_lsn, sender text, receiver text, lag_bytes bigint, lag_seconds numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.name, coalesce(s.application_name, 'pgchorus_' || m.name), r.slot_name::text,
           coalesce(r.active, false), r.active_pid,
           pg_wal_lsn_diff(w.lsn, coalesce(s.sent_lsn, r.confirmed_flush_lsn))::bigint,
           greatest(0, pg_wal_lsn_diff(coalesce(s.sent_lsn, r.confirmed_flush_lsn),
                                       r.confirmed_flush_lsn))::bigint,
           r.restart_lsn, r.confirmed_flush_lsn,
           s.sent_lsn, s.write_lsn, s.flush_lsn, s.replay_lsn,
           l.node_name, m.name, pg_wal_lsn_diff(w.lsn, r.confirmed_flush_lsn)::bigint,
           CASE WHEN w.lsn <= r.confirmed_flush_lsn THEN 0
                -- The lowest number: the peer has not applied anything yet.
                WHEN p.micros > -9223372036854775808
                THEN greatest(0, round(extract(epoch FROM clock_timestamp()
                    - pgchorus.instant(p.micros))::numeric, 3)) END
    FROM pgchorus.local l
    CROSS JOIN (SELECT pg_current_wal_insert_lsn() AS lsn) w
    JOIN pgchorus.member m ON m.id <> l.node_id
    LEFT JOIN pg_replication_slots r
           ON r.slot_name = 'pgchorus_' || l.group_id || '_' || l.node_id || '_' || m.id
    LEFT JOIN pg_stat_replication s ON s.pid = r.active_pid
    LEFT JOIN pgchorus.progress p ON p.node = m.id AND p.peer = l.node_id
    ORDER BY m.id $$;

-- Waits until peers have applied all of this node's log up to lsn, and cannot lose it; false if the
-- time is over first. Call it after the commit, not in the same transaction. nodes: which peers; all if
-- NULL. What a peer holds back for a table is not applied. Peers say how far they are once a second, so
-- this takes about as long; synchronous_standby_names is for every commit.
CREATE OR REPLACE FUNCTION pgchorus.wait_until_applied(
        lsn pg_lsn DEFAULT NULL, nodes text[] DEFAULT NULL, timeout interval DEFAULT '1 minute')
    RETURNS boolean LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + timeout;
    target pg_lsn := coalesce(lsn, pg_current_wal_insert_lsn());
    committed bigint := pgchorus.micros(clock_timestamp());
    lacking bigint;
    stranger text;
BEGIN
    SELECT n INTO stranger FROM unnest(nodes) n
    WHERE NOT EXISTS (SELECT FROM pgchorus.member m, pgchorus.local l
                      WHERE m.name = n AND m.id <> l.node_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('"%s" is no other node of the group', stranger),
            HINT = 'SELECT name FROM pgchorus.node WHERE NOT local';
    END IF;
    LOOP
        SELECT count(*) INTO lacking
        FROM pgchorus.local l
        JOIN pgchorus.member m ON m.id <> l.node_id AND (nodes IS NULL OR m.name = ANY (nodes))
        LEFT JOIN pg_replication_slots r
               ON r.slot_name = 'pgchorus_' || l.group_id || '_' || l.node_id || '_' || m.id
        LEFT JOIN pgchorus.progress p ON p.node = m.id AND p.peer = l.node_id
        WHERE coalesce(r.confirmed_flush_lsn < target, true)
           OR coalesce(p.micros < committed, true);
        IF lacking = 0 THEN
            RETURN true;
        END IF;
        IF clock_timestamp() >= deadline THEN
            RETURN false;
        END IF;
        PERFORM pg_sleep(0.05);
    END LOOP;
END $$;

-- The last snowflake given out here, without the node: milliseconds since 2025-01-01 UTC times 4096,
-- plus a counter. It only ever rises, whatever the clock does.
CREATE SEQUENCE IF NOT EXISTS pgchorus.snowflake_state AS bigint MINVALUE 0 START 0 CACHE 1;

-- A number that no other node gives out, and this one never again: from the highest bit, 1 bit 0, 41
-- bits milliseconds since 2025-01-01 UTC, 10 bits node id, 12 bits counter. While the clock stands
-- behind what was given out, or within one millisecond, the counter goes on, and carries over into the
-- milliseconds. The sequence is the one that would have been asked; it stays as it is.
CREATE OR REPLACE FUNCTION pgchorus.snowflake_nextval(sequence regclass) RETURNS bigint
    LANGUAGE plpgsql VOLATILE STRICT
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id smallint;
    clock bigint := floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000;
    state bigint;
BEGIN
    SELECT node_id INTO STRICT id FROM pgchorus.local;
    IF id > 1023 THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('node id %s does not fit into a snowflake, which has room for 1023', id);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = sequence AND c.relkind = 'S') THEN
        RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is not a sequence', sequence);
    END IF;
    -- Whoever looks and raises does so alone: two must not raise to the same number. The lock is the
    -- session's, so that nobody waits for the end of a transaction; a cancelled call gives it back.
    BEGIN
        PERFORM pg_advisory_lock(1885823848, 5);
        SELECT last_value INTO state FROM pgchorus.snowflake_state;
        IF state + 1 >= clock << 12 THEN
            state := nextval('pgchorus.snowflake_state');
        ELSE
            state := setval('pgchorus.snowflake_state', clock << 12);
        END IF;
        PERFORM pg_advisory_unlock(1885823848, 5);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        PERFORM pg_advisory_unlock(1885823848, 5);
        RAISE;
    END;
    RETURN (state >> 12 << 22) | (id::bigint << 12) | (state & 4095);
END $$;

-- When a snowflake was made, by which node, and which one in its millisecond.
CREATE OR REPLACE FUNCTION pgchorus.snowflake_parts(snowflake bigint,
        OUT made timestamptz, OUT node integer, OUT counter integer)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT timestamptz '2025-01-01 00:00:00+00' + (snowflake >> 22) * interval '1 millisecond',
           ((snowflake >> 12) & 1023)::integer, (snowflake & 4095)::integer $$;

-- A monitoring role needs nothing else. Rows of tables show in some of the views, as they do in what
-- pg_monitor sees of running statements.
GRANT USAGE ON SCHEMA pgchorus TO pg_monitor;
GRANT SELECT ON pgchorus.node, pgchorus.link, pgchorus.conflict_history, pgchorus.tombstone,
    pgchorus.displaced, pgchorus.held_change TO pg_monitor;
-- What a view's functions read, they read as the caller.
GRANT SELECT ON pgchorus.local, pgchorus.detached TO pg_monitor;
