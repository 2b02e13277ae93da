package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

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

    /**
     * Tells a trap of two writers while all links are held, so that nobody sees anybody and the
     * order of the statements is the order of the stamps; lets the nodes be heard one after the
     * other; then checks how it ended. A third node, if there is one, only listens.
     */
    static void tell(TestGroup group, int key, Consumer<Cast> story, Consumer<Cast> ending) {
        List<Cast> casts =
                List.of(new Cast(group, key, 0, 1, 2), new Cast(group, key + 1, 1, 0, 2));
        try {
            group.holdAll();
            casts.forEach(story);
            group.deliverFrom(0);
        } finally {
            group.releaseAll();
        }
        casts.forEach(ending);
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
                .replace("$B", TestGroup.name(b).text());
    }

    /** Checks, on all nodes, which rows of a table have this telling's keys. */
    void assertRows(String table, String... rows) {
        assertAnswer("SELECT * FROM " + table + " WHERE id IN ($k, $m, $n) ORDER BY id", rows);
    }

    /** Checks that all nodes answer a question so, after everything has arrived. */
    void assertAnswer(String question, String... rows) {
        assertThat(group.settledRows(fill(question))).containsExactlyElementsOf(filled(rows));
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
