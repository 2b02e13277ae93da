package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A row that differs, with all that a repair has to know of it on each node. */
public sealed interface Divergence {
    /** The texts of its key columns; of a row without a key, its two hashes. */
    RowKey key();

    /**
     * A row as a node has it.
     *
     * @param values the texts of the columns that can be written, by their names' order
     * @param digest the same on all nodes where the values are
     * @param xmin what wrote it there
     */
    record Live(List<String> values, String digest, String xmin, Stamp stamp) {
        /** Copies the values. */
        public Live {
            values = Collections.unmodifiableList(new ArrayList<>(values));
        }
    }

    /**
     * What remembers that a row was deleted.
     *
     * @param whole whether it stands for all rows of the table
     */
    record Grave(Stamp stamp, boolean whole) {}

    /** What a node has under a key. */
    record Held(Optional<Live> live, Optional<Grave> grave) {}

    /**
     * A row with a key.
     *
     * @param held of every node that was compared
     * @param steady whether it still was what was compared when it was read
     */
    record Keyed(RowKey key, SortedMap<NodeName, Held> held, boolean steady) implements Divergence {
        /** Copies what can change. */
        public Keyed {
            held = new TreeMap<>(held);
        }
    }

    /**
     * Equal rows without a key.
     *
     * @param times how many there are on every node that was compared
     */
    record Counted(RowKey key, List<String> values, SortedMap<NodeName, Long> times)
            implements Divergence {
        /** Copies what can change. */
        public Counted {
            values = Collections.unmodifiableList(new ArrayList<>(values));
            times = new TreeMap<>(times);
        }
    }
}
