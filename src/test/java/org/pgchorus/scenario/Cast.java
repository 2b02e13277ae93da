package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One telling of a trap: which node plays A, which plays B, which C, and the key it is about.
 *
 * <p>Each trap is told several times in one hold of the links, with the parts exchanged and another
 * key. So every node plays every part, and a third node hears A first in one telling and B first in
 * another.
 *
 * <p>In statements and expectations {@code $k} is the key, {@code $m} and {@code $n} two more of
 * this telling's own, {@code $A} and {@code $B} the names of the nodes.
 */
record Cast(TestGroup group, int key, int a, int b, int c) {
    /** Further keys of a telling lie this far from its first. */
    static final int STEP = 1000;

    /** What follows from an arrival, such as the return of a displaced row, comes by then. */
    private static final Duration SOON = Duration.ofSeconds(15);

    /** Types of conflicts between rows with different keys. */
    private static final List<String> CLASHES =
            List.of("insert_exists", "update_exists", "multiple_unique_conflicts");

    private static final Duration POLL = Duration.ofMillis(50);

    private static final String DISPLACED =
            """
            SELECT (SELECT string_agg(coalesce(left(value, 20), 'NULL'), ',' ORDER BY place)
                    FROM json_each_text("row") WITH ORDINALITY v (name, value, place))
                   || '@' || node
            FROM pgchorus.displaced
            WHERE "table" = '%s' AND key[1]::int IN ($k, $m, $n) ORDER BY key[1]::int\
            """;

    /** All that is displaced, whose it is and how old; the same on all nodes. */
    static final String ALL_DISPLACED =
            """
            SELECT schema, "table", key, "row", commit_time, node FROM pgchorus.displaced
            ORDER BY schema, "table", key, commit_time\
            """;

    /**
     * Tells a trap of two writers while all links are held, so that nobody sees anybody and the
     * order of the statements is the order of the stamps; lets the nodes be heard one after the
     * other; then checks how it ended. A third node, if there is one, only listens.
     *
     * @param acts what follows when all have heard of all: each act is played by every telling
     *     before the next one begins
     */
    @SafeVarargs
    static void tell(TestGroup group, int key, Consumer<Cast> story, Consumer<Cast>... acts) {
        List<Cast> casts =
                List.of(new Cast(group, key, 0, 1, 2), new Cast(group, key + 1, 1, 0, 2));
        try {
            group.holdAll();
            casts.forEach(story);
            group.deliverFrom(0);
        } finally {
            group.releaseAll();
        }
        play(casts, acts);
    }

    /**
     * Tells a trap of three writers, none of which hears another: six times with all exchanges of
     * the parts, and the nodes are heard one after the other; then six times again, and each node
     * hears first of the one before it. So the versions come in every order.
     */
    @SafeVarargs
    static void tellOfThree(
            TestGroup group, int key, Consumer<Cast> story, Consumer<Cast>... acts) {
        List<Cast> oneByOne = ofThree(group, key);
        try {
            group.holdAll();
            oneByOne.forEach(story);
            group.deliverFrom(0);
            group.deliverFrom(1);
        } finally {
            group.releaseAll();
        }
        play(oneByOne, acts);
        List<Cast> inTheRound = ofThree(group, key + oneByOne.size());
        try {
            group.holdAll();
            inTheRound.forEach(story);
            TestGroup.together(
                    IntStream.range(0, 3)
                            .<Runnable>mapToObj(i -> () -> group.release(i, (i + 1) % 3))
                            .toList());
            IntStream.range(0, 3).forEach(i -> group.settle(i, (i + 1) % 3));
        } finally {
            group.releaseAll();
        }
        play(inTheRound, acts);
    }

    private static List<Cast> ofThree(TestGroup group, int key) {
        return List.of(
                new Cast(group, key, 0, 1, 2),
                new Cast(group, key + 1, 0, 2, 1),
                new Cast(group, key + 2, 1, 0, 2),
                new Cast(group, key + 3, 1, 2, 0),
                new Cast(group, key + 4, 2, 0, 1),
                new Cast(group, key + 5, 2, 1, 0));
    }

    @SafeVarargs
    private static void play(List<Cast> casts, Consumer<Cast>... acts) {
        for (Consumer<Cast> act : acts) {
            casts.forEach(act);
        }
    }

