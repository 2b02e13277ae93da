package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;

/**
 * What an operator asks for with {@code node join}.
 *
 * @param via any node of the group: the provider of the copy
 * @param schema {@link Schema#COPY} creates the tables with pg_dump; {@link Schema#EXISTING}
 *     expects them
 * @param copyData whether to copy the rows; if not, they must be the same already
 * @param jobs tables, or pieces of large ones, copied at once
 * @param pieceBytes larger tables are copied in pieces of about this size
 */
public record JoinRequest(
        NodeAddress node, Address via, Schema schema, boolean copyData, int jobs, long pieceBytes) {
    /** Where the newcomer's tables come from. */
    public enum Schema {
        /** From the provider. */
        COPY,
        /** They are there. */
        EXISTING
    }

    /** With pieces of the usual size. */
    public JoinRequest(NodeAddress node, Address via, Schema schema, boolean copyData, int jobs) {
        this(node, via, schema, copyData, jobs, CopyPlanner.PIECE_BYTES);
    }

    /** Refuses a senseless number of jobs. */
    public JoinRequest {
        if (jobs < 1 || jobs > 64) {
            throw new IllegalArgumentException("--jobs must be from 1 to 64, not " + jobs);
        }
    }
}
