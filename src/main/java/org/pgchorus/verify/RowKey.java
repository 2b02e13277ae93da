package org.pgchorus.verify;

import java.util.List;
import java.util.stream.Collectors;

/** The texts of a row's key columns, in key order; of a row without a key, its two hashes. */
public record RowKey(List<String> values) {
    /** Copies the values. */
    public RowKey {
        values = List.copyOf(values);
    }

    @Override
    public String toString() {
        return values.stream().collect(Collectors.joining(", ", "(", ")"));
    }
}