    /**
     * Tells a trap whose first writer, B, hears nothing of A until the end, while A and a third
     * node hear all that B does.
     *
     * @param first what both write before either hears of the other
     * @param between how it stands at A when that has heard of B
     * @param second what goes on while B still has not heard of A
     * @param ending how it ends everywhere
     */
    static void tellOneWay(
            TestGroup group,
            int key,
            Consumer<Cast> first,
            Consumer<Cast> between,
            Consumer<Cast> second,
            Consumer<Cast> ending) {
        for (Cast cast :
                List.of(new Cast(group, key, 0, 1, 2), new Cast(group, key + 1, 1, 0, 2))) {
            try {
                group.hold(cast.a, cast.b);
                group.hold(cast.b, cast.a);
                first.accept(cast);
                group.release(cast.b, cast.a);
                group.settle(cast.b, cast.a);
                between.accept(cast);
                second.accept(cast);
                group.settle(cast.b, cast.a);
            } finally {
                group.releaseAll();
            }
            ending.accept(cast);
        }
    }

    /**
     * Tells a trap of a chain of writers: B writes after it has seen what A wrote, and C hears of B
     * before it hears of A.
     *
     * @param first what A writes
     * @param second what B writes when it has seen that
     * @param between how it stands at C when that has heard B only
     * @param ending how it ends everywhere
     */
    static void tellInChain(
            TestGroup group,
            int key,
            Consumer<Cast> first,
            Consumer<Cast> second,
            Consumer<Cast> between,
            Consumer<Cast> ending) {
        List<Cast> casts =
                List.of(
                        new Cast(group, key, 0, 1, 2),
                        new Cast(group, key + 1, 1, 2, 0),
                        new Cast(group, key + 2, 2, 0, 1));
        try {
            each(casts, cast -> group.hold(cast.a, cast.c));
            casts.forEach(first);
            casts.forEach(cast -> group.settle(cast.a, cast.b));
            casts.forEach(second);
            casts.forEach(cast -> group.settle(cast.b, cast.c));
            casts.forEach(between);
        } finally {
            each(casts, cast -> group.release(cast.a, cast.c));
        }
        casts.forEach(ending);
    }

    private static void each(List<Cast> casts, Consumer<Cast> action) {
        TestGroup.together(
                casts.stream().<Runnable>map(cast -> () -> action.accept(cast)).toList());
    }

    /** A client's transaction on A. */
    void onA(String... statements) {
        run(a, statements);
    }

    /** A client's transaction on B. */
    void onB(String... statements) {
        run(b, statements);
    }

    /** A client's transaction on C, or on A if there are two nodes only. */
    void onC(String... statements) {
        run(c < group.size() ? c : a, statements);
    }

    /** The same parts with other keys. */
    Cast withKey(int otherKey) {
        return new Cast(group, otherKey, a, b, c);
    }

    private void run(int node, String... statements) {
        String[] filled = new String[statements.length];
        for (int i = 0; i < statements.length; i++) {
            filled[i] = fill(statements[i]);
        }
        group.run(node, filled);
    }

    /** A text with this telling's keys and nodes in it. */
    String fill(String text) {
        return text.replace("$k", Integer.toString(key))
                .replace("$m", Integer.toString(key + STEP))
                .replace("$n", Integer.toString(key + 2 * STEP))
                .replace("$A", TestGroup.name(a).text())
                .replace("$B", TestGroup.name(b).text())
                .replace("$C", TestGroup.name(c).text());
    }

    /** Checks, on all nodes, which rows of a table have this telling's keys. */
    void assertRows(String table, String... rows) {
        assertAnswer("SELECT * FROM " + table + " WHERE id IN ($k, $m, $n) ORDER BY id", rows);
    }

    /** Checks that all nodes answer a question so, after everything has arrived. */
    void assertAnswer(String question, String... rows) {
        assertThat(group.settledRows(fill(question))).containsExactlyElementsOf(filled(rows));
    }

    /** Waits until all nodes have these rows with this telling's keys, and no others. */
    void awaitRows(String table, String... rows) {
        awaitAnswer("SELECT * FROM " + table + " WHERE id IN ($k, $m, $n) ORDER BY id", rows);
    }

