package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Whatever goes wrong while a node joins: it is said, and nothing is left on any node. A node that
 * was not reached does not count.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinFaultScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE hot (id int PRIMARY KEY, v text, n bigint NOT NULL DEFAULT 0);
            CREATE TABLE typed (a int PRIMARY KEY, b numeric(12, 3), c timestamptz, d bytea,
                                e text[], f jsonb, g double precision, h interval, i uuid);
            CREATE TABLE plain (a int PRIMARY KEY, b numeric(12, 3), c timestamptz, d bytea,
                                e text[], f jsonb, g double precision, i uuid);
            CREATE TABLE large (id int PRIMARY KEY, big text);
            CREATE TABLE whole (id int) PARTITION BY RANGE (id);
            CREATE TABLE part PARTITION OF whole (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (10);
            CREATE TABLE log (line text);
            """;

    private static final String FILL =
            """
            INSERT INTO hot SELECT g, 'old', g FROM generate_series(1, 20000) g;
            INSERT INTO typed SELECT g, g / 7.0, now() - g * interval '1 hour',
                decode(md5(g::text), 'hex'), ARRAY['x' || g, NULL], json_build_object('g', g),
                g / 3.0, g * interval '1 minute', md5(g::text)::uuid
                FROM generate_series(1, 3000) g;
            INSERT INTO plain SELECT a, b, c, d, e, f, g, i FROM typed;
            INSERT INTO large SELECT g, (SELECT string_agg(md5(g::text || s), '')
                                         FROM generate_series(1, 300) s)
                FROM generate_series(1, 40) g;
            INSERT INTO log SELECT 'line ' || g FROM generate_series(1, 3000) g;
            """;

    private static final int NEWCOMER = 3;

    private static final int REFUSED = 2;

    private TestGroup group;

    @BeforeAll
    void open() {
        List<ServerOptions> servers = Stream.of(14, 18, 16, 18).map(ServerOptions::of).toList();
        group = TestGroup.of(SCHEMA, servers, 2);
        group.run(0, FILL);
        // The order of the columns may differ.
        group.run(
                NEWCOMER,
                "DROP TABLE typed",
                """
                CREATE TABLE typed (i uuid, h interval, g double precision, f jsonb, e text[],
                                    d bytea, c timestamptz, b numeric(12, 3), a int PRIMARY KEY)\
                """,
                "DROP TABLE plain",
                """
                CREATE TABLE plain (i uuid, g double precision, f jsonb, e text[],
                                    d bytea, c timestamptz, b numeric(12, 3), a int PRIMARY KEY)\
                """);
    }

    @AfterAll
    void close() {
        group.close();
    }

    private JoinRequest request(int node, int jobs) {
        return new JoinRequest(
                group.nodes().get(node),
                group.address(0),
                JoinRequest.Schema.EXISTING,
                true,
                jobs,
                64 << 10);
    }

    private List<List<String>> leftovers() {
        return IntStream.range(0, group.size())
                .mapToObj(node -> group.rows(node, JoinScenario.LEFTOVERS))
                .toList();
    }

    /** Does something once, when a join says something that begins in this way. */
    private record At(String beginning, AtomicBoolean done, Consumer<String> deed)
            implements JoinProgress {
        At(String beginning, Consumer<String> deed) {
            this(beginning, new AtomicBoolean(), deed);
        }

        @Override
        public void step(String text) {
            if (text.startsWith(beginning) && done.compareAndSet(false, true)) {
                deed.accept(text);
            }
        }

        @Override
        public void copied(String table, long bytesDone, long bytesTotal, long rows) {
            if (rows > 0) {
                step("copied " + table);
            }
        }
    }

    @Test
    void whatWouldBeDoneIsSaidAndNothingIsTouched() throws InterruptedException {
        List<List<String>> before = leftovers();
        List<String> plan = Orders.planJoin(request(REFUSED, 2), new Said());
        assertThat(plan)
                .hasSize(11)
                .anySatisfy(step -> assertThat(step).startsWith("create a slot for the newcomer"))
                .last()
                .asString()
                .startsWith("let clients write at c");
        assertThat(leftovers()).isEqualTo(before);
    }

    @Test
    void aNodeThatDoesNotAnswerIsNamedWithinTenSeconds() {
        List<List<String>> before = leftovers();
        long began = System.nanoTime();
        group.server(1).suspend();
        try {
            assertThatThrownBy(() -> Orders.join(request(REFUSED, 2), new Said()))
                    .hasMessageContaining("node b cannot be reached")
                    .hasMessageContaining("a join needs every node");
        } finally {
            group.server(1).resume();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        assertThat(leftovers()).isEqualTo(before);
    }

    @Test
    void aProviderThatDiesHalfWayLeavesNothing() {
        List<List<String>> before = leftovers();
        At copying =
                new At(
                        "snapshot",
                        text -> {
                            group.server(0).kill();
                            group.server(0).restart();
                        });
        assertThatThrownBy(() -> Orders.join(request(REFUSED, 2), copying))
                .hasMessageContaining("the snapshot at")
                .hasMessageContaining("join again");
        assertThat(copying.done()).isTrue();
        assertThat(leftovers()).isEqualTo(before);
        assertThat(group.rows(REFUSED, "SELECT count(*) FROM hot")).containsExactly("0");
    }

    /** The error is the server's own for a full disk; a trigger raises it, as no disk is full. */
    @Test
    void aDiskThatIsFullLeavesNothing() {
        group.run(
                REFUSED,
                """
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'could not extend file: No space left on device'
                        USING ERRCODE = 'disk_full';
                END $$\
                """,
                """
                CREATE TRIGGER full_disk BEFORE INSERT ON hot FOR EACH ROW WHEN (NEW.id > 15000)
                EXECUTE FUNCTION full_disk()\
                """,
                "ALTER TABLE hot ENABLE ALWAYS TRIGGER full_disk");
        List<List<String>> before = leftovers();
        assertThatThrownBy(() -> Orders.join(request(REFUSED, 2), new Said()))
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("53100");
        assertThat(leftovers()).isEqualTo(before);
        assertThat(group.rows(REFUSED, "SELECT count(*) FROM hot")).containsExactly("0");
        group.run(REFUSED, "DROP FUNCTION full_disk CASCADE");
    }

    @Test
    void aJoinGoesOnWhenItsConnectionsBreakAndNobodyElseJoinsMeanwhile()
            throws InterruptedException {
        try (HotLoad load = new HotLoad(group, 2, 20_000);
                ApplyWatch watch = new ApplyWatch(group, 1, 0)) {
            List<String> seen = Collections.synchronizedList(new ArrayList<>());
            Said told = new Said();
            JoinProgress meanwhile =
                    both(
                            told,
                            both(
                                    new At("snapshot", text -> refused(seen, watch)),
                                    both(
                                            new At("copied public.hot", text -> broken(seen)),
                                            new At("copied public.log", text -> crashed(seen)))));
            Orders.join(request(NEWCOMER, 3), meanwhile);
            System.out.printf(
                    "the provider's applying stood still for %d ms at most%n",
                    watch.longestMillis());
            assertThat(watch.longestMillis()).isBetween(1L, 30_000L);
            assertThat(seen).hasSize(3);
            assertThat(told.lines())
                    .anySatisfy(line -> assertThat(line).startsWith("copying public."));
            assertThat(
                            Orders.awaitReady(
                                    group.address(0),
                                    TestGroup.name(NEWCOMER),
                                    TestGroup.LIMIT.toMillis(),
                                    hint -> {}))
                    .isTrue();
            load.alsoOn(NEWCOMER);
            load.awaitMore(100);
        }
        group.settle();
        for (String question :
                List.of(
                        "SELECT id, v, n FROM hot ORDER BY id",
                        "SELECT a, b, c, d, e, f, g, h, i FROM typed ORDER BY a",
                        "SELECT a, b, c, d, e, f, g, i FROM plain ORDER BY a",
                        "SELECT id, md5(big) FROM large ORDER BY id",
                        "SELECT line FROM log ORDER BY line")) {
            assertEqual(question);
        }
    }

    /** The node that did not join does not count. */
    private void assertEqual(String question) {
        List<String> rows = group.rows(0, question);
        assertThat(rows).isNotEmpty();
        for (int node : List.of(1, NEWCOMER)) {
            List<String> lacking = new ArrayList<>(rows);
            lacking.removeAll(new HashSet<>(group.rows(node, question)));
            assertThat(lacking).as("%s: what node %d lacks", question, node).isEmpty();
            assertThat(group.rows(node, question)).hasSameSizeAs(rows);
        }
    }

    private static JoinProgress both(JoinProgress one, JoinProgress other) {
        return new JoinProgress() {
            @Override
            public void step(String text) {
                one.step(text);
                other.step(text);
            }

            @Override
            public void copied(String table, long bytesDone, long bytesTotal, long rows) {
                one.copied(table, bytesDone, bytesTotal, rows);
                other.copied(table, bytesDone, bytesTotal, rows);
            }
        };
    }

    /**
     * The provider goes on applying; another join, and clients at the newcomer, are refused, also
     * those who come by a partitioned table.
     */
    private void refused(List<String> seen, ApplyWatch watch) {
        watch.awaitMoves();
        assertThatThrownBy(() -> Orders.join(request(REFUSED, 2), new Said()))
                .hasMessageContaining("another change of the group's membership is under way");
        for (String write :
                List.of(
                        "INSERT INTO hot VALUES (0)",
                        "INSERT INTO whole VALUES (1)",
                        "TRUNCATE whole")) {
            assertThatThrownBy(() -> group.run(NEWCOMER, write))
                    .rootCause()
                    .hasMessageContaining("node d joins its group just now");
        }
        seen.add("refused");
    }

    /** All that copy lose their connections; what is done by then is seen. */
    private void broken(List<String> seen) {
        assertThat(group.problems())
                .anySatisfy(problem ->
                        assertThat(problem)
                                .contains("node d is joining: copy the rows")
                                .contains("%"));
        group.rows(
                NEWCOMER,
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'pgchorus copy'\
                """);
        seen.add("broken");
    }

    /** What was copied by then is there afterwards, or is copied again. */
    private void crashed(List<String> seen) {
        group.server(NEWCOMER).kill();
        group.server(NEWCOMER).restart();
        seen.add("crashed");
    }
}
