package org.pgchorus.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the known word that somebody probably meant. Pure. */
public final class Nearest {
    private Nearest() {}

    /**
     * The known word with the fewest typing mistakes (letters added, lost, changed or swapped), if
     * those are at most a third of the longer word; of equally near ones the first in the alphabet.
     */
    public static Optional<String> to(String word, Collection<String> known) {
        return known.stream()
                .filter(k -> mistakes(word, k) * 3 <= Math.max(word.length(), k.length()))
                .min(
                        Comparator.comparingInt((String k) -> mistakes(word, k))
                                .thenComparing(Comparator.naturalOrder()));
    }

    /** {@code ; did you mean "X"?}, or nothing if no known word is near. */
    public static String hint(String word, Collection<String> known) {
        return to(word, known).map(k -> "; did you mean \"" + k + "\"?").orElse("");
    }

    /** Damerau's distance with adjacent swaps, over three rows of the usual table. */
    private static int mistakes(String a, String b) {
        int[] twoBack = new int[b.length() + 1];
        int[] oneBack = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            oneBack[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(oneBack[j - 1] + change, Math.min(oneBack[j], row[j - 1]) + 1);
                if (i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], twoBack[j - 2] + 1);
                }
            }
            twoBack = oneBack;
            oneBack = row;
        }
        return oneBack[b.length()];
    }
}