    /**
     * Waits until just these versions of this telling's keys are displaced on all nodes, under the
     * same stamps: each as its values and its writer, {@code 1,one@a}.
     */
    void awaitDisplaced(String table, String... versions) {
        awaitAnswer(DISPLACED.formatted(table), versions);
        group.sameRows(
                fill(
                        """
                        SELECT key, "row", commit_time, node FROM pgchorus.displaced
                        WHERE "table" = '%s' AND key[1]::int IN ($k, $m, $n) ORDER BY key\
                        """
                                .formatted(table)));
    }

    /** Waits until all nodes answer a question so. */
    void awaitAnswer(String question, String... rows) {
        group.settleIfTouched();
        for (int node = 0; node < group.size(); node++) {
            awaitAnswerAt(node, question, rows);
        }
    }

    /** Waits until A has these rows with this telling's keys, and these versions are displaced. */
    void awaitAtA(String table, List<String> rows, List<String> displaced) {
        awaitAt(a, table, rows, displaced);
    }

    /** Waits until B has these rows with this telling's keys, and these versions are displaced. */
    void awaitAtB(String table, List<String> rows, List<String> displaced) {
        awaitAt(b, table, rows, displaced);
    }

    private void awaitAt(int node, String table, List<String> rows, List<String> displaced) {
        awaitAnswerAt(
                node,
                "SELECT * FROM " + table + " WHERE id IN ($k, $m, $n) ORDER BY id",
                rows.toArray(String[]::new));
        awaitAnswerAt(node, DISPLACED.formatted(table), displaced.toArray(String[]::new));
    }

    private void awaitAnswerAt(int node, String question, String... rows) {
        String filled = fill(question);
        await().atMost(SOON)
                .pollDelay(Duration.ZERO)
                .pollInterval(POLL)
                .untilAsserted(() ->
                        assertThat(group.rows(node, filled))
                                .as("node %s, %s", TestGroup.name(node), filled)
                                .containsExactlyElementsOf(filled(rows)));
    }

    /** Checks what A recorded of versions that have this value in some column. */
    void assertClashesAtA(String table, String value, String... lines) {
        assertThat(Recorded.holding(group, a, fill(table), fill(value)))
                .containsExactlyElementsOf(filled(lines));
    }

    /** Checks what B recorded of versions that have this value in some column. */
    void assertClashesAtB(String table, String value, String... lines) {
        assertThat(Recorded.holding(group, b, fill(table), fill(value)))
                .containsExactlyElementsOf(filled(lines));
    }

    /** Checks that A recorded some conflict of this type in which a version has this value. */
    void assertFoundAtA(String table, String value, String type) {
        assertThat(Recorded.holding(group, a, fill(table), fill(value)))
                .as("what node %s recorded of %s", TestGroup.name(a), fill(value))
                .anySatisfy(line -> assertThat(line).startsWith(type + " "));
    }

    /**
     * Checks that no node recorded that versions with this value in some column clashed with rows
     * under other keys. (An older version of the same key that comes late may be recorded.)
     */
    void assertNoClashes(String table, String value) {
        for (int node = 0; node < group.size(); node++) {
            assertThat(Recorded.holding(group, node, fill(table), fill(value)))
                    .as("recorded on node %s", TestGroup.name(node))
                    .noneMatch(line -> CLASHES.stream().anyMatch(line::startsWith));
        }
    }

    /** Checks what C answers now. */
    void assertAnswerOfC(String question, String... rows) {
        assertThat(group.rows(c, fill(question))).containsExactlyElementsOf(filled(rows));
    }

    /**
     * Checks what A recorded under a key such as {@code $k}: lines as {@link Recorded} has them.
     */
    void assertRecordedAtA(String table, String key, String... lines) {
        assertThat(Recorded.of(group, a, fill(table), fill(key)))
                .containsExactlyElementsOf(filled(lines));
    }

    /** Checks what B recorded under a key. */
    void assertRecordedAtB(String table, String key, String... lines) {
        assertThat(Recorded.of(group, b, fill(table), fill(key)))
                .containsExactlyElementsOf(filled(lines));
    }

    private List<String> filled(String... texts) {
        return Arrays.stream(texts).map(this::fill).toList();
    }
}
