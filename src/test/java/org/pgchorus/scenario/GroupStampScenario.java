package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.GroupSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.RowSql;

import java.util.Arrays;
import java.util.List;

/**
 * A node takes in two of a writer's transactions as one, while a third node writes to the same rows
 * before, between and after them, heard by nobody. Each row is decided by the stamp of the
 * transaction that wrote it, not by that of the last.
 *
 * <p>Node a takes them in by hand; c hears the writer b in the ordinary way. Then a fourth one
 * joins by a copy of a.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(strings = {"14,16,17,18", "18,17,15,14"})
class GroupStampScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE emptied (id int PRIMARY KEY, v text);
            CREATE TABLE mail (id int PRIMARY KEY, address text UNIQUE);
            CREATE TABLE late (id int PRIMARY KEY, v text)\
            """;

    private static final int A = 0;
    private static final int B = 1;
    private static final int C = 2;
    private static final int NEWCOMER = 3;

    /** The writer's id: ids are given in the order of joining, from 1. */
    private static final int WRITER = 2;

    private static final long MINUTE_MICROS = 60_000_000;

    private static TestGroup group;

    /** When b's two transactions were committed. */
    private static long firstMicros;

    private static long lastMicros;

    GroupStampScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        List<ServerOptions> servers =
                Arrays.stream(TestGroup.majors(versions)).mapToObj(ServerOptions::of).toList();
        group = TestGroup.of(SCHEMA, servers, 3);
        group.run(A, "INSERT INTO t SELECT i, 'old' FROM generate_series(1, 10) i");
        group.settle();
        group.stopDaemon();
        writeUnheard();
        takeIn();
        group.startDaemon();
        group.settle();
        takeInLate();
        group.join(NEWCOMER);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    private static void writeUnheard() {
        group.run(C, "UPDATE t SET v = 'C0' WHERE id IN (2, 3)");
        group.run(
                B,
                "UPDATE t SET v = 'B1' WHERE id IN (1, 2, 4, 5, 7)",
                "DELETE FROM t WHERE id = 9",
                "INSERT INTO emptied VALUES (1, 'B1')",
                "INSERT INTO mail VALUES (1, 'x')");
        group.run(
                C,
                "UPDATE t SET v = 'C1' WHERE id IN (1, 4, 6, 9, 10)",
                "DELETE FROM t WHERE id = 5",
                "TRUNCATE emptied",
                "INSERT INTO mail VALUES (2, 'x')");
        group.run(
                B,
                "UPDATE t SET v = 'B2' WHERE id IN (4, 6)",
                "DELETE FROM t WHERE id = 10",
                "INSERT INTO emptied VALUES (2, 'B2')");
        group.run(C, "UPDATE t SET v = 'C2' WHERE id IN (7, 8)");
    }

    /** Does at a what b did, in one transaction. */
    private static void takeIn() {
        firstMicros = writtenAtB("emptied", 1);
        lastMicros = writtenAtB("emptied", 2);
        try (Session a = applying()) {
            a.begin();
            a.execute("UPDATE t SET v = 'B1' WHERE id IN (1, 2, 5, 7)");
            a.execute("UPDATE t SET v = 'B2' WHERE id IN (4, 6)");
            a.execute("DELETE FROM t WHERE id IN (9, 10)");
            RowSql rows = RowSql.of(table(a, "t"));
            a.update(rows.bury, "9", "9", "9", false, firstMicros, WRITER);
            a.update(rows.bury, "10", "10", "10", false, null, null);
            a.execute("INSERT INTO emptied VALUES (1, 'B1'), (2, 'B2')");
            a.execute("INSERT INTO mail VALUES (1, 'x')");
            note(a, "t", firstMicros, 1, 2, 4, 5, 7);
            note(a, "t", lastMicros, 4);
            note(a, "emptied", firstMicros, 1);
            note(a, "mail", firstMicros, 1);
            commit(a, lastMicros);
        }
    }

    /** Rows that are later than any horizon, which a newcomer has to know. */
    private static void takeInLate() {
        group.stopDaemon();
        try (Session a = applying()) {
            a.begin();
            a.execute("INSERT INTO late VALUES (1, 'first'), (2, 'second'), (3, 'last')");
            note(a, "late", lastMicros + 10 * MINUTE_MICROS, 1, 2);
            note(a, "late", lastMicros + 11 * MINUTE_MICROS, 2);
            commit(a, lastMicros + 12 * MINUTE_MICROS);
        }
        group.startDaemon();
    }

    private static long writtenAtB(String table, int id) {
        String question =
                "SELECT pgchorus.micros(pg_xact_commit_timestamp(xmin)) FROM %s WHERE id = %d";
        return Long.parseLong(group.rows(B, question.formatted(table, id)).getFirst());
    }

    private static Session applying() {
        Session a = Session.open(group.address(A), "test");
        a.execute(LinkSql.APPLYING);
        String groupId = a.value("SELECT group_id FROM pgchorus.local");
        a.value(LinkSql.SETUP_ORIGIN, ObjectNames.link(groupId, WRITER, 1));
        return a;
    }

    private static Table table(Session session, String name) {
        return Catalog.describe(session, new TableName("public", name)).orElseThrow().table();
    }

    private static void note(Session session, String table, long micros, Integer... keys) {
        session.execute("PREPARE note AS " + GroupSql.noteStamps(table(session, table)));
        session.execute(
                "EXECUTE note(ARRAY%1$s::text[], array_fill(%2$d::bigint, ARRAY[%3$d]), %4$d)"
                        .formatted(Arrays.toString(keys), micros, keys.length, WRITER));
        session.execute("DEALLOCATE note");
    }

    private static void commit(Session session, long micros) {
        String position = group.rows(B, "SELECT pg_current_wal_flush_lsn()").getFirst();
        session.value(LinkSql.MOVE, position, WRITER, 0, position, Stamp.instantOf(micros));
        session.commit();
    }

    @Test
    void eachRowIsDecidedByTheTransactionThatWroteIt() {
        List<String> expected =
                List.of("1|C1", "2|B1", "3|C0", "4|B2", "6|B2", "7|C2", "8|C2", "9|C1");
        for (int node = A; node <= NEWCOMER; node++) {
            assertThat(group.rows(node, "SELECT * FROM t ORDER BY id"))
                    .as("node %s", TestGroup.name(node))
                    .isEqualTo(expected);
        }
    }

    @Test
    void truncateTakesWhatWasWrittenBeforeItAndLeavesTheRest() {
        for (int node = A; node <= NEWCOMER; node++) {
            assertThat(group.rows(node, "SELECT * FROM emptied"))
                    .as("node %s", TestGroup.name(node))
                    .containsExactly("2|B2");
        }
    }

    @Test
    void ofTwoRowsThatClashTheOneWrittenLaterIsLive() {
        for (int node = A; node <= NEWCOMER; node++) {
            assertThat(group.rows(node, "SELECT * FROM mail"))
                    .as("node %s", TestGroup.name(node))
                    .containsExactly("2|x");
            assertThat(group.rows(node, "SELECT key, micros FROM pgchorus.displaced_row"))
                    .as("node %s", TestGroup.name(node))
                    .containsExactly("{1}|" + firstMicros);
        }
    }

    @Test
    void theHistoryNamesTrueStamps() {
        assertThat(
                        group.rows(
                                A,
                                """
                                SELECT local_micros, local_node, resolution FROM pgchorus.conflict
                                WHERE table_name = 't' AND key ->> 'id' = '1'\
                                """))
                .containsExactly(firstMicros + "|" + WRITER + "|apply_remote");
    }

    @Test
    void aNewcomerGetsTrueStamps() {
        assertThat(
                        group.rows(
                                NEWCOMER,
                                """
                                SELECT l.id, s.micros, s.node
                                FROM late l JOIN pgchorus.stamp s ON s.row_xmin = l.xmin
                                 AND s.relation = l.tableoid
                                 AND s.hash = hash_record_extended(ROW(l.id), 0)
                                 AND s.hash2 = hash_record_extended(ROW(l.id), 1)
                                ORDER BY l.id\
                                """))
                .containsExactly(
                        "1|%d|%d".formatted(lastMicros + 10 * MINUTE_MICROS, WRITER),
                        "2|%d|%d".formatted(lastMicros + 11 * MINUTE_MICROS, WRITER),
                        "3|%d|%d".formatted(lastMicros + 12 * MINUTE_MICROS, WRITER));
    }
}
