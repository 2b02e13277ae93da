-- Everything pgchorus keeps in a database. Plain SQL, no extension; runs in psql as it stands.
-- Undone by remove.sql. Nothing here is published: each node keeps its own.

CREATE SCHEMA pgchorus;

-- Microseconds since 2000-01-01 UTC, the unit of PostgreSQL's own commit timestamps.
CREATE FUNCTION pgchorus.micros(timestamptz) RETURNS bigint
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM $1) * 1000000)::bigint - 946684800000000 $$;

CREATE FUNCTION pgchorus.instant(bigint) RETURNS timestamptz
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$ SELECT timestamptz '2000-01-01 00:00:00+00' + $1 * interval '1 microsecond' $$;

-- Who this database is; exactly one row. clock_high: the latest micros its clock was seen at;
-- clock_stepped: where it stood when it was last seen to step back. policies_read: the fingerprint
-- of the policies that the daemon goes by.
CREATE TABLE pgchorus.local (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    group_id          text NOT NULL,
    node_id           smallint NOT NULL,
    node_name         text NOT NULL,
    system_identifier bigint NOT NULL,
    clock_high        bigint,
    clock_stepped     bigint,
    policies_read     text,
    schema_version    integer NOT NULL DEFAULT 1
);

-- The nodes of the group. Ids are never used twice. An address holds no password.
CREATE TABLE pgchorus.member (
    id      smallint PRIMARY KEY CHECK (id > 0),
    name    text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{0,30}$'),
    address text NOT NULL,
    state   text NOT NULL CHECK (state IN ('joining', 'ready')),
    added   timestamptz NOT NULL DEFAULT now()
);

-- Nodes that were taken out. state: leaving while those that stay give each other what only some of
-- them had of it, then gone. gone_micros: what is committed later was written in sight of all that
-- the node ever wrote and that somebody had received. origin: what its changes were applied under
-- here, number roident; kept while a slot may still decode log from before lsn, and while rows
-- written under it may be younger than what every node has passed.
CREATE TABLE pgchorus.detached (
    id          smallint PRIMARY KEY,
    name        text NOT NULL,
    address     text NOT NULL,
    state       text NOT NULL CHECK (state IN ('leaving', 'gone')),
    since       timestamptz NOT NULL DEFAULT clock_timestamp(),
    gone_micros bigint,
    origin      text,
    roident     oid,
    lsn         pg_lsn,
    dropped     boolean NOT NULL DEFAULT false
);

-- Databases that follow this node one-way. They are no nodes: nothing waits for them but their slot.
CREATE TABLE pgchorus.follower (
    id      text PRIMARY KEY,
    name    text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{0,30}$'),
    address text NOT NULL,
    since   timestamptz NOT NULL DEFAULT now()
);

