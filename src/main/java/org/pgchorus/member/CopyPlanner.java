package org.pgchorus.member;

import org.pgchorus.model.TableName;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts tables into pieces that can be copied side by side, by ranges of blocks. Pure.
 *
 * <p>Law: the pieces of a table have every block once, and the last one has no end, so that they
 * cover it whatever its size is found to be later.
 */
final class CopyPlanner {
    /** Small enough that the last pieces of all keep every job busy. */
    static final long PIECE_BYTES = 64L << 20;

    private CopyPlanner() {}

    /**
     * A table as the provider has it.
     *
     * @param blocks of its heap
     * @param bytes with its large values
     * @param file changes when the table is rewritten or emptied
     */
    record Extent(TableName table, long blocks, long bytes, String file) {}

    /**
     * Rows of a table.
     *
     * @param number counts all pieces from 0
     * @param fromBlock the first block
     * @param toBlock behind the last block; negative: there is no end
     * @param whole whether it is all of the table
     * @param bytes about so many
     */
    record Piece(
            int number,
            TableName table,
            long fromBlock,
            long toBlock,
            boolean whole,
            long bytes,
            String file) {}

    /** The pieces of all tables, the largest table first. */
    static List<Piece> pieces(List<Extent> tables, long pieceBytes) {
        List<Extent> sorted = new ArrayList<>(tables);
        sorted.sort(
                Comparator.comparingLong(Extent::bytes).reversed().thenComparing(Extent::table));
        List<Piece> pieces = new ArrayList<>();
        for (Extent extent : sorted) {
            long wanted = Math.ceilDiv(Math.max(extent.bytes, 1), pieceBytes);
            long count = Math.clamp(wanted, 1, Math.max(extent.blocks, 1));
            for (long i = 0; i < count; i++) {
                pieces.add(
                        new Piece(
                                pieces.size(),
                                extent.table,
                                extent.blocks * i / count,
                                i + 1 == count ? -1 : extent.blocks * (i + 1) / count,
                                count == 1,
                                extent.bytes * (i + 1) / count - extent.bytes * i / count,
                                extent.file));
            }
        }
        return pieces;
    }
}
