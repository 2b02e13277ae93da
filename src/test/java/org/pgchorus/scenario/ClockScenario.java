package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;
import org.pgchorus.demo.ServerOptions;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Servers whose clocks differ, stand still or step back. Stamps are times, so a clock must never
 * decide otherwise than the order in which things were seen.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class ClockScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE big (id int PRIMARY KEY, v text, large text);
            ALTER TABLE big ALTER large SET STORAGE EXTERNAL;
            CREATE TABLE line (n int);
            """;

    private static final Duration UNDER_THE_LIMIT = Duration.ofSeconds(3);
    private static final Duration OVER_THE_LIMIT = Duration.ofMinutes(10);

    private static final List<FakeClock> CLOCKS = new ArrayList<>();

    private static TestGroup group;

    /** How far all clocks that are right have moved on together. */
    private static Duration passed = Duration.ZERO;

    ClockScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        FakeClock.require();
        passed = Duration.ZERO;
        List<ServerOptions> options = new ArrayList<>();
        for (int major : TestGroup.majors(versions)) {
            FakeClock clock = FakeClock.right();
            CLOCKS.add(clock);
            options.add(clock.in(ServerOptions.of(major)));
        }
        group = TestGroup.of(SCHEMA, options);
        group.run(0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, 99) i");
        group.settle();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
        CLOCKS.forEach(FakeClock::close);
        CLOCKS.clear();
    }

    @BeforeEach
    void clocksAreRightAndAllHaveHeardOfAll() {
        setRight();
        group.awaitHeard();
    }

    private static void setRight() {
        CLOCKS.forEach(clock -> clock.ahead(passed));
    }

    private static void setAhead(int node, Duration ahead) {
        CLOCKS.get(node).ahead(passed.plus(ahead));
    }

    /** All clocks move on together, as they do when one waits. */
    private static void letPass(Duration duration) {
        passed = passed.plus(duration);
        setRight();
    }

    @ParameterizedTest(name = "node {0} is heard first")
    @ValueSource(ints = {0, 2})
    void writesOfOneMicrosecondAreSettledByTheirWriters(int first) {
        int key = 10 + first;
        group.holdAll();
        Instant moment = Instant.now().plus(passed).plusSeconds(2);
        CLOCKS.forEach(clock -> clock.standAt(moment));
        write(0, key, "UPDATE t SET v = 'by a' WHERE id IN ($k, $k + 20, $k + 30, $k + 50)");
        write(1, key, "UPDATE t SET v = 'by b' WHERE id IN ($k, $k + 10, $k + 30, $k + 40)");
        write(2, key, "UPDATE t SET v = 'by c' WHERE id IN ($k + 10, $k + 20, $k + 30)");
        write(0, key, "DELETE FROM t WHERE id = $k + 40");
        write(2, key, "DELETE FROM t WHERE id = $k + 50");
        write(0, key, "INSERT INTO t VALUES ($k + 200, 'by a'), ($k + 210, 'by a')");
        write(1, key, "INSERT INTO t VALUES ($k + 200, 'by b')");
        write(2, key, "INSERT INTO t VALUES ($k + 210, 'by c')");
        for (int node = 0; node < group.size(); node++) {
            assertThat(group.rows(node, filled(key, TIMES)))
                    .as("commit times on node %s", TestGroup.name(node))
                    .containsExactly(moment.getEpochSecond() + ".000000");
        }
        setRight();
        group.deliverFrom(first);
        group.deliverFrom(1);
        group.releaseAll();
        assertThat(group.settledRows(filled(key, ROWS)))
                .containsExactly(
                        key + "|by b",
                        key + 10 + "|by c",
                        key + 20 + "|by c",
                        key + 30 + "|by c",
                        key + 40 + "|by b",
                        key + 200 + "|by b",
                        key + 210 + "|by c");
        assertThat(Recorded.of(group, 2, "t", Integer.toString(key)))
                .containsExactly(
                        first == 0
                                ? "update_origin_differs apply_remote $k,by a@a $k,by b@b"
                                        .replace("$k", "" + key)
                                : "update_origin_differs keep_local $k,by b@b $k,by a@a"
                                        .replace("$k", "" + key));
    }

    private static final String ROWS =
            "SELECT id, v FROM t WHERE id IN ($k, $k + 10, $k + 20, $k + 30, $k + 40, $k + 50,"
                    + " $k + 200, $k + 210) ORDER BY id";

    /** The commit times of what was just written, seconds since 1970. */
    private static final String TIMES =
            """
            SELECT DISTINCT extract(epoch FROM pg_xact_commit_timestamp(xmin))::numeric(20,6)
            FROM t WHERE v LIKE 'by %' AND id IN ($k, $k + 10, $k + 20, $k + 30, $k + 40, $k + 50,
                                                  $k + 200, $k + 210)\
            """;

    private static void write(int node, int key, String statement) {
        group.run(node, filled(key, statement));
    }

    private static String filled(int key, String text) {
        return text.replace("$k", Integer.toString(key));
    }

    @Test
    void sequentialWritesEndWithTheLastWhateverTheSkew() {
        setAhead(1, UNDER_THE_LIMIT);
        for (int round = 1; round <= 2; round++) {
            String byA = "A's " + round;
            group.run(0, "UPDATE t SET v = '%s' WHERE id = 3".formatted(byA.replace("'", "''")));
            awaitValue(1, 3, byA);
            String byB = "B's " + round;
            group.run(1, "UPDATE t SET v = '%s' WHERE id = 3".formatted(byB.replace("'", "''")));
            awaitValue(0, 3, byB);
        }
        assertThat(link(1, 0).skewSeconds().orElseThrow())
                .as("the skew that status shows")
                .isBetween(2.0, 3.1);
        group.run(0, "UPDATE t SET v = 'the last' WHERE id = 3");
        assertThat(group.settledRows("SELECT v FROM t WHERE id = 3")).containsExactly("the last");
        setRight();
    }

    @Test
    void linkFromANodeFarAheadStopsAndGoesOnWhenItsTimeHasCome() {
        setAhead(1, OVER_THE_LIMIT);
        for (int to : new int[] {0, 2}) {
            awaitStopped(to);
            assertThat(group.rows(to, APPLIED_IN_THE_FUTURE)).isEmpty();
        }
        group.run(1, "UPDATE t SET v = 'far ahead' WHERE id = 5");
        group.run(0, "UPDATE t SET v = 'on time' WHERE id = 6");
        for (int to = 1; to < group.size(); to++) {
            awaitValue(to, 6, "on time");
        }
        setRight();
        group.run(1, "UPDATE t SET v = 'after the mending' WHERE id = 7");
        awaitStopped(0);
        assertThat(group.rows(0, "SELECT v FROM t WHERE id IN (5, 7)"))
                .containsExactly("old", "old");
        letPass(OVER_THE_LIMIT);
        assertThat(group.settledRows("SELECT id, v FROM t WHERE id IN (5, 6, 7) ORDER BY id"))
                .containsExactly("5|far ahead", "6|on time", "7|after the mending");
        TestGroup.await("all is well", () -> group.problems().isEmpty());
    }

    /** Peers of which a node says that it has applied what its own clock has not reached. */
    private static final String APPLIED_IN_THE_FUTURE =
            """
            SELECT from_node, pgchorus.instant(applied_micros), clock_timestamp()
            FROM pgchorus.link_status
            WHERE applied_micros > pgchorus.micros(clock_timestamp())\
            """;

    private static void awaitStopped(int to) {
        TestGroup.await(
                "link b->" + TestGroup.name(to) + " stops",
                () -> {
                    Status.Link link = link(1, to);
                    return link.state().equals("stopped")
                            && link.reason().contains("ahead of node")
                            && link.reason().contains("clock");
                });
        assertThat(group.problems()).anyMatch(problem -> problem.contains("clock"));
    }

    private static Status.Link link(int from, int to) {
        return Orders.showLink(group.address(0), TestGroup.name(from), TestGroup.name(to));
    }

    private static void awaitValue(int node, int key, String value) {
        TestGroup.await(
                "node %s shows %s".formatted(TestGroup.name(node), value),
                () -> group.rows(node, "SELECT v FROM t WHERE id = " + key).equals(List.of(value)));
    }

    @ParameterizedTest(name = "held: {0}")
    @ValueSource(booleans = {false, true})
    void laterWriteOfAClockThatSteppedBackStands(boolean held) {
        int key = held ? 91 : 81;
        if (held) {
            group.holdAll();
        }
        setAhead(0, UNDER_THE_LIMIT);
        group.run(
                0,
                filled(key, "UPDATE t SET v = 'before' WHERE id IN ($k, $k + 1)"),
                filled(key, "INSERT INTO t VALUES ($k + 200, 'before')"),
                filled(key, "DELETE FROM t WHERE id = $k + 2"));
        setRight();
        group.run(
                0,
                filled(key, "UPDATE t SET v = 'after' WHERE id = $k"),
                filled(key, "DELETE FROM t WHERE id IN ($k + 1, $k + 200)"),
                filled(key, "INSERT INTO t VALUES ($k + 2, 'after')"));
        if (held) {
            group.releaseAll();
        }
        assertThat(group.settledRows(filled(key, STEPPED)))
                .containsExactly(key + "|after", key + 2 + "|after");
        IntStream.range(1, group.size())
                .forEach(node -> {
                    group.run(node, filled(key, "UPDATE t SET v = v || ', seen' WHERE id = $k"));
                    group.settle();
                });
        assertThat(group.settledRows(filled(key, STEPPED)))
                .containsExactly(key + "|after, seen, seen", key + 2 + "|after");
    }

    /**
     * Each row without a key is a group of its own, for which the target is asked the time while
     * those ahead of it are in flight.
     */
    @Test
    void whatIsAheadOfTheTargetsClockIsWaitedForWithoutAStop() throws SQLException {
        group.holdAll();
        setAhead(0, Duration.ofSeconds(2));
        try (Connection connection = group.connect(0);
                Statement statement = connection.createStatement()) {
            statement.execute(
                    """
                    DO $$ BEGIN
                        FOR i IN 1..150 LOOP
                            INSERT INTO line VALUES (i);
                            PERFORM pg_sleep(0.01);
                            COMMIT;
                        END LOOP;
                    END $$\
                    """);
        }
        group.release(0, 1);
        TestGroup.await(
                "all has come, without a stop",
                () -> {
                    assertThat(group.problems())
                            .noneMatch(problem -> problem.contains("internal error"));
                    return group.rows(1, "SELECT count(*) FROM line").equals(List.of("150"));
                });
        letPass(Duration.ofSeconds(2));
        group.releaseAll();
        group.settledRows("SELECT n FROM line ORDER BY n");
    }

    @Test
    void largeValueWrittenAfterTheStepBackIsNotTakenForOneThatWasSeen() {
        group.run(0, "INSERT INTO big VALUES (1, 'old', 'old ' || repeat('x', 10000))");
        group.settle();
        group.awaitHeard();
        group.hold(0, 1);
        group.hold(1, 0);
        setAhead(0, UNDER_THE_LIMIT.negated());
        group.run(0, "UPDATE big SET large = 'new ' || repeat('y', 10000)");
        group.run(1, "UPDATE big SET v = 'by B'");
        TestGroup.await("a has noticed", () -> !group.rows(0, STEP).isEmpty());
        assertThat(group.problems()).anyMatch(problem -> problem.contains("clock stepped back"));
        setRight();
        String written =
                group.rows(1, "SELECT pgchorus.micros(pg_xact_commit_timestamp(xmin)) FROM big")
                        .getFirst();
        TestGroup.await(
                "a has applied c for more than two seconds beyond",
                () ->
                        !group.rows(
                                        0,
                                        "SELECT 1 FROM pgchorus.progress WHERE node = 1 AND peer ="
                                                + " 3 AND micros > 2100000 + "
                                                + written)
                                .isEmpty());
        group.releaseAll();
        assertThat(group.settledRows("SELECT id, v, left(large, 3) FROM big"))
                .containsExactly("1|by B|old");
    }

    private static final String STEP =
            "SELECT 1 FROM pgchorus.local WHERE clock_stepped > pgchorus.micros(clock_timestamp())";

    private static final String STEPPED =
            "SELECT id, v FROM t WHERE id IN ($k, $k + 1, $k + 2, $k + 200) ORDER BY id";
}
