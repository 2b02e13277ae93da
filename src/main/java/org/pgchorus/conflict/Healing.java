package org.pgchorus.conflict;

import java.util.Locale;

/** What is done about rows whose parent is missing. Chosen for each foreign key of a group. */
public enum Healing {
    /** They are listed, and nothing is done. */
    REPORT,
    /** The parent's last version is written again. */
    RESTORE_PARENT,
    /** The row is deleted. */
    REMOVE_CHILD,
    /** The row refers to nothing from now on. */
    SET_NULL;

    /**
     * Reads the name that people write.
     *
     * @throws IllegalArgumentException if there is no such way
     */
    public static Healing parse(String text) {
        for (Healing healing : values()) {
            if (healing.toString().equals(text)) {
                return healing;
            }
        }
        throw new IllegalArgumentException(
                "\"%s\" is no way to heal; there are %s"
                        .formatted(text, java.util.Arrays.toString(values())));
    }

    /** As people write it, such as {@code restore-parent}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
