package org.pgchorus.scenario;

import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A server freezes its rows and restarts while older changes are still under way: it must know
 * afterwards how old its rows and tombstones are.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(strings = {"15,15", "18,18", "15,18"})
class FreezeTrapScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static TestGroup group;

    FreezeTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, 99) i");
        group.settle();
        group.awaitHeard();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @ParameterizedTest(name = "node {0} freezes")
    @ValueSource(ints = {0, 1})
    void frozenRowsKeepTheirPlaceInTime(int node) {
        Cast cast = new Cast(group, 10 * node, node, 1 - node, 2);
        group.holdAll();
        cast.onB("UPDATE t SET v = 'older' WHERE id IN ($k, $k + 1)");
        cast.onB("INSERT INTO t VALUES ($m, 'older'), ($m + 1, 'older')");
        cast.onA("UPDATE t SET v = 'newer' WHERE id IN ($k, $k + 2)");
        cast.onA("INSERT INTO t VALUES ($m, 'newer'), ($m + 1, 'newer')");
        cast.onA("DELETE FROM t WHERE id IN ($k + 1, $m + 1)");
        freeze(node);
        group.server(node).restart();
        cast.onB("UPDATE t SET v = 'newest' WHERE id = $k + 2");
        group.deliverFrom(cast.b());
        group.releaseAll();
        cast.assertAnswer(
                "SELECT id - $k, v FROM t WHERE id IN ($k, $k + 1, $k + 2, $m, $m + 1) ORDER BY id",
                "0|newer",
                "2|newest",
                Cast.STEP + "|newer");
        cast.assertRecordedAtA(
                "t", "$k", "update_origin_differs keep_local $k,newer@$A $k,older@$B");
        cast.assertRecordedAtA("t", "$m", "insert_exists keep_local $m,newer@$A $m,older@$B");
    }

    /** No row keeps its transaction's id in sight, in any table of the database. */
    private static void freeze(int node) {
        try (Connection connection = group.connect(node);
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM (FREEZE)");
            statement.execute("CHECKPOINT");
        } catch (SQLException e) {
            throw new IllegalStateException("on node " + TestGroup.name(node), e);
        }
    }
}
