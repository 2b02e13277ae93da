-- Everything pgchorus keeps in a follower's database. Plain SQL, no extension; runs in psql as it
-- stands. Undone by remove.sql.

CREATE SCHEMA pgchorus;

-- Whom this database follows; exactly one row. id: what the names at the provider carry.
-- provider_name: its name in its group; null if it is in none. state: joining until it has applied
-- what was committed when its copy was done (ready_lsn, in the provider's log); leaving while it is
-- taken apart.
CREATE TABLE pgchorus.following (
    one                        boolean PRIMARY KEY DEFAULT true CHECK (one),
    id                         text NOT NULL,
    name                       text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,30}$'),
    system_identifier          bigint NOT NULL,
    provider_address           text NOT NULL,
    provider_name              text,
    provider_system_identifier bigint NOT NULL,
    state                      text NOT NULL CHECK (state IN ('joining', 'ready', 'leaving')),
    ready_lsn                  pg_lsn,
    since                      timestamptz NOT NULL DEFAULT now()
);

-- What is followed. filter: only rows that it is true for. columns: only these, if not all.
-- inserts_only: the provider's table has no key, so updates and deletes cannot be sent.
CREATE TABLE pgchorus.followed_table (
    schema_name  text NOT NULL,
    table_name   text NOT NULL,
    filter       text,
    columns      text[] NOT NULL,
    inserts_only boolean NOT NULL,
    PRIMARY KEY (schema_name, table_name)
);

-- How far the provider's log is applied: moved by the very transactions that apply. changes: how
-- many changes of rows that were.
CREATE TABLE pgchorus.follow_position (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    lsn     pg_lsn NOT NULL,
    changes bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- What the daemon last said. transaction_bytes: how much of its provider's log a transaction took
-- lately.
CREATE TABLE pgchorus.follow_status (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    state          text NOT NULL,
    reason         text NOT NULL,
    received_lsn   pg_lsn NOT NULL,
    durable_lsn    pg_lsn NOT NULL,
    applied        timestamptz,
    transactions   bigint NOT NULL,
    changes        bigint NOT NULL,
    standing_at    text NOT NULL,
    said           timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction_bytes bigint
) WITH (fillfactor = 10);

-- What clients wrote into followed tables here. An entry a statement, or a row; the daemon adds
-- them up. rows: 0 for a TRUNCATE.
CREATE TABLE pgchorus.local_write (
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    operation   text NOT NULL,
    rows        bigint NOT NULL,
    since       timestamptz NOT NULL DEFAULT now()
);

-- Changes that found no row to change here, since somebody had deleted it here, and that came
-- without some large unchanged values, so that the row could not be made again.
CREATE TABLE pgchorus.missed_change (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text NOT NULL,
    table_name  text NOT NULL,
    key         text[] NOT NULL,
    time        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Clients need no rights on our schema to have their writes counted.
CREATE FUNCTION pgchorus.note_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    SELECT count(*) INTO n FROM changed;
    IF n > 0 THEN
        INSERT INTO pgchorus.local_write (schema_name, table_name, operation, rows)
        VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP), n);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION pgchorus.note_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO pgchorus.local_write (schema_name, table_name, operation, rows)
    VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP),
            CASE WHEN TG_LEVEL = 'ROW' THEN 1 ELSE 0 END);
    RETURN NULL;
END $$;
