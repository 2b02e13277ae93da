package org.pgchorus.sql;

import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Statements about one-way followers. Those for the provider run on version 12 and later, and need
 * nothing of ours there.
 */
public final class FollowSql {
    private FollowSql() {}

    /** Whether a database is a follower. */
    public static final String INSTALLED = "SELECT to_regclass('pgchorus.following') IS NOT NULL";

    /** Parameters: id, name, provider's address, its name or null, its system identifier. */
    public static final String BECOME =
            """
            INSERT INTO pgchorus.following (id, name, system_identifier, provider_address,
                provider_name, provider_system_identifier, state)
            SELECT ?, ?, system_identifier, ?, ?, ?::bigint, 'joining'
            FROM pg_catalog.pg_control_system()\
            """;

    /**
     * id, name, recorded and real system identifier, provider's address, name and system
     * identifier, state, position or null, ready position or null.
     */
    public static final String FOLLOWING =
            """
            SELECT f.id, f.name, f.system_identifier, c.system_identifier, f.provider_address,
                   f.provider_name, f.provider_system_identifier, f.state, p.lsn, f.ready_lsn
            FROM pgchorus.following f CROSS JOIN pg_catalog.pg_control_system() c
            LEFT JOIN pgchorus.follow_position p ON true\
            """;

    /** Parameters: schema, table, filter or null, columns, whether only inserts come. */
    public static final String ADD_TABLE =
            "INSERT INTO pgchorus.followed_table VALUES (?, ?, ?, ?::text[], ?::boolean)";

    /** schema, table. */
    public static final String TABLES =
            "SELECT schema_name, table_name FROM pgchorus.followed_table ORDER BY 1, 2";

    /** Where the stream begins; parameter: position. */
    public static final String START_AT =
            "INSERT INTO pgchorus.follow_position (lsn) VALUES (?::pg_lsn)";

    /** Parameter: position in the provider's log that makes the follower ready. */
    public static final String READY_AT = "UPDATE pgchorus.following SET ready_lsn = ?::pg_lsn";

    /** Parameter: state. */
    public static final String BE = "UPDATE pgchorus.following SET state = ?";

    /** Makes one that was joining ready, unless it is being taken apart by now. */
    public static final String BE_READY =
            "UPDATE pgchorus.following SET state = 'ready' WHERE state = 'joining'";

    /** How far the provider's log is applied, and how many changes that were. */
    public static final String POSITION = "SELECT lsn, changes FROM pgchorus.follow_position";

    /** Moves it, within the transaction that applies; parameters: position, changes. */
    public static final String MOVE =
            "UPDATE pgchorus.follow_position SET lsn = ?::pg_lsn, changes = changes + ?::bigint";

    /** Makes this transaction's commit wait for the disk, and so all before it durable. */
    public static final String DURABLE = "SET LOCAL synchronous_commit = local";

    /** Whether the follower has triggers of its own that fire for what is replicated. */
    public static final String HAS_TRIGGERS =
            """
            SELECT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                           WHERE NOT t.tgisinternal AND t.tgenabled IN ('R', 'A')
                             AND p.pronamespace <> 'pgchorus'::regnamespace)\
            """;

    /** Says that a change could not be made; parameters: schema, table, key. */
    public static final String MISS =
            """
            INSERT INTO pgchorus.missed_change (schema_name, table_name, key)
            VALUES (?, ?, ?::text[])\
            """;

    /**
     * What the daemon says; parameters: state, reason, received, durable, moment applied or null,
     * transactions, changes, standing at.
     */
    public static final String SAY =
            """
            INSERT INTO pgchorus.follow_status (state, reason, received_lsn, durable_lsn, applied,
                transactions, changes, standing_at)
            VALUES (?, ?, ?::pg_lsn, ?::pg_lsn, ?::timestamptz, ?::bigint, ?::bigint, ?)
            ON CONFLICT (one) DO UPDATE SET (state, reason, received_lsn, durable_lsn, applied,
                transactions, changes, standing_at, said) = (excluded.state, excluded.reason,
                excluded.received_lsn, excluded.durable_lsn,
                coalesce(excluded.applied, follow_status.applied), excluded.transactions,
                excluded.changes, excluded.standing_at, excluded.said)\
            """;

