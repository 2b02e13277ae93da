package org.pgchorus.bench;

import java.util.ArrayList;
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
 * @param tables whose content is compared
 * @param kind what happens at the other end
 */
public record Work(
        String name,
        String title,
        String unit,
        long units,
        List<String> schema,
        List<String> tables,
        Kind kind) {
    /** What happens at the other end. */
    public enum Kind {
        /** Nothing. */
        ALONE,

        /** The other node writes {@link #OTHERS} while it takes the load in. */
        BESIDE_OTHERS,

        /**
         * The other node has written the same rows, unseen. There is nothing to compare with, since
         * native replication does not resolve conflicts.
         */
        CONFLICTING
    }

    /** A table for small transactions of the other node, with the columns of {@link Pen}. */
    static final String OTHERS = "others";

    private static final int MANY_TABLES = 200;

    /** Ten rows a table is the least: they are written ten times in turn. */
    private static final long ROUND_OF_TABLES = 10L * MANY_TABLES;

    /** So many of all transactions touch a row that the other node has written too. */
    private static final int ONE_IN = 100;

    private static final String PAIR = "CREATE TABLE work (id bigint PRIMARY KEY, v text, n int)";

    private static final String OTHERS_TABLE =
            "CREATE TABLE others (id bigint PRIMARY KEY, v text)";

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

    private static final List<String> TPC_B_TABLES =
            List.of("branches", "tellers", "work", "history");

    /** All there are, with so much of each. */
    public static List<Work> all(double scale) {
        return List.of(
                pair("W1", "rows in 100 transactions", "rows", scaled(1_000_000, scale)),
                tpcB("W2", "TPC-B transactions", scaled(200_000, scale), Kind.ALONE),
                pair("W3", "single-row inserts", "transactions", scaled(200_000, scale)),
                updates(scaled(10_000, scale)),
                new Work(
                        "W6",
                        "rows in one transaction",
                        "rows",
                        scaled(5_000_000, scale),
                        List.of(PAIR, OTHERS_TABLE),
                        List.of("work", OTHERS),
                        Kind.BESIDE_OTHERS),
                manyTables(scaled(1_000_000, scale)),
                tpcB("W9", "TPC-B, 1 % conflicting", scaled(200_000, scale), Kind.CONFLICTING));
    }

    private static Work pair(String name, String title, String unit, long units) {
        return new Work(name, title, unit, units, List.of(PAIR), List.of("work"), Kind.ALONE);
    }

    private static Work tpcB(String name, String title, long units, Kind kind) {
        return new Work(name, title, "transactions", units, TPC_B, TPC_B_TABLES, kind);
    }

    private static Work updates(long units) {
        String fill = "INSERT INTO work SELECT i, 'old', 0 FROM generate_series(1, %d) i";
        return new Work(
                "W5",
                "conflicting updates",
                "transactions",
                units,
                List.of(PAIR, fill.formatted(units)),
                List.of("work"),
                Kind.CONFLICTING);
    }

    private static Work manyTables(long units) {
        List<String> tables = IntStream.range(0, MANY_TABLES).mapToObj(i -> "work" + i).toList();
        List<String> schema = new ArrayList<>(List.of(OTHERS_TABLE));
        tables.forEach(table ->
                schema.add(
                        "CREATE TABLE %s (id bigint PRIMARY KEY, v text, n int)".formatted(table)));
        List<String> compared = new ArrayList<>(tables);
        compared.add(OTHERS);
        return new Work(
                "W6T",
                "rows into 200 tables, one transaction",
                "rows",
                Math.max(1, units / ROUND_OF_TABLES) * ROUND_OF_TABLES,
                schema,
                compared,
                Kind.BESIDE_OTHERS);
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
            case "W2", "W9" -> List.of(loop(first, last, TRANSACTION));
            case "W3" ->
                    List.of(
                            loop(
                                    first,
                                    last,
                                    "INSERT INTO work VALUES (i, 'row ' || i, i % 100);"));
            case "W5" -> List.of(update("a", round));
            case "W6" -> List.of(insert(first, last));
            case "W6T" -> List.of(inTurns(first, last));
            default -> throw new IllegalStateException(name);
        };
    }

    /** What the node at the other end has written at the same time, unseen. */
    public List<String> conflicting(int round) {
        return switch (name) {
            case "W5" -> List.of(update("b", round));
            case "W9" ->
                    List.of(
                            loop(
                                    round * units / ONE_IN + 1,
                                    (round + 1) * units / ONE_IN,
                                    """
                                    a := 1 + (i * 7919 * %d) %% 100000;
                                    UPDATE work SET filler = 'b %d' WHERE aid = a;\
                                    """
                                            .formatted(ONE_IN, round)));
            default -> List.of();
        };
    }

    private String update(String writer, int round) {
        return loop(
                1,
                units,
                "UPDATE work SET v = '%s %d', n = n + 1 WHERE id = i;".formatted(writer, round));
    }

    /** Ten times through all tables, in one transaction. */
    private static String inTurns(long first, long last) {
        long each = (last - first + 1) / ROUND_OF_TABLES;
        return """
        DO $do$ BEGIN
            FOR i IN 0 .. %d LOOP
                EXECUTE format('INSERT INTO work%%s SELECT j, ''row '' || j, j %%%% 100'
                    ' FROM generate_series(%d + $1 * %d, %d + ($1 + 1) * %d - 1) j', i %% %d)
                USING i::bigint;
            END LOOP;
        END $do$\
        """
                .formatted(ROUND_OF_TABLES - 1, first, each, first, each, MANY_TABLES);
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
                .formatted(first, last, body.replace("(i * 7919", "(i::bigint * 7919"));
    }

    /** A database's name. */
    String database(String contestant) {
        return contestant + "_" + name.toLowerCase(Locale.ROOT);
    }
}
