package org.pgchorus.conflict;

import java.util.Locale;

/** Which side stands after a decision. */
public enum Resolution {
    /** The incoming change took effect, or will as soon as its row is complete. */
    APPLY_REMOTE,
    /** What stood here still stands. */
    KEEP_LOCAL,
    /** A function made one row of both. */
    COMBINED,
    /** A person has to choose. */
    UNDECIDED;

    /** As written in the conflict history: the name in lower case. */
    public String sqlName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
