package org.pgchorus.model;

import java.util.regex.Pattern;

/** The short name of one database of a group: {@code [a-z][a-z0-9_]{0,30}}. */
public record NodeName(String text) implements Comparable<NodeName> {
    private static final Pattern FORM = Pattern.compile("[a-z][a-z0-9_]{0,30}");

    /** Refuses a name of any other form, with the form in the message. */
    public NodeName {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    ("node name \"%s\" is not allowed: a lower-case letter, then up to 30"
                                    + " lower-case letters, digits or _")
                            .formatted(text));
        }
    }

    @Override
    public int compareTo(NodeName other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}