    /**
     * What it said: state, reason, received, durable, transactions, changes, standing at, seconds
     * since it was said, micros from the last applied commit to then or null.
     */
    public static final String STATUS =
            """
            SELECT state, reason, received_lsn, durable_lsn, transactions, changes, standing_at,
                   extract(epoch FROM clock_timestamp() - said)::bigint,
                   (extract(epoch FROM said - applied) * 1000000)::bigint
            FROM pgchorus.follow_status\
            """;

    /** Adds entries of local writes up. */
    public static final String FOLD_WRITES =
            """
            WITH gone AS (
                DELETE FROM pgchorus.local_write w
                WHERE EXISTS (SELECT FROM pgchorus.local_write o
                              WHERE (o.schema_name, o.table_name, o.operation)
                                    = (w.schema_name, w.table_name, w.operation)
                                AND o.ctid <> w.ctid)
                RETURNING *)
            INSERT INTO pgchorus.local_write (schema_name, table_name, operation, rows, since)
            SELECT schema_name, table_name, operation, sum(rows), min(since) FROM gone
            GROUP BY 1, 2, 3\
            """;

    /** What clients wrote here, in words, or null. */
    public static final String LOCAL_WRITES =
            """
            SELECT string_agg(format('%s.%s: %s', schema_name, table_name, what), '; '
                              ORDER BY schema_name, table_name)
            FROM (SELECT schema_name, table_name, string_agg(
                      CASE operation WHEN 'truncate' THEN 'truncated'
                           ELSE format('%s row%s %s', n, CASE WHEN n = 1 THEN '' ELSE 's' END,
                                       CASE operation WHEN 'insert' THEN 'inserted'
                                            WHEN 'update' THEN 'updated' ELSE 'deleted' END)
                      END, ', ' ORDER BY operation DESC) AS what
                  FROM (SELECT schema_name, table_name, operation, sum(rows) AS n
                        FROM pgchorus.local_write GROUP BY 1, 2, 3) w
                  GROUP BY 1, 2) t\
            """;

    /** How many changes found no row, and of which tables. */
    public static final String MISSED =
            """
            SELECT count(*), string_agg(DISTINCT schema_name || '.' || table_name, ', ')
            FROM pgchorus.missed_change\
            """;

    /** At the provider: its system identifier. */
    public static final String SYSTEM =
            "SELECT system_identifier FROM pg_catalog.pg_control_system()";

    /**
     * At the provider: a slot's confirmed position, its status, where the log ends, whether it is
     * read, by whom, restart position, bytes retained; parameter: its name.
     */
    public static final String SLOT =
            """
            SELECT confirmed_flush_lsn, coalesce(to_jsonb(r) ->> 'wal_status', ''),
                   pg_catalog.pg_current_wal_insert_lsn(), active, active_pid, restart_lsn,
                   pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(),
                                              restart_lsn)::bigint
            FROM pg_catalog.pg_replication_slots r WHERE slot_name = ?\
            """;

    /** At the provider, from 14 on: says something that makes followers write their position. */
    public static final String FENCE =
            "SELECT pg_catalog.pg_logical_emit_message(true, 'pgchorus', 'fence')";

    /** At the provider: lets us write although its clients may not any more. */
    public static final String WRITABLE = "SET default_transaction_read_only = off";

    /**
     * At the provider: transactions of clients that write and are open, prepared ones included. By
     * their locks, since those are shown to every role.
     */
    public static final String WRITING =
            """
            SELECT (SELECT count(*) FROM pg_catalog.pg_locks l
                    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
                    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
                      AND a.datname = current_database() AND a.usesysid IS NOT NULL
                      AND a.pid <> pg_catalog.pg_backend_pid()
                      AND a.application_name NOT LIKE 'pgchorus%')
                 + (SELECT count(*) FROM pg_catalog.pg_prepared_xacts
                    WHERE database = current_database())\
            """;

    /** At a node: whether it can have followers. */
    public static final String KNOWS_FOLLOWERS =
            "SELECT to_regclass('pgchorus.follower') IS NOT NULL";

    /** At a node: its followers' id, name and address. */
    public static final String FOLLOWERS = "SELECT id, name, address FROM pgchorus.follower";

    /** At a node; parameters: id, name, address. */
    public static final String ADD_FOLLOWER =
            "INSERT INTO pgchorus.follower (id, name, address) VALUES (?, ?, ?)";

