package org.pgchorus.conflict;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What decides the conflicts of one table. The same on every node of the group.
 *
 * @param rule for the row as a whole
 * @param function the SQL function that {@link Rule#FUNCTION} asks, as SQL names it; empty for
 *     every other rule
 * @param deltaColumns names of the columns to which differences are added, whichever row wins
 */
public record Policy(Rule rule, Optional<String> function, Set<String> deltaColumns) {
    /** For every table of which nothing else is said. */
    public static final Policy DEFAULT =
            new Policy(Rule.LAST_UPDATE_WINS, Optional.empty(), Set.of());

    /** Refuses a function without its rule, and the rule without a function. */
    public Policy {
        deltaColumns = Set.copyOf(deltaColumns);
        if (function.isPresent() != (rule == Rule.FUNCTION)) {
            throw new IllegalArgumentException(rule + " with function " + function);
        }
    }

    /** How a conflict between two rows of one key is decided. */
    public enum Rule {
        /** The higher stamp wins. Converges. */
        LAST_UPDATE_WINS,
        /** The incoming change wins. Two concurrent updates swap, and the nodes differ. */
        APPLY_REMOTE,
        /** What stands here stays. Two concurrent updates leave the nodes different. */
        KEEP_LOCAL,
        /** The link stops until a person chooses. */
        ERROR,
        /** A SQL function makes one row of the two. Converges if the function is commutative. */
        FUNCTION;

        /** As written in settings and in the conflict history: the name in lower case. */
        public String sqlName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
