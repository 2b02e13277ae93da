package org.pgchorus.bench;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A load that one node writes while its delivery is held, and the other then has to take in. Pure.
 *
 * @param name as in docs/performance.md
 * @param title in a few words
 * @param unit what is counted
 * @param units how many of them
 * @param schema what is run at both ends before replication starts
 * @param table the table whose content is compared
 * @param conflicting whether the other node writes the same rows meanwhile; then there is nothing
 *     to compare with, since native replication does not resolve conflicts
 */
public record Work(
        String name,
        String title,
        String unit,
        long units,
        List<String> schema,
        String table,
        boolean conflicting) {
    private static final String PAIR = "CREATE TABLE work (id bigint PRIMARY KEY, v text, n int)";

    private static final List<String> TPC_B =
            List.of(
                    "CREATE TABLE branches (bid int PRIMARY KEY, balance int, filler char(88))",
                    "CREATE TABLE tellers (tid int PRIMARY KEY, bid int, balance int, filler"
                            + " char(84))",
                    "CREATE TABLE work (aid int PRIMARY KEY, bid int, balance int, filler"
                            + " char(84))",
                    "CREATE TABLE history (hid bigint PRIMARY KEY, tid int, bid int, aid int, delta"
                            + " int, at timestamp, filler char(22))",
                    "INSERT INTO branches SELECT i, 0, '' FROM generate_series(1, 10) i",
                    "INSERT INTO tellers SELECT i, i % 10 + 1, 0, '' FROM generate_series(1, 100)"
                            + " i",
                    "INSERT INTO work SELECT i, i % 10 + 1, 0, '' FROM generate_series(1, 100000)"
                            + " i");

    /** W1 to W3, W5 and W6, with so much of each. */
    public static List<Work> all(double scale) {
        return List.of(
                new Work(
                        "W1",
                        "rows in 100 transactions",
                        "rows",
                        scaled(1_000_000, scale),
                        List.of(PAIR),
                        "work",
                        false),
                new Work(
                        "W2",
                        "TPC-B transactions",
                        "transactions",
                        scaled(200_000, scale),
                        TPC_B,
                        "work",
                        false),
                new Work(
                        "W3",
                        "single-row inserts",
                        "transactions",
                        scaled(200_000, scale),
                        List.of(PAIR),
                        "work",
                        false),
                new Work(
                        "W5",
                        "conflicting updates",
                        "transactions",
                        scaled(10_000, scale),
                        List.of(
                                PAIR,
                                "INSERT INTO work SELECT i, 'old', 0 FROM generate_series(1, %d) i"
                                        .formatted(scaled(10_000, scale))),
                        "work",
                        true),
                new Work(
                        "W6",
                        "rows in one transaction",
                        "rows",
                        scaled(5_000_000, scale),
                        List.of(PAIR),
                        "work",
                        false));
    }

    private static long scaled(long units, double scale) {
        return Math.max(100, Math.round(units * scale / 100) * 100);
    }

    /**
     * What is run to write the load, each by itself.
     *
     * @param round from 0; each writes other keys
     */
    public List<String> load(int round) {
        long first = round * units + 1;
        long last = first + units - 1;
        return switch (name) {
            case "W1" -> {
                long each = units / 100;
                yield IntStream.range(0, 100)
                        .mapToObj(i -> insert(first + i * each, first + (i + 1) * each - 1))
                        .toList();
            }
            case "W2" -> List.of(loop(first, last, TRANSACTION));
            case "W3" ->
                    List.of(
                            loop(
                                    first,
                                    last,
                                    "INSERT INTO work VALUES (i, 'row ' || i, i % 100);"));
            case "W5" -> conflicting("a", round);
            case "W6" -> List.of(insert(first, last));
            default -> throw new IllegalStateException(name);
        };
    }

    /** What the node at the other end writes at the same time, unseen. */
    public List<String> conflicting(String writer, int round) {
        return List.of(
                loop(
                        1,
                        units,
                        "UPDATE work SET v = '%s %d', n = n + 1 WHERE id = i;"
                                .formatted(writer, round)));
    }

    private static final String TRANSACTION =
            """
            a := 1 + (i * 7919) % 100000; d := (i % 10000) - 5000;
            UPDATE work SET balance = balance + d WHERE aid = a;
            UPDATE tellers SET balance = balance + d WHERE tid = 1 + i % 100;
            UPDATE branches SET balance = balance + d WHERE bid = 1 + i % 10;
            INSERT INTO history VALUES (i, 1 + i % 100, 1 + i % 10, a, d, now(), '');\
            """;

    private static String insert(long first, long last) {
        return "INSERT INTO work SELECT i, 'row ' || i, i %% 100 FROM generate_series(%d, %d) i"
                .formatted(first, last);
    }

    private static String loop(long first, long last, String body) {
        return """
        DO $do$ DECLARE a int; d int; BEGIN
            FOR i IN %d .. %d LOOP
                %s
                COMMIT;
            END LOOP;
        END $do$\
        """
                .formatted(first, last, body.replace("(i * 7919)", "(i::bigint * 7919)"));
    }

    /** A question whose answer is the same wherever the table holds the same rows. */
    public String fingerprint() {
        return ("SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)"
                        + " FROM %s t")
                .formatted(table);
    }

    /** A database's name. */
    String database(String contestant) {
        return contestant + "_" + name.toLowerCase(Locale.ROOT);
    }
}
