package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Follows every value that a {@link Storm} writes to one table: none may vanish without a trace.
 *
 * <p>Clients overwrite rows blindly and never delete them. Each write has a word of its own, and
 * takes down in the row which word its node held before. So of each word whose commit was confirmed
 * one of these is true at the end:
 *
 * <ol>
 *   <li>it is current;
 *   <li>some write took it down as its predecessor: that write's node held the word, so it was
 *       overwritten with open eyes;
 *   <li>a conflict took it away, and the history of the node that decided holds it.
 * </ol>
 *
 * <p>This is sound: follow the word on the node where it was written until it is replaced there. A
 * client's write takes it down (2). An arriving version either has not been written in sight of it,
 * which is a recorded conflict (3), or its node held the word when it wrote: then the argument goes
 * on at that node, at an earlier time, where the word arrived, and either lost to what stood there,
 * unseen by its writer (3), or was replaced again. A write whose commit was neither confirmed nor
 * refused counts as a write in (2), since it may have taken place; this only makes the check
 * milder.
 *
 * <p>Each write also adds one to a sum in another table: the sums hold the writes that were
 * confirmed, and at most those in doubt besides.
 */
final class StormTraces {
    static final String SCHEMA =
            """
            CREATE TABLE traced (id int PRIMARY KEY, word text, over text);
            CREATE TABLE summed (id int PRIMARY KEY, n bigint NOT NULL);
            ALTER TABLE summed REPLICA IDENTITY FULL;
            """;

    private static final int KEYS = 6;

    private static final String WRITE =
            """
            WITH one AS (INSERT INTO summed AS s VALUES (?, 1)
                         ON CONFLICT (id) DO UPDATE SET n = s.n + 1)
            INSERT INTO traced AS t VALUES (?, ?) ON CONFLICT (id)
            DO UPDATE SET over = t.word, word = excluded.word RETURNING over\
            """;

    private static final String RECORDED =
            """
            SELECT local_tuple->>'word' FROM pgchorus.conflict_history WHERE "table" = 'traced'
            UNION SELECT remote_tuple->>'word' FROM pgchorus.conflict_history
            WHERE "table" = 'traced'\
            """;

    /** A word that was written, and the one that it was written over. */
    record Write(String word, Optional<String> over) {}

    private final AtomicInteger words = new AtomicInteger();
    private final Queue<Write> confirmed = new ConcurrentLinkedQueue<>();
    private final Queue<Write> doubtful = new ConcurrentLinkedQueue<>();

    /** Writes one word; the caller commits and says how that went. */
    Write write(Connection connection, int node, Random dice) throws SQLException {
        String word = "word " + words.incrementAndGet() + " of " + node;
        try (PreparedStatement statement = connection.prepareStatement(WRITE)) {
            int key = dice.nextInt(KEYS);
            statement.setInt(1, key);
            statement.setInt(2, key);
            statement.setString(3, word);
            try (ResultSet result = statement.executeQuery()) {
                result.next();
                return new Write(word, Optional.ofNullable(result.getString(1)));
            }
        }
    }

    /** Its commit was confirmed. */
    void confirm(Write write) {
        confirmed.add(write);
    }

    /** Its commit was asked for, and nobody knows what became of it. */
    void doubt(Write write) {
        doubtful.add(write);
    }

    /** Words that were confirmed and are nowhere to be found; ask when all nodes are equal. */
    List<String> vanished(TestGroup group) {
        Set<String> found = new HashSet<>(group.rows(0, "SELECT word FROM traced"));
        for (int node = 0; node < group.size(); node++) {
            found.addAll(group.rows(node, RECORDED));
        }
        confirmed.forEach(write -> write.over().ifPresent(found::add));
        doubtful.forEach(write -> write.over().ifPresent(found::add));
        List<String> vanished = new ArrayList<>(confirmed.stream().map(Write::word).toList());
        vanished.removeIf(found::contains);
        return vanished;
    }

    /** How many writes were confirmed. */
    int confirmed() {
        return confirmed.size();
    }

    /** How many writes may have been made, confirmed or not. */
    int possible() {
        return confirmed.size() + doubtful.size();
    }
}