    /** At a node; parameter: id. */
    public static final String FORGET_FOLLOWER = "DELETE FROM pgchorus.follower WHERE id = ?";

    /**
     * At the provider, from 15 on: columns that a publication's row filters use although they are
     * not part of the replica identity, so that PostgreSQL would refuse updates and deletes:
     * schema, table, column; parameter: the publication.
     */
    public static final String FILTERED_BY_OTHERS =
            """
            SELECT DISTINCT n.nspname, c.relname, a.attname
            FROM pg_publication p
            JOIN pg_publication_rel pr ON pr.prpubid = p.oid
            JOIN pg_class c ON c.oid = pr.prrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL regexp_matches(pr.prqual::text, ':varattno (\\d+)', 'g') v
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = v[1]::integer
            WHERE p.pubname = ? AND c.relreplident <> 'f'
              AND NOT EXISTS (
                  SELECT FROM pg_index i
                  WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
                    AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident
                             ELSE i.indisprimary END)
            ORDER BY 1, 2, 3\
            """;

    /**
     * A table as it is published.
     *
     * @param filter a condition, if not all rows
     * @param columns the columns; empty for all
     */
    public record Published(TableName name, Optional<String> filter, List<String> columns) {
        /** Copies the list. */
        public Published {
            columns = List.copyOf(columns);
        }

        private String text() {
            return "ONLY "
                    + Sql.name(name)
                    + (columns.isEmpty() ? "" : " (" + Sql.names(columns) + ")")
                    + filter.map(f -> " WHERE (" + f + ")").orElse("");
        }
    }

    /** Creates a publication of tables. */
    public static String publish(String name, List<Published> tables, boolean insertsOnly) {
        return "CREATE PUBLICATION "
                + Sql.name(name)
                + (tables.isEmpty()
                        ? ""
                        : " FOR TABLE "
                                + tables.stream()
                                        .map(Published::text)
                                        .collect(Collectors.joining(", ")))
                + (insertsOnly ? " WITH (publish = 'insert, truncate')" : "");
    }

    /** Drops a publication if it is there. */
    public static String unpublish(String name) {
        return "DROP PUBLICATION IF EXISTS " + Sql.name(name);
    }

    /** Reads a table's rows, not those of its children. */
    public static String copyOut(TableName table, List<String> columns, Optional<String> filter) {
        return "COPY (SELECT %s FROM ONLY %s%s) TO STDOUT"
                .formatted(
                        Sql.names(columns),
                        Sql.name(table),
                        filter.map(f -> " WHERE (" + f + ")").orElse(""));
    }

    /** Writes them. */
    public static String copyIn(TableName table, List<String> columns) {
        return "COPY %s (%s) FROM STDIN".formatted(Sql.name(table), Sql.names(columns));
    }

    /** Takes a column away that is not followed. */
    public static String dropColumn(TableName table, String column) {
        return "ALTER TABLE ONLY %s DROP COLUMN %s".formatted(Sql.name(table), Sql.name(column));
    }

    /**
     * The triggers that count what clients write; they do not fire for the applier.
     *
     * @param inherits whether it is a partition or a child of another table: such tables allow no
     *     view of all changed rows at once
     */
    public static String triggers(Table table, boolean inherits) {
        String name = Sql.name(table.name());
        String truncated =
                """
                CREATE TRIGGER pgchorus_truncated AFTER TRUNCATE ON %s \
                FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.note_row();
                """
                        .formatted(name);
        if (inherits) {
            return """
            CREATE TRIGGER pgchorus_written AFTER INSERT OR UPDATE OR DELETE ON %s \
            FOR EACH ROW EXECUTE FUNCTION pgchorus.note_row();
            """
                            .formatted(name)
                    + truncated;
        }
        return """
        CREATE TRIGGER pgchorus_inserted AFTER INSERT ON %1$s REFERENCING NEW TABLE AS changed \
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.note_rows();
        CREATE TRIGGER pgchorus_updated AFTER UPDATE ON %1$s REFERENCING NEW TABLE AS changed \
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.note_rows();
        CREATE TRIGGER pgchorus_deleted AFTER DELETE ON %1$s REFERENCING OLD TABLE AS changed \
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.note_rows();
        """
                        .formatted(name)
                + truncated;
    }
}
