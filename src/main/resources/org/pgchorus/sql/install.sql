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
-- clock_stepped: where it stood when it was last seen to step back.
CREATE TABLE pgchorus.local (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    group_id          text NOT NULL,
    node_id           smallint NOT NULL,
    node_name         text NOT NULL,
    system_identifier bigint NOT NULL,
    clock_high        bigint,
    clock_stepped     bigint,
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
CREATE TABLE pgchorus.stamp (
    relation oid NOT NULL,
    hash     bigint NOT NULL,
    hash2    bigint NOT NULL,
    row_xmin xid NOT NULL,
    micros   bigint NOT NULL,
    node     smallint NOT NULL,
    written  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stamp_key ON pgchorus.stamp (relation, hash, hash2);

-- Up to which commit time (micros) a node has applied each peer, as it said in its heartbeats.
-- stepped: where the peer's commit times stood when they were last seen to step back.
CREATE TABLE pgchorus.progress (
    node   smallint NOT NULL,
    peer   smallint NOT NULL,
    micros bigint NOT NULL,
    stepped bigint,
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

-- What the daemon last said of the links that end here.
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
    said                 timestamptz NOT NULL DEFAULT clock_timestamp()
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

-- The node whose writes an origin stands for: 0 is a client of this node, and so is an origin
-- that is not ours; copied rows and own mends have no known writer, which is node 0.
CREATE FUNCTION pgchorus.writer(origin oid) RETURNS integer
    LANGUAGE sql STABLE STRICT AS $$
    SELECT coalesce(
        (SELECT CASE WHEN o.roname ~ '^pgchorus_[0-9a-f]{8}_[0-9]+_[0-9]+$'
                     THEN split_part(o.roname, '_', 3)::integer
                     WHEN o.roname ~ '^pgchorus_[0-9a-f]{8}_(copy|self)_' THEN 0 END
         FROM pg_catalog.pg_replication_origin o WHERE o.roident = origin),
        (SELECT l.node_id FROM pgchorus.local l)::integer) $$;

CREATE VIEW pgchorus.node AS
    SELECT m.id, m.name, m.address, m.state, m.id = l.node_id AS local
    FROM pgchorus.member m, pgchorus.local l;

CREATE VIEW pgchorus.link AS
    SELECT f.name AS from_node, l.node_name AS to_node, coalesce(s.state, 'down') AS state, s.reason,
           coalesce(c.paused, false) AS paused, s.received_lsn, s.applied_lsn, s.durable_lsn,
           pgchorus.instant(s.applied_micros) AS applied_commit_time,
           s.applied_transactions, s.applied_changes, s.conflicts, s.said
    FROM pgchorus.local l
    JOIN pgchorus.member f ON f.id <> l.node_id
    LEFT JOIN pgchorus.link_status s ON s.from_node = f.id
    LEFT JOIN pgchorus.link_control c ON c.from_node = f.id;

CREATE VIEW pgchorus.tombstone AS
    SELECT e.relation::regclass AS relation, e.key,
           coalesce(pgchorus.instant(e.micros), pg_xact_commit_timestamp(e.xmin)) AS time,
           coalesce(e.node, pgchorus.writer(
               (pg_xact_commit_timestamp_origin(e.xmin)).roident)) AS node,
           e.provisional, e.written
    FROM pgchorus.tombstone_entry e;

CREATE VIEW pgchorus.conflict_history AS
    SELECT l.node_name || '.' || c.seq AS conflict_id, c.time, c.schema_name AS schema,
           c.table_name AS "table", c.key, c.type AS conflict_type, c.resolution, c.policy,
           c.local AS local_tuple, c.remote AS remote_tuple,
           coalesce(ln.name, '') AS local_node,
           CASE WHEN c.local_micros > -9223372036854775808 THEN pgchorus.instant(c.local_micros) END
               AS local_commit_time,
           coalesce(rn.name, c.remote_node::text) AS remote_node,
           pgchorus.instant(c.remote_micros) AS remote_commit_time,
           c.remote_xid, c.remote_lsn
    FROM pgchorus.conflict c
    CROSS JOIN pgchorus.local l
    LEFT JOIN pgchorus.member ln ON ln.id = c.local_node
    LEFT JOIN pgchorus.member rn ON rn.id = c.remote_node;

CREATE FUNCTION pgchorus.local_node() RETURNS text
    LANGUAGE sql STABLE AS $$ SELECT node_name FROM pgchorus.local $$;
