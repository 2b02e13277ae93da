package org.pgchorus.link;

import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What is to be made of one row on one node, and as what it was seen there before. */
public sealed interface Mend {
    /** The texts of its key columns; of a row without a key, its two hashes. */
    List<String> key();

    /**
     * A row as a node has it.
     *
     * @param values the texts of all columns that can be written, in the order that is told with
     *     them; null for NULL
     * @param xmin what wrote it
     */
    record Version(List<String> values, String xmin, Stamp stamp) {
        /** Copies the values. */
        public Version {
            values = Collections.unmodifiableList(new ArrayList<>(values));
        }
    }

    /**
     * The row gets these values, under this stamp.
     *
     * @param seen the row that is there; empty if none is
     * @param grave the highest tombstone of the key, if there is one
     * @param overGrave whether the row is to stand although that tombstone is later
     */
    record Put(
            List<String> key,
            Optional<Version> seen,
            Optional<Stamp> grave,
            List<String> values,
            Stamp stamp,
            boolean overGrave)
            implements Mend {
        /** Copies the values. */
        public Put {
            values = Collections.unmodifiableList(new ArrayList<>(values));
        }
    }

    /** The row goes; a tombstone with this stamp remains. */
    record Remove(List<String> key, Version seen, Stamp erased) implements Mend {}

    /**
     * There are to be so many more equal rows, or fewer, than were seen.
     *
     * @param seen how many there are
     */
    record Recount(List<String> key, List<String> values, long seen, long wanted) implements Mend {
        /** Copies the values. */
        public Recount {
            values = Collections.unmodifiableList(new ArrayList<>(values));
        }
    }
}
