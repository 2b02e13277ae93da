package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Rows written later than the horizon of a join have their true stamps at the newcomer, whichever
 * piece they came in, and once more at one that joins by way of the newcomer, where the rows' own
 * transactions are older than the stamps.
 */
class JoinStampScenario {
    private static final String SCHEMA =
            "CREATE TABLE item (a numeric(8,2), b text, v text, PRIMARY KEY (b, a))";

    private static final int ROWS = 3_000;
    private static final int WRITER = 2;

    /** A few blocks, so that the table is copied in many pieces. */
    private static final long PIECE_BYTES = 32 << 10;

    /** Later than any horizon, and than what the rows were filled with. */
    private static final long LATE_MICROS = 5_000_000_000_000_000L;

    private static final String STAMPS =
            """
            SELECT t.a, t.b, t.v, coalesce(s.micros, pgchorus.micros(x.timestamp)),
                   coalesce(s.node, pgchorus.writer(x.roident))
            FROM item t CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x
            LEFT JOIN pgchorus.stamp s ON s.relation = t.tableoid AND s.row_xmin = t.xmin
             AND s.hash = hash_record_extended(ROW(t.b, t.a), 0)
             AND s.hash2 = hash_record_extended(ROW(t.b, t.a), 1)
            WHERE v <> 'old' ORDER BY a, b\
            """;

    private static final String ENTRIES = "SELECT relation FROM pgchorus.stamp_entry";

    @ParameterizedTest(name = "PostgreSQL {0}")
    @ValueSource(strings = {"14,18,15,17", "18,16,18,14"})
    void lateRowsKeepTheirStampsThroughTwoJoins(String versions) throws InterruptedException {
        List<ServerOptions> servers =
                Arrays.stream(TestGroup.majors(versions)).mapToObj(ServerOptions::of).toList();
        long seed = new Random().nextLong();
        System.out.println("join stamps seed " + seed);
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 2)) {
            group.run(
                    0,
                    "INSERT INTO item SELECT i / 4.0, 'key ' || i % 7, 'old' FROM"
                            + " generate_series(1, 3000) i");
            group.settle();
            group.stopDaemon();
            writeLate(group, new Random(seed));
            group.startDaemon();
            List<String> stamps = group.rows(0, STAMPS);
            assertThat(stamps).as("seed %d", seed).isNotEmpty();
            assertThat(stamps).allMatch(row -> row.contains("|" + LATE_MICROS / 1_000_000_000L));
            join(group, 2, 0);
            assertThat(group.rows(2, STAMPS)).as("seed %d", seed).isEqualTo(stamps);
            join(group, 3, 2);
            assertThat(group.rows(3, STAMPS)).as("seed %d", seed).isEqualTo(stamps);
            assertThat(group.rows(3, ENTRIES)).hasSizeGreaterThanOrEqualTo(stamps.size());
        }
    }

    /** In many transactions of the other node, all over the table. */
    private static void writeLate(TestGroup group, Random dice) {
        try (Session a = Session.open(group.address(0), "test")) {
            a.execute(LinkSql.APPLYING);
            String groupId = a.value("SELECT group_id FROM pgchorus.local");
            a.value(LinkSql.SETUP_ORIGIN, ObjectNames.link(groupId, WRITER, 1));
            for (int i = 0; i < 30; i++) {
                a.begin();
                a.update(
                        "UPDATE item SET v = 'late ' || ?::integer WHERE a IN"
                                + " (SELECT n / 4.0 FROM unnest(?::integer[]) n)",
                        i,
                        dice.ints(10, 1, ROWS + 1)
                                .boxed()
                                .toList()
                                .toString()
                                .replace('[', '{')
                                .replace(']', '}'));
                a.query(LinkSql.STAMP, row -> 0, Stamp.instantOf(LATE_MICROS + i));
                a.commit();
            }
        }
    }

    private static void join(TestGroup group, int node, int via) throws InterruptedException {
        Orders.join(
                new JoinRequest(
                        group.nodes().get(node),
                        group.address(via),
                        JoinRequest.Schema.EXISTING,
                        true,
                        3,
                        PIECE_BYTES),
                JoinProgress.SILENT);
        assertThat(Orders.awaitReady(group.address(0), TestGroup.name(node), 60_000, hint -> {}))
                .isTrue();
    }
}