-- Settings of the group, the same on every node.
CREATE TABLE pgchorus.setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- What a deleted row leaves behind. The stamp is that of the row's own xmin unless one is given.
-- hash and hash2 are hashes of the key columns by their types' own equality; together they stand
-- for the key. An entry without a key is a TRUNCATE: it stands for every key of the relation.
-- provisional: the row was not here when the delete came; looked at again until every transaction
-- that may have been writing it has ended (check_after, an xid8, is the first one that cannot).
CREATE TABLE pgchorus.tombstone_entry (
    relation    oid NOT NULL,
    hash        bigint NOT NULL,
    hash2       bigint NOT NULL,
    key         text[],
    micros      bigint,
    node        smallint,
    provisional boolean NOT NULL DEFAULT false,
    check_after xid8,
    written     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tombstone_entry_key ON pgchorus.tombstone_entry (relation, hash, hash2);
CREATE INDEX tombstone_entry_provisional ON pgchorus.tombstone_entry (written) WHERE provisional;
CREATE INDEX tombstone_entry_written ON pgchorus.tombstone_entry (written);

-- True stamps of the few rows whose xmin does not carry it. Valid only while the row still has
-- that xmin.
CREATE TABLE pgchorus.stamp_entry (
    relation oid NOT NULL,
    hash     bigint NOT NULL,
    hash2    bigint NOT NULL,
    row_xmin xid NOT NULL,
    micros   bigint NOT NULL,
    node     smallint NOT NULL,
    written  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stamp_entry_key ON pgchorus.stamp_entry (relation, hash, hash2);

-- True stamps of the rows that one transaction wrote for several of a writer's. Its own stamp is that
-- of the last of these, and no row's is higher. The n-th of each array belong together; if a key
-- comes twice, the highest micros counts. A row that is not named has the transaction's own stamp.
CREATE TABLE pgchorus.stamp_group (
    row_xmin    xid NOT NULL,
    relation    oid NOT NULL,
    node        smallint NOT NULL,
    hashes      bigint[] NOT NULL,
    hashes2     bigint[] NOT NULL,
    micros      bigint[] NOT NULL,
    last_micros bigint NOT NULL,
    written     timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Hashes do not get smaller by compression, commit times not enough for what it costs, and nobody asks
-- for an array's most common elements.
ALTER TABLE pgchorus.stamp_group
    ALTER hashes SET STORAGE EXTERNAL, ALTER hashes2 SET STORAGE EXTERNAL,
    ALTER micros SET STORAGE EXTERNAL, ALTER hashes SET STATISTICS 0, ALTER hashes2 SET STATISTICS 0,
    ALTER micros SET STATISTICS 0;
-- An xid has no order, so no other kind of index can hold it. A transaction has few relations.
CREATE INDEX stamp_group_xmin ON pgchorus.stamp_group USING hash (row_xmin);
CREATE INDEX stamp_group_written ON pgchorus.stamp_group (written);

-- All true stamps, one for a key and xmin: what is written for a single row never is in a
-- transaction that stands for several. Conditions on relation, hashes and xmin reach the tables.
CREATE VIEW pgchorus.stamp AS
    SELECT e.relation, e.hash, e.hash2, e.row_xmin, e.micros, e.node, e.written
    FROM pgchorus.stamp_entry e
    UNION ALL
    SELECT g.relation, u.hash, u.hash2, g.row_xmin, max(u.micros), g.node, max(g.written)
    FROM pgchorus.stamp_group g
    CROSS JOIN LATERAL unnest(g.hashes, g.hashes2, g.micros) u (hash, hash2, micros)
    GROUP BY g.relation, u.hash, u.hash2, g.row_xmin, g.node;

-- Up to which commit time (micros) a node has applied each peer, as it said in its heartbeats.
-- stepped: where the peer's commit times stood when they were last seen to step back. reached: how
-- far this node's link from the peer was although it held changes back, which micros stays below.
CREATE TABLE pgchorus.progress (
    node   smallint NOT NULL,
    peer   smallint NOT NULL,
    micros bigint NOT NULL,
    stepped bigint,
    reached bigint,
    PRIMARY KEY (node, peer)
);

-- Orders to the links that end here, by the id of the node they come from.
CREATE TABLE pgchorus.link_control (
    from_node     smallint PRIMARY KEY,
    paused        boolean NOT NULL DEFAULT false,
    skip_snapshot text,
    skip_until    pg_lsn,
    heard_tenure  text
);

-- Orders about whole nodes, said on every node. paused: all links into and out of it stand still.
-- read_only: it refuses what clients write to the tables that take part.
CREATE TABLE pgchorus.node_control (
    node      smallint PRIMARY KEY,
    paused    boolean NOT NULL DEFAULT false,
    read_only boolean NOT NULL DEFAULT false
);

-- Peers that this node keeps no WAL for any more, so that they lack something until they are
-- resynced.
CREATE TABLE pgchorus.resync_needed (
    peer   smallint PRIMARY KEY,
    reason text NOT NULL,
    since  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Links of this node, into it or out of it, that a resync has begun to renew. restored: the node was
-- put back to an earlier state.
CREATE TABLE pgchorus.resyncing (
    from_node smallint NOT NULL,
    to_node   smallint NOT NULL,
    restored  boolean NOT NULL,
    since     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (from_node, to_node)
);

-- How far each link that ends here has applied its source's log: the truth that a restart goes by,
-- and that a snapshot shows exactly as far as it shows the rows. (The origin's own position is not
-- it: from 16 on a server moves that also when the transaction is rolled back.)
CREATE TABLE pgchorus.link_position (
    from_node smallint PRIMARY KEY,
    lsn       pg_lsn NOT NULL
) WITH (fillfactor = 10);

-- Each time a daemon begins to serve this node it says so in the log; announced_lsn lies just
-- behind that. Peers keep the last name they heard together with their position, so a position
-- with an older name lies before it. A database put back to an earlier state is told by that.
CREATE TABLE pgchorus.tenure (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL UNIQUE,
    began     timestamptz NOT NULL DEFAULT clock_timestamp(),
    announced_lsn pg_lsn
);

-- What the daemon last said of the links that end here. transaction_bytes: how much of its writer's
-- log a transaction took lately.
CREATE TABLE pgchorus.link_status (
    from_node            smallint PRIMARY KEY,
    state                text NOT NULL,
    reason               text NOT NULL DEFAULT '',
    received_lsn         pg_lsn,
    applied_lsn          pg_lsn,
    durable_lsn          pg_lsn,
    applied_micros       bigint,
    skew_micros          bigint,
    applied_transactions bigint NOT NULL DEFAULT 0,
    applied_changes      bigint NOT NULL DEFAULT 0,
    conflicts            bigint NOT NULL DEFAULT 0,
    standing_at          text,
    said                 timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction_bytes    bigint
);

-- Every conflict this node decided, with both versions, whichever side won.
CREATE TABLE pgchorus.conflict (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time          timestamptz NOT NULL DEFAULT clock_timestamp(),
    schema_name   text NOT NULL,
    table_name    text NOT NULL,
    key           json,
    type          text NOT NULL,
    resolution    text NOT NULL,
    policy        text NOT NULL,
    local         json,
    remote        json,
    local_micros  bigint,
    local_node    smallint,
    remote_micros bigint NOT NULL,
    remote_node   smallint NOT NULL,
    remote_xid    bigint,
    remote_lsn    pg_lsn
);
CREATE INDEX conflict_time ON pgchorus.conflict (time);

-- What decides conflicts where it is not last_update_wins; the same on every node. An empty
-- column_name is for the table as a whole; delta belongs to columns.
CREATE TABLE pgchorus.policy (
    schema_name   text NOT NULL,
    table_name    text NOT NULL,
    column_name   text NOT NULL DEFAULT '',
    policy        text NOT NULL CHECK (policy IN ('last_update_wins', 'apply_remote', 'keep_local',
                                                  'error', 'function', 'delta')),
    function_name text,
    PRIMARY KEY (schema_name, table_name, column_name),
    CHECK ((policy = 'delta') = (column_name <> '')),
    CHECK ((policy = 'function') = (function_name IS NOT NULL))
);

-- What was added to a delta column lately, by an insert or an update. The stamp is that of the
-- row's own xmin unless one is given. A delete that loses to a later write still takes away what
-- was added before it, so the sum of what was added after it has to be known. The key is for newcomers, whose
-- hashes may be others.
CREATE TABLE pgchorus.delta_entry (
    relation    oid NOT NULL,
    hash        bigint NOT NULL,
    hash2       bigint NOT NULL,
    key         text[] NOT NULL,
    column_name text NOT NULL,
    amount      numeric NOT NULL,
    micros      bigint,
    node        smallint,
    written     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delta_entry_key ON pgchorus.delta_entry (relation, hash, hash2);
CREATE INDEX delta_entry_written ON pgchorus.delta_entry (written);

-- Versions that are not in their table because a live row with a higher stamp clashes with them on
-- a unique or exclusion constraint. They come back when it goes. "row": the values of the columns
-- named in columns, in the types' own text forms.
CREATE TABLE pgchorus.displaced_row (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation oid NOT NULL,
    hash     bigint NOT NULL,
    hash2    bigint NOT NULL,
    key      text[] NOT NULL,
    columns  text[] NOT NULL,
    "row"    text[] NOT NULL,
    micros   bigint NOT NULL,
    node     smallint NOT NULL,
    since    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX displaced_row_key ON pgchorus.displaced_row (relation, hash, hash2);

-- Tables that a link cannot change at the moment, and why. What it has for them waits, in order, in
-- held_change_entry, and is tried again until it works. first_lsn: where the transaction commits
-- from which on it is held. reached_micros: up to which commit time the writer's changes of it are
-- merged here.
CREATE TABLE pgchorus.held_table (
    from_node   smallint NOT NULL,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    sqlstate    text NOT NULL,
    message     text NOT NULL,
    failing_seq bigint,
    first_lsn   pg_lsn NOT NULL,
    reached_micros bigint NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (from_node, schema_name, table_name)
);

-- operation: I, U, D, T. The columns, the types' oids and the values are as the source sent them;
-- unchanged says which values of "after" are large ones that were not sent again. seen_nodes and
-- seen_micros: what the writer had applied of others when it wrote.
CREATE TABLE pgchorus.held_change_entry (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_node   smallint NOT NULL,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    xid         bigint NOT NULL,
    commit_lsn  pg_lsn NOT NULL,
    micros      bigint NOT NULL,
    change      bigint NOT NULL,
    operation   "char" NOT NULL,
    identity    "char" NOT NULL,
    columns     text[] NOT NULL,
    key_columns boolean[] NOT NULL,
    types       bigint[] NOT NULL,
    key_only    boolean NOT NULL DEFAULT false,
    before      text[],
    after       text[],
    unchanged   boolean[],
    seen_nodes  smallint[] NOT NULL,
    seen_micros bigint[] NOT NULL,
    bytes       bigint NOT NULL,
    held        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX held_change_entry_table
    ON pgchorus.held_change_entry (from_node, schema_name, table_name, seq);
CREATE INDEX held_change_entry_lsn ON pgchorus.held_change_entry (from_node, commit_lsn);
CREATE INDEX held_change_entry_micros ON pgchorus.held_change_entry (from_node, micros);

-- Conflicts that a link stands at under the policy error. keep: what a person has chosen, the row
-- that is here (local) or the incoming change (remote); null until then.
CREATE TABLE pgchorus.halt (
    from_node     smallint NOT NULL,
    commit_lsn    pg_lsn NOT NULL,
    change        bigint NOT NULL,
    xid           bigint NOT NULL,
    schema_name   text NOT NULL,
    table_name    text NOT NULL,
    key           json,
    type          text NOT NULL,
    local         json,
    remote        json,
    local_micros  bigint,
    local_node    smallint,
    remote_micros bigint NOT NULL,
    since         timestamptz NOT NULL DEFAULT clock_timestamp(),
    keep          text CHECK (keep IN ('local', 'remote')),
    PRIMARY KEY (from_node, commit_lsn, change)
);

-- Changes that an operator had stepped over: this node may differ from the others there until
-- somebody compares and mends it.
CREATE TABLE pgchorus.known_difference (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time        timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_node   smallint NOT NULL,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    xid         bigint NOT NULL,
    commit_lsn  pg_lsn NOT NULL,
    micros      bigint NOT NULL,
    change      bigint NOT NULL,
    operation   "char" NOT NULL,
    before      json,
    after       json,
    reason      text NOT NULL
);

-- What is done about rows whose parent is missing, by foreign key, where it is not just to report
-- them; the same on every node.
CREATE TABLE pgchorus.orphan_policy (
    schema_name     text NOT NULL,
    table_name      text NOT NULL,
    constraint_name text NOT NULL,
    policy          text NOT NULL CHECK (policy IN ('restore-parent', 'remove-child', 'set-null')),
    PRIMARY KEY (schema_name, table_name, constraint_name)
);

-- The last versions of rows that went away, from tables whose rows may have to be restored. micros
-- and node are the version's stamp; NULL: it was written by the transaction that ended it.
CREATE TABLE pgchorus.parent_image (
    relation oid NOT NULL,
    hash     bigint NOT NULL,
    "row"    json NOT NULL,
    micros   bigint,
    node     smallint,
    written  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parent_image_key ON pgchorus.parent_image (relation, hash);
CREATE INDEX parent_image_written ON pgchorus.parent_image (written);

-- Joins that are not at their end: on every node of the group, and at the newcomer, whose daemon waits
-- as long as its own entry is here. bytes and rows: of the copy, as the provider was last told.
CREATE TABLE pgchorus.join_entry (
    node_id     smallint PRIMARY KEY,
    name        text NOT NULL,
    address     text NOT NULL,
    tables_from text NOT NULL,
    rows_from   text NOT NULL,
    step        text NOT NULL,
    bytes_done  bigint NOT NULL DEFAULT 0,
    bytes_total bigint NOT NULL DEFAULT 0,
    rows_done   bigint NOT NULL DEFAULT 0,
    began       timestamptz NOT NULL DEFAULT clock_timestamp(),
    said        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- At a newcomer: which steps of its join are done.
CREATE TABLE pgchorus.join_step (
    step text PRIMARY KEY,
    done timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- At a newcomer, single things of a step: kind 'undo', statements that take the copied tables back;
-- 'after', what is made when the rows are there, with pg_dump's word for it as subject; 'piece', pieces
-- of tables that were copied.
CREATE TABLE pgchorus.join_item (
    kind      text NOT NULL,
    seq       integer NOT NULL,
    subject   text NOT NULL DEFAULT '',
    statement text NOT NULL DEFAULT '',
    done      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, seq)
);

-- What this node healed. key: the child's; "row": the child as it was, or the parent restored.
CREATE TABLE pgchorus.heal (
    seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time            timestamptz NOT NULL DEFAULT clock_timestamp(),
    schema_name     text NOT NULL,
    table_name      text NOT NULL,
    constraint_name text NOT NULL,
    action          text NOT NULL,
    key             json NOT NULL,
    "row"           json NOT NULL
);

-- Orphans that this node is to heal and has not healed yet, and why not.
CREATE TABLE pgchorus.orphan_state (
    schema_name     text NOT NULL,
    table_name      text NOT NULL,
    constraint_name text NOT NULL,
    key             text NOT NULL,
    reason          text NOT NULL
);

-- The node whose writes an origin stands for: 0 is a client of this node, and so is an origin
-- that is not ours; copied rows and own mends have no known writer, which is node 0. An origin that
-- was dropped stands for the node that is gone until its number is given out again.
CREATE FUNCTION pgchorus.writer(origin oid) RETURNS integer
    LANGUAGE sql STABLE STRICT AS $$
    SELECT coalesce(
        (SELECT CASE WHEN o.roname ~ '^pgchorus_[0-9a-f]{8}_[0-9]+_[0-9]+$'
                     THEN split_part(o.roname, '_', 3)::integer
                     WHEN o.roname ~ '^pgchorus_[0-9a-f]{8}_(copy|self)_' THEN 0 END
         FROM pg_catalog.pg_replication_origin o WHERE o.roident = origin),
        (SELECT d.id::integer FROM pgchorus.detached d
         WHERE d.roident = $1 ORDER BY d.id DESC LIMIT 1),
        (SELECT l.node_id FROM pgchorus.local l)::integer) $$;

-- Fails with the given SQLSTATE unless as many were found as wanted. What is applied optimistically
-- says its assumptions by this.
CREATE FUNCTION pgchorus.expect(counted bigint, wanted bigint, code text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF counted <> wanted THEN
        RAISE EXCEPTION USING ERRCODE = code,
            MESSAGE = format('something is in the way: %s counted, %s expected', counted, wanted);
    END IF;
END $$;

-- Fires on a node that is read-only, before clients' writes; not for what is applied.
CREATE FUNCTION pgchorus.refuse_write() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    node text := (SELECT node_name FROM pgchorus.local);
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'read_only_sql_transaction',
        MESSAGE = format('cannot execute %s on %I.%I: node %s is read-only',
                         TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, node),
        HINT = format('Write on another node, or let this one take writes again: '
                      'pgchorus node read-only %s off', node);
END $$;
