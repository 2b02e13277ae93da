package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Parameters;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Pipeline;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.BulkSql;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Several groups are on their way when one of them is refused: those behind it have not overtaken
 * it, nothing is lost and nothing is done twice.
 */
class InFlightScenario {
    /** Each transaction is an eighth of a group, so that all of them are several groups. */
    private static final int TRANSACTIONS = 64;

    private static final int ROWS = 500;

    private static final String SCHEMA =
            """
            CREATE TABLE item (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
            CREATE TABLE step (id int PRIMARY KEY);
            CREATE TABLE named (id int PRIMARY KEY, name text UNIQUE);
            """;

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 18, 15);
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    /**
     * Everything that a refusal can come from, in the middle: rows that the other has written too,
     * a clash on a second unique constraint, a column that is missing there.
     */
    @Test
    void aGroupThatIsRefusedHoldsUpThoseBehindIt() {
        group.run(
                0,
                "INSERT INTO item SELECT i, 'old' FROM generate_series(1, %d) i".formatted(ROWS));
        group.settle();
        group.awaitHeard();
        group.holdAll();
        group.run(1, "UPDATE item SET v = 'b' WHERE id % 100 = 0");
        group.run(1, "INSERT INTO named VALUES (1, 'taken')");
        for (int i = 0; i < TRANSACTIONS; i++) {
            int number = i;
            group.run(
                    0,
                    """
                    UPDATE item SET n = n + 1, v = CASE
                        WHEN id %% 100 = 0 AND %d < 40 THEN v ELSE 'a %d' END\
                    """
                            .formatted(number, number),
                    "INSERT INTO step VALUES (%d)".formatted(number));
            if (number == 30) {
                group.run(0, "INSERT INTO named VALUES (2, 'taken')");
            }
            if (number == 45) {
                group.run(0, "ALTER TABLE named ADD COLUMN extra int");
                group.run(0, "INSERT INTO named VALUES (3, 'held', 7)");
            }
        }
        group.release(0, 1);
        TestGroup.await(
                "all that is not held has come",
                () ->
                        group.rows(1, "SELECT count(*) FROM step")
                                .equals(List.of(Integer.toString(TRANSACTIONS))));
        group.run(1, "ALTER TABLE named ADD COLUMN extra int");
        group.releaseAll();
        assertThat(group.settledRows("SELECT id, v, n FROM item ORDER BY id"))
                .hasSize(ROWS)
                .allMatch(
                        row -> row.endsWith("|a %d|%d".formatted(TRANSACTIONS - 1, TRANSACTIONS)));
        assertThat(group.settledRows("SELECT id FROM step ORDER BY id"))
                .isEqualTo(IntStream.range(0, TRANSACTIONS).mapToObj(Integer::toString).toList());
        assertThat(group.settledRows("SELECT * FROM named ORDER BY id"))
                .as("of the two with one name the later one is live")
                .containsExactly("2|taken|null", "3|held|7");
        assertThat(group.rows(1, "SELECT count(*) > 0 FROM pgchorus.conflict_history"))
                .containsExactly("t");
    }

    /** Also if the one ahead failed at its very commit, which leaves no transaction open. */
    @Test
    void whatWasSentBehindFailsWithoutTheOneAhead() {
        try (Session session = Session.open(group.address(1), "test")) {
            session.execute("CREATE TEMPORARY TABLE seen (n int)");
            Pipeline pipeline = session.pipeline();
            Lsn there = position(session);
            Lsn elsewhere = new Lsn(there.bytes() + 8);
            send(pipeline, elsewhere, there);
            assertThatThrownBy(pipeline::await)
                    .isInstanceOfSatisfying(
                            PgError.class,
                            e -> assertThat(e.sqlState()).isEqualTo(BulkSql.IN_THE_WAY));
            pipeline.execute(new Pipeline.Statement(BulkSql.ROLLBACK), new Parameters());
            pipeline.sync();
            pipeline.await();
            assertThat(session.value("SELECT count(*) FROM seen")).isEqualTo("0");
        }
    }

    private static Lsn position(Session session) {
        return Lsn.parse(session.value("SELECT max(lsn) FROM pgchorus.link_position"));
    }

    private static void send(Pipeline pipeline, Lsn ahead, Lsn end) {
        pipeline.execute(new Pipeline.Statement(BulkSql.BEGIN), new Parameters());
        pipeline.execute(new Pipeline.Statement("INSERT INTO seen VALUES (1)"), new Parameters());
        pipeline.execute(
                new Pipeline.Statement(
                        BulkSql.moveBehind(true),
                        Parameters.PG_LSN,
                        Parameters.INT2,
                        Parameters.TIMESTAMPTZ,
                        Parameters.INT8,
                        Parameters.PG_LSN),
                new Parameters()
                        .number(end.bytes())
                        .small(1)
                        .number(0)
                        .number(Long.MAX_VALUE)
                        .number(ahead.bytes()));
        pipeline.execute(new Pipeline.Statement(BulkSql.COMMIT), new Parameters());
        pipeline.sync();
    }
}
