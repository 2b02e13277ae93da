-- The rows that repairs changed on this node, as they were and as they were made, so that a repair can
-- be undone. A script of its own, which may run again: a database that was installed before there were
-- repairs gets the table with its first one.
--
-- key, before and after: texts; before or after is null where there was or is no row. columns: what
-- before and after are of. grave: the tombstone that was taken away with it. times: how many equal rows,
-- where there is no key. xid: what the row was made by; as long as its xmin is that, it can be undone.
CREATE TABLE IF NOT EXISTS pgchorus.repair_entry (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repair        text NOT NULL,
    time          timestamptz NOT NULL DEFAULT clock_timestamp(),
    schema_name   text NOT NULL,
    table_name    text NOT NULL,
    key           text[] NOT NULL,
    columns       text[] NOT NULL,
    before        text[],
    before_micros bigint,
    before_node   smallint,
    grave_micros  bigint,
    grave_node    smallint,
    after         text[],
    after_micros  bigint,
    after_node    smallint,
    times         bigint NOT NULL DEFAULT 1,
    xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
    undone        timestamptz
);
CREATE INDEX IF NOT EXISTS repair_entry_repair ON pgchorus.repair_entry (repair);
CREATE INDEX IF NOT EXISTS repair_entry_time ON pgchorus.repair_entry (time);
