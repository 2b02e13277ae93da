package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgchorus.demo.ServerOptions;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Three nodes, clients everywhere, and every process is killed now and then. At the end all nodes
 * are equal, and every line whose commit a client was told of is there once.
 *
 * <p>{@code -Dstorm.first=N -Dstorm.count=N -Dstorm.seconds=N -Dstorm.versions=18,14,14} choose
 * other storms.
 */
class StormScenario {
    private static final int[][] VERSIONS = {{18, 18, 18}, {15, 18, 16}, {14, 17, 15}};

    private static final List<String> QUESTIONS =
            Stream.concat(
                            Storm.TABLES.stream(),
                            Stream.of(
                                    """
                                    SELECT 'child', c.id, c.parent
                                    FROM child c LEFT JOIN parent p ON p.id = c.parent
                                    WHERE c.parent IS NOT NULL AND p.id IS NULL
                                    UNION ALL SELECT 'ward', w.id, w.parent FROM ward w
                                    LEFT JOIN parent p ON p.id = w.parent
                                    WHERE w.parent IS NOT NULL AND p.id IS NULL ORDER BY 1, 2\
                                    """,
                                    Cast.ALL_DISPLACED))
                    .toList();

    private static final String UNBLOCKED =
            """
            SELECT key, "row" FROM pgchorus.displaced d
            WHERE NOT EXISTS (
                SELECT FROM person p
                WHERE p.email = d."row"->>'email'
                   OR p.active AND (d."row"->>'active')::boolean
                      AND p.badge = (d."row"->>'badge')::int)\
            """;

    static LongStream seeds() {
        long first = Long.getLong("storm.first", 1);
        return LongStream.range(first, first + Long.getLong("storm.count", 3));
    }

    private static int[] versions(long seed) {
        String asked = System.getProperty("storm.versions", "");
        return asked.isEmpty() ? VERSIONS[(int) (seed % VERSIONS.length)] : TestGroup.majors(asked);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void endsEqual(long seed) throws InterruptedException {
        System.out.println("storm seed " + seed);
        int[] versions = versions(seed);
        List<ServerOptions> options =
                java.util.Arrays.stream(versions)
                        .mapToObj(v -> ServerOptions.of(v).setting("synchronous_commit", "on"))
                        .toList();
        try (TestGroup group = TestGroup.of(Storm.SCHEMA, options)) {
            group.addDeltas("tally", "n");
            group.addDeltas("summed", "n");
            group.stopDaemon();
            try (DaemonProcess daemon = new DaemonProcess(group.nodes())) {
                Storm storm = new Storm(group, seed, 2);
                try {
                    try {
                        upheaval(group, daemon, new Random(seed));
                    } finally {
                        storm.close();
                    }
                    assertThat(storm.failures()).isEmpty();
                    System.out.println("storm seed " + seed + ": " + storm.transactions());
                    check(group, storm);
                } catch (AssertionError e) {
                    throw new AssertionError(
                            "seed %d: %s%n%s%n%s%n%s"
                                    .formatted(
                                            seed,
                                            e.getMessage(),
                                            group.activity(),
                                            daemon.threads(),
                                            daemon.log()),
                            e);
                }
            }
        }
    }

    private static void upheaval(TestGroup group, DaemonProcess daemon, Random dice)
            throws InterruptedException {
        long end = System.nanoTime() + Long.getLong("storm.seconds", 15) * 1_000_000_000L;
        while (System.nanoTime() < end) {
            Thread.sleep(200 + dice.nextInt(1200));
            int from = dice.nextInt(group.size());
            int to = (from + 1 + dice.nextInt(group.size() - 1)) % group.size();
            switch (dice.nextInt(6)) {
                case 0, 1 -> {
                    group.hold(from, to);
                    Thread.sleep(dice.nextInt(1500));
                    group.release(from, to);
                }
                case 2, 3 -> {
                    daemon.kill();
                    Thread.sleep(dice.nextInt(300));
                    daemon.start();
                }
                case 4 -> {
                    group.server(from).kill();
                    Thread.sleep(dice.nextInt(500));
                    group.server(from).restart();
                }
                default -> {
                    group.server(from).stopImmediate();
                    group.server(from).restart();
                }
            }
        }
    }

    private static void check(TestGroup group, Storm storm) {
        group.settle();
        // A displaced row returns a moment after its blocker has gone.
        await().atMost(TestGroup.LIMIT).untilAsserted(() -> QUESTIONS.forEach(group::settledRows));
        assertThat(group.rows(0, UNBLOCKED)).as("displaced without a blocker").isEmpty();
        List<String> lines = group.rows(0, "SELECT line FROM log");
        Set<String> distinct = new HashSet<>(lines);
        assertThat(lines).as("no line twice").hasSameSizeAs(distinct);
        assertThat(distinct).containsAll(storm.acknowledged());
        StormTraces traces = storm.traces();
        System.out.printf(
                "%d words followed, %d conflicts, %s versions displaced at the end%n",
                traces.confirmed(),
                group.conflicts().size(),
                group.rows(0, "SELECT count(*) FROM pgchorus.displaced").getFirst());
        assertThat(traces.vanished(group)).as("words without a trace").isEmpty();
        assertThat(Integer.parseInt(group.rows(0, "SELECT sum(n) FROM summed").getFirst()))
                .isBetween(traces.confirmed(), traces.possible());
    }
}
