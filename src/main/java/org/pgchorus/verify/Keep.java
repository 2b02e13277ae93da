package org.pgchorus.verify;

import org.pgchorus.model.NodeName;

/** Which of the rows that differ are right. */
public sealed interface Keep {
    /** Those that were written last, deletes among them; the same rule as between nodes. */
    record LastWritten() implements Keep {}

    /** Those of one node, whenever they were written. */
    record RowsOf(NodeName node) implements Keep {}
}
