package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * One telling of a trap: which node plays A, which plays B, and the key it is about.
 *
 * <p>Each trap is told twice in one hold of the links, with the parts exchanged and another key. So
 * a third node hears A first in one telling and B first in the other.
 *
 * <p>In statements and expectations {@code $k} is the key, {@code $m} and {@code $n} two more of
 * this telling's own, {@code $A} and {@code $B} the names of the nodes.
 */
record Cast(TestGroup group, int key, int a, int b) {
    /** Further keys of a telling lie this far from its first. */
    static final int STEP = 1000;

    /** Both tellings; the second has the key after the first one's. */
    static List<Cast> both(TestGroup group, int key) {
        return List.of(new Cast(group, key, 0, 1), new Cast(group, key + 1, 1, 0));
    }

    /**
     * Tells a trap with both casts while all links are held, so that nobody sees anybody and the
     * order of the statements is the order of the stamps; lets the nodes be heard in turn; then
     * checks how it ended.
     */
    static void tell(TestGroup group, int key, Consumer<Cast> story, Consumer<Cast> ending) {
        List<Cast> casts = both(group, key);
        group.holdAll();
        casts.forEach(story);
        for (int node = 0; node < group.size(); node++) {
            group.deliverFrom(node);
        }
        casts.forEach(ending);
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
        String question = fill("SELECT * FROM " + table + " WHERE id IN ($k, $m, $n) ORDER BY id");
        assertThat(group.settledRows(question)).containsExactlyElementsOf(filled(rows));
    }

    /**
     * Checks what A recorded under a key such as {@code $k}: lines as {@link Recorded} has them.
     */
    void assertRecordedAtA(String table, String key, String... lines) {
        assertThat(Recorded.of(group, a, table, fill(key)))
                .containsExactlyElementsOf(filled(lines));
    }

    /** Checks what B recorded under a key. */
    void assertRecordedAtB(String table, String key, String... lines) {
        assertThat(Recorded.of(group, b, table, fill(key)))
                .containsExactlyElementsOf(filled(lines));
    }

    private List<String> filled(String... texts) {
        return Arrays.stream(texts).map(this::fill).toList();
    }
}
