package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;

import java.util.List;

/** What is to be done about a row that differs. */
public sealed interface Remedy {
    /** The row. */
    Divergence row();

    /**
     * Some nodes get the row of another one, with its stamp.
     *
     * @param from the one that is right
     * @param overGrave whether later tombstones give way to it
     */
    record Write(
            Divergence.Keyed row,
            NodeName from,
            Divergence.Live right,
            List<NodeName> at,
            boolean overGrave)
            implements Remedy {
        /** Copies the list. */
        public Write {
            at = List.copyOf(at);
        }
    }

    /**
     * Some nodes lose the row.
     *
     * @param erased the stamp of the tombstone that remains
     */
    record Delete(Divergence.Keyed row, Stamp erased, List<NodeName> at) implements Remedy {
        /** Copies the list. */
        public Delete {
            at = List.copyOf(at);
        }
    }

    /** Some nodes get as many equal rows as another one has. */
    record Count(Divergence.Counted row, long wanted, List<NodeName> at) implements Remedy {
        /** Copies the list. */
        public Count {
            at = List.copyOf(at);
        }
    }

    /** Nothing. */
    record Leave(Divergence row, String reason) implements Remedy {}
}
