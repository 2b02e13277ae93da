package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.conflict.Window;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.AgentSql;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.EmptySql;
import org.pgchorus.sql.ExchangeSql;
import org.pgchorus.sql.GroupSql;
import org.pgchorus.sql.ImageSql;
import org.pgchorus.sql.RowSql;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * What is kept of the rows that one transaction wrote for several: every statement that asks for
 * stamps finds the true ones, and finds them by an index.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {14, 15, 16, 17, 18})
class GroupSqlScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE item (a numeric(8,2), b timestamptz, v text, PRIMARY KEY (a, b));
            CREATE TABLE line (v text)\
            """;

    /** Higher than all clocks for a long time. */
    private static final long LATE = 5_000_000_000_000_000L;

    private static TestGroup group;

    private Session session;
    private Table item;

    GroupSqlScenario(@SuppressWarnings("unused") int major) {}

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        group = TestGroup.of(SCHEMA, major);
        group.stopDaemon();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    /** Row 1 has a stamp of its own, so have 2 and 3, 3 twice in either order; 4 has none. */
    @BeforeEach
    void writeForSeveral() {
        session = Session.open(group.address(0), "test");
        session.execute("TRUNCATE item; DELETE FROM pgchorus.stamp_group");
        item = Catalog.describe(session, new TableName("public", "item")).orElseThrow().table();
        session.execute("PREPARE note AS " + GroupSql.noteStamps(item));
        session.begin();
        session.execute("INSERT INTO item SELECT i, '2026-01-01', i FROM generate_series(1, 4) i");
        session.execute(
                """
                EXECUTE note('{1.0,2,3}', '{2026-01-01,2026-01-01,2026-01-01}',
                             ARRAY[%1$d + 1, %1$d + 2, %1$d + 3], 2)\
                """
                        .formatted(LATE));
        session.execute(
                """
                EXECUTE note('{3,2}', '{2026-01-01 00:00:00+00,2026-01-01}',
                             ARRAY[%1$d + 30, %1$d + 1], 2)\
                """
                        .formatted(LATE));
        session.execute("EXECUTE note('{}', '{}', '{}', 2)");
        session.commit();
    }

    @AfterEach
    void end() {
        session.execute("DEALLOCATE note");
        session.close();
    }

    @Test
    void ofAKeyNamedTwiceTheHighestStampCounts() {
        assertThat(stamps("SELECT v, s.micros, s.node " + joined("item"), 3))
                .containsExactlyInAnyOrder("1|+1|2", "2|+2|2", "3|+30|2");
        assertThat(session.value("SELECT count(*) FROM pgchorus.stamp_group")).isEqualTo("2");
        assertThat(session.query("SELECT last_micros FROM pgchorus.stamp_group", a -> a.number(1)))
                .containsExactlyInAnyOrder(LATE + 3, LATE + 30);
    }

    private static String joined(String table) {
        return """
        FROM %s t JOIN pgchorus.stamp s ON s.row_xmin = t.xmin AND s.relation = t.tableoid
         AND s.hash = hash_record_extended(ROW(t.a, t.b), 0)
         AND s.hash2 = hash_record_extended(ROW(t.a, t.b), 1)\
        """
                .formatted(table);
    }

    /** The given columns of each row, the second shown as its distance from the base. */
    private List<String> stamps(String question, int width) {
        return session.query(
                question,
                a -> {
                    String micros =
                            a.maybe(2).map(m -> "+" + (Long.parseLong(m) - LATE)).orElse("none");
                    return a.text(1) + "|" + micros + (width > 2 ? "|" + a.text(3) : "");
                });
    }

    @Test
    void aLockedRowHasItsTrueStamp() {
        RowSql rows = RowSql.of(item);
        assertThat(stampOf(rows, "1.00")).isEqualTo(LATE + 1 + "@2");
        assertThat(stampOf(rows, "3")).isEqualTo(LATE + 30 + "@2");
        assertThat(stampOf(rows, "4")).isNull();
        session.execute("UPDATE item SET v = 'later' WHERE a = 1");
        assertThat(stampOf(rows, "1")).isNull();
    }

    private String stampOf(RowSql rows, String a) {
        return session.first(
                        rows.lock,
                        answer -> answer.maybe(rows.columnNames().size() + 3),
                        a,
                        "2026-01-01")
                .orElseThrow()
                .orElse(null);
    }

    @Test
    void whatOthersAreGivenHasTrueStampsAndEachRowOnce() throws IOException {
        ByteArrayOutputStream copied = new ByteArrayOutputStream();
        session.copyOut(CopySql.recentOut(item, 0, -1, LATE), copied);
        assertThat(copied.toString(StandardCharsets.UTF_8).lines())
                .map(line -> Long.parseLong(line.split("\t")[0]) - LATE)
                .containsExactlyInAnyOrder(1L, 2L, 30L);
        ExchangeSql exchange = new ExchangeSql(item);
        String later = exchange.rows(new Window(Map.of(2, LATE + 1)));
        assertThat(session.query(later, a -> a.text(3) + "|" + (a.number(4) - LATE)))
                .containsExactly("2|2", "3|30");
        assertThat(session.query(exchange.row, a -> a.number(4) - LATE, "3", "2026-01-01"))
                .containsExactly(30L);
    }

    @Test
    void onlyGroupsThatReachBeyondTheCutoffAreLookedAtRowByRow() {
        String recent = EmptySql.recent(item);
        assertThat(session.query(recent, a -> a.text(2), LATE + 29, LATE + 29, "(0,0)", 10))
                .hasSize(4);
        assertThat(session.query(recent, a -> a.text(2), LATE + 30, LATE + 30, "(0,0)", 10))
                .isEmpty();
    }

    /** Also when there are many groups, so that the planner has a choice. */
    @Test
    void aRowsStampIsFoundByTheTransactionOfTheRow() {
        session.execute(
                """
                INSERT INTO pgchorus.stamp_group
                SELECT n::text::xid, 1, 2, '{1,2}', '{1,2}', '{1,2}', 2
                FROM generate_series(1000000, 1020000) n;
                ANALYZE pgchorus.stamp_group\
                """);
        RowSql rows = RowSql.of(item);
        ExchangeSql exchange = new ExchangeSql(item);
        for (String statement : List.of(rows.lock, exchange.row)) {
            String plan =
                    String.join(
                            "\n",
                            session.query(
                                    "EXPLAIN " + statement, a -> a.text(1), "1", "2026-01-01"));
            assertThat(plan)
                    .contains("stamp_group_xmin")
                    .contains("stamp_entry_key")
                    .doesNotContain("Seq Scan on stamp");
        }
    }

    @Test
    void aGroupGoesWhenAllHavePassedItsLast() {
        session.execute("UPDATE pgchorus.stamp_group SET written = written - interval '1 hour'");
        session.execute(
                "UPDATE pgchorus.stamp_group SET last_micros = 7 WHERE last_micros < "
                        + (LATE + 30));
        session.value(AgentSql.PURGE, 600);
        assertThat(session.query("SELECT last_micros FROM pgchorus.stamp_group", a -> a.number(1)))
                .containsExactly(LATE + 30);
    }

    /** The trigger that keeps versions which go away. */
    @Test
    void aKeptImageHasItsTrueStamp() {
        session.execute(ImageSql.keep(item));
        session.execute("DELETE FROM item WHERE a IN (1, 3)");
        session.execute(ImageSql.drop(item));
        assertThat(
                        session.query(
                                "DELETE FROM pgchorus.parent_image RETURNING micros, node",
                                a -> a.number(1) - LATE + "@" + a.text(2)))
                .containsExactlyInAnyOrder("1@2", "30@2");
    }

    @Test
    void aTableWithoutAKeyHasNoSuchStatement() {
        Table line =
                Catalog.describe(session, new TableName("public", "line")).orElseThrow().table();
        assertThatThrownBy(() -> GroupSql.noteStamps(line)).hasMessageContaining("no key");
    }
}
