package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgchorus.daemon.Verification;
import org.pgchorus.verify.Difference;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Three nodes are compared again and again while clients write at random on all of them and links
 * are held now and then: no row is ever called different but the one that was planted by hand, and
 * that one is found. When it is gone all is equal.
 *
 * <p>{@code -Dverify.first=N -Dverify.count=N -Dverify.seconds=N -Dverify.pace=N} choose other
 * storms.
 */
class VerifyStormScenario {
    private static final int[][] VERSIONS = {{18, 18, 18}, {14, 16, 18}, {17, 15, 14}};

    /** Slow enough for links to follow, or there would be little but rows on their way. */
    private static final int PACE_MILLIS = Integer.getInteger("verify.pace", 200);

    /** Nobody else writes a row of that key. */
    private static final String KEY = "1000";

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    static LongStream seeds() {
        long first = Long.getLong("verify.first", 1);
        return LongStream.range(first, first + Long.getLong("verify.count", 2));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void callsNothingDifferent(long seed) throws InterruptedException {
        System.out.println("verify storm seed " + seed);
        Random dice = new Random(seed);
        int[] versions = VERSIONS[(int) (seed % VERSIONS.length)];
        try (TestGroup group = TestGroup.of(Storm.SCHEMA, versions)) {
            group.addDeltas("tally", "n");
            group.addDeltas("summed", "n");
            Planted.on(group, (int) (seed % 3), "INSERT INTO hot VALUES (%s, 'x')".formatted(KEY));
            int comparisons = 0;
            int equal = 0;
            int unsettled = 0;
            int found = 0;
            try (Storm _ = new Storm(group, 3, seed, 2, PACE_MILLIS)) {
                long end = System.nanoTime() + Long.getLong("verify.seconds", 12) * 1_000_000_000L;
                while (System.nanoTime() < end) {
                    Thread holding = holding(group, dice);
                    for (TableReport report : verify(group, PATIENCE)) {
                        check(seed, report);
                        equal += report.outcome() instanceof Outcome.Equal ? 1 : 0;
                        found += report.outcome() instanceof Outcome.Differs ? 1 : 0;
                        unsettled += report.outcome() instanceof Outcome.Unsettled ? 1 : 0;
                    }
                    comparisons++;
                    holding.join();
                }
            }
            System.out.printf(
                    "verify storm seed %d: %d comparisons, %d tables equal, %d unsettled, %d"
                            + " found%n",
                    seed, comparisons, equal, unsettled, found);
            List<TableReport> after = verify(group, TestGroup.LIMIT);
            after.forEach(report -> check(seed, report));
            assertThat(after)
                    .extracting(TableReport::outcome)
                    .as("seed %d: %s", seed, after)
                    .containsOnlyOnce(new Outcome.Differs(1, false))
                    .allMatch(o -> o instanceof Outcome.Equal || o instanceof Outcome.Differs);
            Planted.on(group, (int) (seed % 3), "DELETE FROM hot WHERE id = " + KEY);
            assertThat(verify(group, TestGroup.LIMIT))
                    .as("seed %d", seed)
                    .allMatch(report -> report.outcome() instanceof Outcome.Equal);
        }
    }

    /** What is called different is the planted row, and nothing else. */
    private static void check(long seed, TableReport report) {
        assertThat(report.outcome())
                .as("seed %d: %s", seed, report)
                .isNotInstanceOf(Outcome.Incomplete.class);
        if (report.outcome() instanceof Outcome.Differs(long rows, boolean _)) {
            assertThat(rows).as("seed %d: %s", seed, report).isEqualTo(1);
            assertThat(report.differences())
                    .as("seed %d: %s", seed, report)
                    .extracting(Difference::key)
                    .containsExactly(Map.of("id", KEY));
        }
    }

    /** Now and then a link is held for a while. */
    private static Thread holding(TestGroup group, Random dice) {
        boolean holds = dice.nextInt(3) == 0;
        int from = dice.nextInt(3);
        int to = (from + 1 + dice.nextInt(2)) % 3;
        Duration time = Duration.ofMillis(dice.nextInt(1000));
        return Thread.ofVirtual()
                .start(() -> {
                    if (!holds) {
                        return;
                    }
                    group.hold(from, to);
                    try {
                        Thread.sleep(time);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    group.release(from, to);
                });
    }

    private static List<TableReport> verify(TestGroup group, Duration patience)
            throws InterruptedException {
        return Verification.of(
                        group.address(0),
                        new Verification.Request(List.of(), List.of(), patience, 20),
                        VerifyProgress.SILENT)
                .tables();
    }
}
