package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A follower makes transactions that came together in one of its own, and ends with the same rows
 * whatever is in their way.
 */
class FollowGroupScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE item (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0, big text);
            ALTER TABLE item ALTER big SET STORAGE EXTERNAL;
            CREATE TABLE full_item (id int PRIMARY KEY, v text);
            ALTER TABLE full_item REPLICA IDENTITY FULL;
            CREATE TABLE line (word text);
            ALTER TABLE line REPLICA IDENTITY FULL;
            CREATE TABLE named (id int PRIMARY KEY, name text UNIQUE);
            """;

    private static final int TRANSACTIONS = 600;

    private static final List<String> QUESTIONS =
            List.of(
                    "SELECT id, v, n, md5(big) FROM item ORDER BY id",
                    "SELECT id, v FROM full_item ORDER BY id",
                    "SELECT word FROM line ORDER BY word",
                    "SELECT id, name FROM named ORDER BY id");

    private Daemon daemon;

    private void start(TestGroup group) {
        daemon = Daemon.start(group.nodes().subList(1, 2));
    }

    private static String reason(TestGroup group) {
        return Survey.of(group.address(1)).links().stream()
                .filter(link -> link.to().equals("b"))
                .findFirst()
                .orElseThrow()
                .reason();
    }

    private static void awaitEqual(TestGroup group) {
        for (String question : QUESTIONS) {
            await().atMost(TestGroup.LIMIT)
                    .untilAsserted(() ->
                            assertThat(group.rows(1, question)).isEqualTo(group.rows(0, question)));
        }
    }

    @Test
    void manyAreMadeTogetherAndWhatIsInTheWayIsDealtWith() {
        List<ServerOptions> servers = Stream.of(18, 14).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 0)) {
            group.run(
                    0,
                    "INSERT INTO item SELECT i, 'old', 0, repeat('x', 5000) FROM"
                            + " generate_series(1, 100) i");
            start(group);
            try {
                FollowScenario.follow(group, 1, 0);
                awaitEqual(group);
                manySmallOnes(group);
                whateverIsInTheWay(group);
                whatCannotBeMadeStopsAtItsPlace(group);
            } finally {
                daemon.close();
            }
        }
    }

    private static long nextTransaction(TestGroup group) {
        return Long.parseLong(group.rows(1, "SELECT txid_current()").getFirst());
    }

    private void manySmallOnes(TestGroup group) {
        daemon.close();
        for (int i = 1; i <= TRANSACTIONS; i++) {
            group.run(
                    0,
                    "UPDATE item SET n = n + 1 WHERE id = %d; INSERT INTO line VALUES ('%d')"
                            .formatted(i % 100 + 1, i));
        }
        long before = nextTransaction(group);
        start(group);
        awaitEqual(group);
        assertThat(nextTransaction(group) - before)
                .as("transactions here for %d there", TRANSACTIONS)
                .isLessThan(TRANSACTIONS / 2);
    }

    /** Rows that clients of the follower have written, and everything that takes a look. */
    private void whateverIsInTheWay(TestGroup group) {
        long seed = ThreadLocalRandom.current().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 3; round++) {
            daemon.close();
            group.run(1, "DELETE FROM full_item WHERE id %% 3 = %d".formatted(round % 3));
            group.run(
                    1,
                    "INSERT INTO item SELECT i, 'ours', 7, 'b' FROM generate_series(%d, %d) i ON"
                                    .formatted(1000 + round * 100, 1040 + round * 100)
                            + " CONFLICT DO NOTHING");
            for (int i = 0; i < 150; i++) {
                group.run(0, String.join("; ", statements(random, round)));
            }
            start(group);
            group.run(0, "UPDATE full_item SET v = v || '!'");
            // Those that the follower alone has: the provider knows nothing of them.
            group.run(1, "DELETE FROM item WHERE v = 'ours'");
            awaitEqual(group);
        }
    }

    private static List<String> statements(Random random, int round) {
        List<String> statements = new ArrayList<>();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            int id = random.nextInt(120);
            int added = 1000 + round * 100 + random.nextInt(100);
            statements.add(
                    switch (random.nextInt(10)) {
                        case 0 -> "DELETE FROM item WHERE id = %d".formatted(id);
                        case 1, 2 ->
                                "INSERT INTO item VALUES (%d, 'new') ON CONFLICT (id) DO UPDATE SET"
                                                .formatted(added)
                                        + " n = item.n + 1";
                        case 3 -> "UPDATE item SET id = id + 5000 WHERE id = %d".formatted(id);
                        case 4 ->
                                "UPDATE item SET big = repeat('y', 4000) WHERE id = %d"
                                        .formatted(id);
                        case 5 ->
                                "INSERT INTO full_item VALUES (%d, 'f') ON CONFLICT (id) DO UPDATE"
                                                .formatted(id)
                                        + " SET v = full_item.v || '.'";
                        case 6 -> "DELETE FROM full_item WHERE id = %d".formatted(id);
                        case 7 -> "INSERT INTO line VALUES ('w%d')".formatted(id);
                        case 8 ->
                                random.nextInt(20) == 0
                                        ? "TRUNCATE full_item"
                                        : "DELETE FROM line WHERE word = 'w%d'".formatted(id);
                        default ->
                                "UPDATE item SET n = n + 1, v = 'u' WHERE id %% 10 = %d"
                                        .formatted(id % 10);
                    });
        }
        return statements;
    }

    /** What came before it is there; what comes after waits, and the reason is said. */
    private void whatCannotBeMadeStopsAtItsPlace(TestGroup group) {
        daemon.close();
        group.run(1, "INSERT INTO named VALUES (99, 'taken')");
        group.run(0, "INSERT INTO named VALUES (1, 'free')");
        group.run(0, "INSERT INTO named VALUES (2, 'taken')");
        group.run(0, "INSERT INTO named VALUES (3, 'behind')");
        start(group);
        await().atMost(TestGroup.LIMIT)
                .untilAsserted(() ->
                        assertThat(group.rows(1, "SELECT id FROM named ORDER BY id"))
                                .containsExactly("1", "99"));
        await().atMost(TestGroup.LIMIT)
                .untilAsserted(
                        () -> assertThat(reason(group)).contains("named", "stands in the way"));
        group.run(1, "DELETE FROM named WHERE id = 99");
        awaitEqual(group);
    }
}
