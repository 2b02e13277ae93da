package org.pgchorus.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rows from one key on and before another one, half-open; without a bound it is open there.
 * Pure.
 *
 * <p>Which key is before which, only the servers know. Ranges that come from {@link #cut} touch
 * each other and leave no key out, whatever the order is, as long as it is the same on all nodes
 * and the bounds are given in it.
 */
record KeyRange(Optional<RowKey> from, Optional<RowKey> before) {
    static final KeyRange ALL = new KeyRange(Optional.empty(), Optional.empty());

    /** The part before a key, which has to lie inside. */
    KeyRange until(RowKey bound) {
        return new KeyRange(from, Optional.of(bound));
    }

    /** The part from a key on, which has to lie inside. */
    KeyRange since(RowKey bound) {
        return new KeyRange(Optional.of(bound), before);
    }

    /** The parts between bounds in rising order; one that begins the range cuts nothing off. */
    List<KeyRange> cut(List<RowKey> bounds) {
        List<KeyRange> parts = new ArrayList<>();
        KeyRange rest = this;
        for (RowKey bound : bounds) {
            if (!rest.from.equals(Optional.of(bound))) {
                parts.add(rest.until(bound));
                rest = rest.since(bound);
            }
        }
        parts.add(rest);
        return parts;
    }

    /** The values of both bounds, in the order in which statements take them. */
    Object[] parameters(Object... more) {
        List<Object> all = new ArrayList<>();
        from.ifPresent(key -> all.addAll(key.values()));
        before.ifPresent(key -> all.addAll(key.values()));
        all.addAll(List.of(more));
        return all.toArray();
    }
}
